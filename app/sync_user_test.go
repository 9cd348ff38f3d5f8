package app_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// askAbout syncs u or fails the test.
func (w *world) askAbout(t *testing.T) app.Synced {
	t.Helper()
	done, err := w.syncUser.Do(t.Context(), "u")
	if err != nil {
		t.Fatalf("sync: %v", err)
	}
	return done
}

// What is known of the customer's subscriptions is asked for too: the news of their end
// may be lost as well.
func TestSyncUser_MendsALostDeletionOfTheCustomer(t *testing.T) {
	t.Parallel()
	w, sub := subscriber(t)
	w.stripe.DeleteCustomer(sub.Customer)
	ended := sub
	ended.Status, ended.EndedAt = domain.StatusCanceled, w.clock.now().Truncate(time.Second)
	w.stripe.SetSubscription(ended)
	done := w.askAbout(t)
	if held := w.features(t, "u"); len(held) > 0 || len(done.Changed) == 0 || done.Subscriptions != 1 {
		t.Errorf("the customer is deleted, and u still has %v after %+v", held, done)
	}
	state, err := w.store.State(t.Context(), "u")
	if err != nil || state.Account.Customer != "" || len(state.Account.DeletedCustomers) != 1 {
		t.Errorf("kept %+v, %v, want the customer among the deleted ones", state.Account, err)
	}
	if got := state.Account.Subscriptions[sub.ID].Status; got != domain.StatusCanceled {
		t.Errorf("the subscription is kept as %s", got)
	}
	if again := w.askAbout(t); len(again.Changed) > 0 {
		t.Errorf("the second time changed %+v", again.Changed)
	}
}

func TestSyncUser_ACustomerThatStripeDoesNotKnowIsNoFact(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order := w.start(t, app.CheckoutRequest{User: "u", Plan: "basic"})
	w.deliver(t, w.stripe.Pay(order.Session)...)
	before, err := w.store.State(t.Context(), "u")
	if err != nil {
		t.Fatal(err)
	}
	show := w.stripe.HideCustomer(before.Account.Customer)
	if _, err := w.syncUser.Do(t.Context(), "u"); !errors.Is(err, app.ErrProviderMismatch) || errors.Is(err, ports.ErrNotFound) {
		t.Errorf("got %v, want %v", err, app.ErrProviderMismatch)
	}
	if held := w.features(t, "u"); held["projects"] != "10" {
		t.Errorf("u has %v", held)
	}
	show()
	w.askAbout(t)
}

func TestSyncUser_NothingIsKnownOfTheUser(t *testing.T) {
	t.Parallel()
	if _, err := newWorld(t).syncUser.Do(t.Context(), "u"); !errors.Is(err, ports.ErrNotFound) {
		t.Errorf("got %v, want %v", err, ports.ErrNotFound)
	}
}

// A dispute comes months after the money: what counts is when an invoice was paid, up to
// a bound of how many are asked about.
func TestSyncUser_AsksWhatBecameOfTheMoneyOfHalfAYear(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		daysAgo, later int // the disputed invoice, and how many were paid after it
		want           bool
	}{
		"the newest":                    {1, 0, true},
		"five months ago, monthly":      {150, 5, true},
		"half a year ago":               {179, 6, true},
		"before that":                   {181, 6, false},
		"the twelfth":                   {90, 10, true}, // the one of the purchase is newer too
		"the thirteenth":                {90, 11, false},
		"before that, and the only one": {181, 0, false},
		"half a year ago, the only one": {179, 0, true},
	} {
		w, sub := subscriber(t)
		now := w.clock.now()
		w.stripe.SetSubscription(sub)
		paid := func(id domain.InvoiceID, ago time.Duration) {
			invoice := invoiceOf(sub, id, "invoice.paid", now.Add(-ago))
			invoice.PaidWith = []domain.PaidWith{{PaymentIntent: domain.PaymentIntentID("pi_" + id)}}
			w.stripe.SetInvoice(invoice)
		}
		ago := time.Duration(test.daysAgo) * 24 * time.Hour
		paid("in_old", ago)
		for n := range test.later {
			paid(domain.InvoiceID(fmt.Sprintf("in_%02d", n)), ago*time.Duration(n+1)/time.Duration(test.later+1))
		}
		w.stripe.SetReturned(domain.DisputeFact{ID: "dp_1", PaymentIntent: "pi_in_old", Status: "needs_response", Amount: 1, Currency: "usd"})
		w.askAbout(t)
		state, err := w.store.State(t.Context(), "u")
		if err != nil {
			t.Fatal(err)
		}
		if _, got := state.Account.Disputes["dp_1"]; got != test.want {
			t.Errorf("%s: the dispute is known: %t, want %t", name, got, test.want)
		}
	}
}

// slow is a Stripe that takes its time about charges.
type slow struct{ *memory.Gateway }

func (g slow) FetchCharge(ctx context.Context, subject domain.Ref) (domain.ChargeFact, error) {
	time.Sleep(100 * time.Millisecond)
	return g.Gateway.FetchCharge(ctx, subject)
}

// How much of a charge a dispute is about is asked on the way, and what the answer gives
// or takes counts.
func TestSyncUser_CountsWhatChangesByAnswers(t *testing.T) {
	t.Parallel()
	w, sub := subscriber(t)
	invoices, err := w.stripe.FetchInvoices(t.Context(), sub.ID)
	if err != nil || len(invoices) != 1 || len(invoices[0].PaidWith) != 1 {
		t.Fatalf("got %+v, %v, want one invoice that was paid", invoices, err)
	}
	w.stripe.SetReturned(domain.DisputeFact{ID: "dp_1", PaymentIntent: invoices[0].PaidWith[0].PaymentIntent, Status: "needs_response", Amount: 50, Currency: "usd"})
	stripe := slow{w.stripe}
	fulfill := app.NewFulfill(w.store, stripe, catalog, app.Settings{}, w.clock.now, w.clock.after, w.meter)
	t.Cleanup(fulfill.Close)
	before := w.entitlements(t)
	done, err := app.NewSyncUser(w.store, stripe, fulfill).Do(t.Context(), "u")
	if err != nil {
		t.Fatal(err)
	}
	for w.asked(domain.RefPaymentIntent, ports.AnswerSettled) == 0 {
		time.Sleep(time.Millisecond)
	}
	if diff := cmp.Diff(domain.Diff(before, w.entitlements(t)), done.Changed); diff != "" {
		t.Errorf("what changed differs from what was told (-want +got):\n%s", diff)
	}
	if left := w.open(t); len(left) > 0 {
		t.Errorf("questions left: %+v", left)
	}
}

func (w *world) entitlements(t *testing.T) []domain.Entitlement {
	t.Helper()
	state, err := w.store.State(t.Context(), "u")
	if err != nil {
		t.Fatal(err)
	}
	return state.Entitlements
}
