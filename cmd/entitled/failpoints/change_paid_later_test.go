package failpoints

import (
	"testing"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
)

// A downgrade is planned, and an upgrade made then is declined and paid afterwards, past us:
// the plan stays, as it would if that had never been paid, and asking for the upgrade again
// takes it back.
func TestChange_APlanStaysUntilAnUpgradeThatIsPaidLaterIsAskedForAgain(t *testing.T) {
	t.Parallel()
	s := newFrailShop(t, programtest.TeamCatalog, frailStores[0].open(t, nil), nil)
	s.starts(t, nil)
	defer s.ends()
	s.buys(t, "ann", "team", "a key")
	s.arrives(t)
	sub := domain.SubscriptionID(s.subscription("ann").ID)
	asks := func(key string, w app.ChangeWish) app.ChangeResult {
		w.User, w.ClientKey = "ann", key
		is, err := s.change.Do(t.Context(), w)
		if err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		return is
	}
	asks("down", app.ChangeWish{Plan: "pro"})
	if err := s.box.SetCard(string(sub), failingCard); err != nil {
		t.Fatal(err)
	}
	if is := asks("up", app.ChangeWish{Plan: "team", Quantity: 3}); !is.Pending {
		t.Fatalf("a declined change: %+v", is)
	}
	if planned := s.planned(t, sub); planned != "1 × pro_monthly" {
		t.Errorf("while nothing is paid %q is planned", planned)
	}
	if err := s.box.PayInvoice(string(sub)); err != nil {
		t.Fatal(err)
	}
	s.arrives(t)
	if names, planned := s.subscription("ann").Names, s.planned(t, sub); names != "3 × Team" || planned != "1 × pro_monthly" {
		t.Errorf("once it is paid: %s, and %q is planned", names, planned)
	}
	if is := asks("up again", app.ChangeWish{Plan: "team", Quantity: 3}); is.Pending {
		t.Errorf("asked for again: %+v", is)
	}
	if names, planned := s.subscription("ann").Names, s.planned(t, sub); names != "3 × Team" || planned != "" {
		t.Errorf("asked for again: %s, and %q is planned", names, planned)
	}
}
