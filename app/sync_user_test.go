package app_test

import (
	"errors"
	"testing"
	"time"

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
