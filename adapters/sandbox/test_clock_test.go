package sandbox_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/adapters/sandbox/stripespec"
)

// ready waits until a test clock is where it was advanced to, as every user of them does.
func (s *shop) ready(id string) *stripe.TestHelpersTestClock {
	s.t.Helper()
	for range 1000 {
		if clock := must[*stripe.TestHelpersTestClock](s.t)(s.api.TestHelpersTestClocks.Get(id, nil)); clock.Status == "ready" {
			return clock
		}
		time.Sleep(5 * time.Millisecond)
	}
	s.t.Fatal("the clock is never ready")
	return nil
}

func TestTestClock_AdvancesWhatWasMadeWithIt(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	frozen := s.Now().Unix()
	clock := must[*stripe.TestHelpersTestClock](t)(s.api.TestHelpersTestClocks.New(&stripe.TestHelpersTestClockParams{
		FrozenTime: &frozen, Name: stripe.String("a year"),
	}))
	customer := must[*stripe.Customer](t)(s.api.Customers.New(&stripe.CustomerParams{
		TestClock: &clock.ID, PaymentMethod: stripe.String("pm_card_visa"),
		InvoiceSettings: &stripe.CustomerInvoiceSettingsParams{DefaultPaymentMethod: stripe.String("pm_card_visa")},
	}))
	sub := must[*stripe.Subscription](t)(s.api.Subscriptions.New(&stripe.SubscriptionParams{
		Customer: &customer.ID, Items: []*stripe.SubscriptionItemsParams{{Price: &s.monthly}},
	}))
	to := time.Unix(clock.FrozenTime, 0).AddDate(0, 2, 1).Unix()
	advanced := must[*stripe.TestHelpersTestClock](t)(s.api.TestHelpersTestClocks.Advance(clock.ID, &stripe.TestHelpersTestClockAdvanceParams{FrozenTime: &to}))
	if advanced.FrozenTime != to {
		t.Errorf("advanced to %d, want %d", advanced.FrozenTime, to)
	}
	s.ready(clock.ID)
	if got := len(s.invoicesOf(sub.ID)); got != 3 {
		t.Errorf("after two months there are %d invoices, want 3", got)
	}
	if sub := s.sub(sub.ID); sub.TestClock == nil || sub.TestClock.ID != clock.ID || sub.LatestInvoice.TestClock.ID != clock.ID {
		t.Errorf("the subscription is of clock %+v", sub.TestClock)
	}
	for _, path := range []string{"/v1/test_helpers/test_clocks/" + clock.ID, "/v1/customers/" + customer.ID + "?expand[]=test_clock"} {
		kind := "test_helpers.test_clock"
		if strings.Contains(path, "customers") {
			kind = "customer"
		}
		for _, version := range stripespec.Versions {
			status, answer := s.ask(version.API, "GET", path, nil)
			if status != 200 {
				t.Fatalf("%s in %s: %d %s", path, version.API, status, answer)
			}
			stripespec.ValidateIn(t, version.API, kind, answer)
		}
	}

	must[*stripe.TestHelpersTestClock](t)(s.api.TestHelpersTestClocks.Del(clock.ID, nil))
	if sub := s.sub(sub.ID); sub.Status != "canceled" {
		t.Errorf("without its clock the subscription is %s", sub.Status)
	}
	var kinds []string
	for _, e := range s.Events() {
		if kind, is := strings.CutPrefix(e.Type, "test_helpers.test_clock."); is {
			kinds = append(kinds, kind)
		}
	}
	if got := strings.Join(kinds, " "); got != "created advancing ready deleted" {
		t.Errorf("got events %s", got)
	}
}

func TestTestClock_IsRefusedInWords(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	now := s.Now().Unix()
	clock := must[*stripe.TestHelpersTestClock](t)(s.api.TestHelpersTestClocks.New(&stripe.TestHelpersTestClockParams{FrozenTime: &now}))
	_, err := s.api.TestHelpersTestClocks.Advance(clock.ID, &stripe.TestHelpersTestClockAdvanceParams{FrozenTime: &clock.FrozenTime})
	if e := refusal(t, err); e.Param != "frozen_time" || !strings.Contains(e.Msg, "must be later") {
		t.Errorf("back: %+v", e)
	}
	_, err = s.api.Customers.New(&stripe.CustomerParams{TestClock: stripe.String("clock_none")})
	if e := refusal(t, err); e.Code != "resource_missing" || e.Param != "test_clock" {
		t.Errorf("an unknown clock: %+v", e)
	}
	own := newClock()
	_, err = newShop(t, sandbox.WithClock(own.Now)).api.TestHelpersTestClocks.New(&stripe.TestHelpersTestClockParams{FrozenTime: &now})
	if e := refusal(t, err); !strings.Contains(e.Msg, "WithClock") {
		t.Errorf("with a clock of the test's: %+v", e)
	}
}

// However far the clock is to go, it never goes back.
func TestTestClock_GoesNoFurtherThanTimeDoes(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	made := s.post("/v1/test_helpers/test_clocks", values("frozen_time", fmt.Sprint(s.Now().Unix())))
	s.refused(http.StatusBadRequest, "/v1/test_helpers/test_clocks/"+made.at("id")+"/advance", values("frozen_time", fmt.Sprint(int64(1)<<40)))
	s.ok(s.Advance(150 * 365 * day))
	before := s.Now()
	for range 3 {
		if err := s.Advance(100 * 365 * day); err == nil {
			t.Error("it went further than the year 2200")
		}
		s.ok(s.Sleep(100 * 365 * day))
		if s.Now().Before(before) || s.Now().Year() > 2200 {
			t.Fatalf("the clock went from %s to %s", before, s.Now())
		}
	}
}
