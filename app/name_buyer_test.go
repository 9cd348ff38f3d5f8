package app_test

import (
	"errors"
	"testing"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/ports"
)

func TestStartCheckout_NamesTheCustomerAsTheBuyerIsAndFollowsChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := ports.Buyer{Email: "ada@example.com", Name: "Ada"}
	wish := app.CheckoutRequest{User: "u", Plan: "pro", Buyer: ada}
	first := w.start(t, wish)
	customer := w.account(t, "u").Customer
	if got := w.stripe.Buyer(customer); got != ada {
		t.Errorf("a new customer is called %+v, want %+v", got, ada)
	}
	calls := w.stripe.Calls()
	for range 3 {
		if again := w.start(t, wish); again.ID != first.ID {
			t.Errorf("got order %s, want %s: what the buyer is called is no other wish", again.ID, first.ID)
		}
	}
	if asked := w.stripe.Calls() - calls; asked != 0 {
		t.Errorf("Stripe was asked %d times about what did not change", asked)
	}
	wish.Buyer.Email = "lovelace@example.com"
	if again := w.start(t, wish); again.ID != first.ID {
		t.Errorf("got order %s, want %s", again.ID, first.ID)
	}
	if got := w.stripe.Buyer(customer); got != wish.Buyer {
		t.Errorf("called %+v, want %+v", got, wish.Buyer)
	}
	if asked := w.stripe.Calls() - calls; asked != 1 {
		t.Errorf("Stripe was called %d times for one change, want once", asked)
	}
	wish.Buyer = ada // as before
	w.start(t, wish)
	if got := w.stripe.Buyer(customer); got != ada {
		t.Errorf("called %+v, want %+v again", got, ada)
	}
	w.start(t, app.CheckoutRequest{User: "u", Plan: "pro"})
	if got := w.stripe.Buyer(customer); got != ada {
		t.Errorf("called %+v by who says nothing, want %+v", got, ada)
	}
}

// Who changes a plan rather than buys one is followed too.
func TestStartCheckout_NamesWhoHoldsThePlanAlready(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	buyers["an active subscriber"](t, w)
	ada := ports.Buyer{Email: "ada@example.com"}
	_, err := w.checkout.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "pro", Buyer: ada})
	if !errors.Is(err, app.ErrAlreadySubscribed) {
		t.Fatalf("got %v, want %v", err, app.ErrAlreadySubscribed)
	}
	if got := w.stripe.Buyer(w.account(t, "u").Customer); got != ada {
		t.Errorf("called %+v, want %+v", got, ada)
	}
}

func TestStartCheckout_BuyersThatCannotBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.checkout.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "pro", Buyer: ports.Buyer{Email: "ada"}})
	if !errors.Is(err, app.ErrBadRequest) || w.stripe.Calls() != 0 {
		t.Errorf("got %v after %d calls, want %v after none", err, w.stripe.Calls(), app.ErrBadRequest)
	}
	w.start(t, app.CheckoutRequest{User: "u", Plan: "pro"})
	w.stripe.FailNext(ports.ErrBuyerRefused)
	if _, err := w.checkout.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "pro", Buyer: ports.Buyer{Email: "ada@localhost"}}); !errors.Is(err, ports.ErrBuyerRefused) {
		t.Errorf("got %v, want %v", err, ports.ErrBuyerRefused)
	}
}
