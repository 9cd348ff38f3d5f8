package sandbox_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

func TestLook_ShowsWhatIsSoldAndWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.ok(s.Pay(s.open(params("payment", s.once)).ID))
	s.ok(s.Pay(s.open(params("subscription", s.monthly)).ID))
	s.idle()

	subs, payments := s.Subscriptions(), s.Payments()
	if len(subs) != 1 || len(payments) != 2 {
		t.Fatalf("got %d subscriptions and %d payments, want 1 and 2", len(subs), len(payments))
	}
	sub := subs[0]
	if sub.Names != "Pro" || sub.Status != "active" || sub.CardFails || sub.Card == "" || sub.OpenInvoice != "" || !sub.PeriodEnd.After(s.Now()) {
		t.Errorf("got %+v", sub)
	}
	if p := payments[1]; p.Amount != 4900 || p.Currency != "usd" || p.Refunded != 0 || p.Dispute != "" {
		t.Errorf("got %+v, want the older payment last", p)
	}

	s.ok(s.SetCard(sub.ID, "4000000000000341"))
	s.ok(s.AdvanceTo(sub.PeriodEnd.Add(2 * time.Hour)))
	if after := s.Subscriptions()[0]; after.Status != "past_due" || !after.CardFails || after.OpenInvoice == "" {
		t.Errorf("after a renewal that failed: %+v", after)
	}
	if _, err := s.Refund(payments[1].ID, 100); err != nil {
		t.Fatal(err)
	}
	dispute, err := s.OpenDispute(payments[0].ID, sandbox.DisputeOptions{})
	s.ok(err)
	payments = s.Payments()
	if p := payments[1]; p.Refunded != 100 {
		t.Errorf("got %d refunded, want 100", p.Refunded)
	}
	if p := payments[0]; p.Dispute != dispute || p.DisputeStatus != "needs_response" {
		t.Errorf("got %+v, want its dispute", p)
	}
	s.ok(s.CancelSubscription(sub.ID))
	if after := s.Subscriptions()[0]; !after.Ended || !after.PeriodEnd.IsZero() {
		t.Errorf("after its end: %+v", after)
	}
}

func TestLook_AmountsAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"12.50 usd": 1250, "12.5 usd": 1250, "12 usd": 1200, "1500 jpy": 1500, "1.250 kwd": 1250, "999999.99 usd": 99_999_999} {
		amount, currency, _ := strings.Cut(text, " ")
		if got, ok := sandbox.ParseAmount(amount, currency); !ok || got != want {
			t.Errorf("%s: got %d %v, want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{" usd", "0 usd", "-1 usd", "+1 usd", "1.-5 usd", "1.234 usd", "1.5 jpy", ".5 usd", "1,5 usd", "1.2.3 usd", "1000000 usd", "99999999999999999999 usd"} {
		amount, currency, _ := strings.Cut(text, " ")
		if got, ok := sandbox.ParseAmount(amount, currency); ok {
			t.Errorf("%s: got %d, want it refused", text, got)
		}
	}
}

func TestLook_APortalIsOpenedForACustomer(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	made, err := s.api.Customers.New(&stripe.CustomerParams{})
	s.ok(err)
	url, err := s.OpenPortal(made.ID, "http://shop.example/back")
	s.ok(err)
	response, err := s.http.Get(url)
	s.ok(err)
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("the portal answers %d", response.StatusCode)
	}
	if _, err := s.OpenPortal("cus_none", ""); err == nil {
		t.Error("want no portal for nobody")
	}
}

func TestChaos_IsTurnedOnAndOff(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	if on := s.Chaos(); on != (sandbox.Chaos{}) {
		t.Errorf("got %+v, want none", on)
	}
	s.SetChaos(sandbox.Chaos{Seed: 7, Failures: 1})
	if _, err := s.api.Customers.New(&stripe.CustomerParams{}); err == nil || s.Chaos().Seed != 7 {
		t.Errorf("got %v under %+v, want every request to fail", err, s.Chaos())
	}
	s.SetChaos(sandbox.Chaos{})
	_, err := s.api.Customers.New(&stripe.CustomerParams{})
	s.ok(err)

	s.FailNext("POST /v1/customers", sandbox.Fault{Status: http.StatusInternalServerError})
	if planned := s.PlannedFaults(); len(planned) != 1 || planned[0] != "POST /v1/customers" {
		t.Errorf("got %v planned", planned)
	}
	if _, err := s.api.Customers.New(&stripe.CustomerParams{}); err == nil || len(s.PlannedFaults()) != 0 {
		t.Errorf("got %v, and %v still planned", err, s.PlannedFaults())
	}
}
