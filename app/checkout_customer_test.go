package app_test

import (
	"errors"
	"testing"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// account is what is kept of a user.
func (w *world) account(t *testing.T, user domain.UserID) domain.Account {
	t.Helper()
	state, err := w.store.State(t.Context(), user)
	if err != nil {
		t.Fatal(err)
	}
	return state.Account
}

// buyers are users who have something to lose, and how they came by it.
var buyers = map[string]func(t *testing.T, w *world){
	"an active subscriber": func(t *testing.T, w *world) {
		w.deliver(t, w.stripe.Pay(w.start(t, app.CheckoutRequest{User: "u", Plan: "pro"}).Session)...)
	},
	"one who bought once": func(t *testing.T, w *world) {
		w.deliver(t, w.stripe.Pay(w.start(t, app.CheckoutRequest{User: "u", Plan: "basic"}).Session)...)
	},
	"one whose bank is at work": func(t *testing.T, w *world) {
		waiting := w.stripe.Pay(w.start(t, app.CheckoutRequest{User: "u", Plan: "basic"}).Session)[0].(domain.SessionFact)
		waiting.PaymentStatus = "unpaid"
		w.deliver(t, waiting)
	},
}

// With the key of another account Stripe says of every customer that there is none.
func TestStartCheckout_NoSuchCustomerTakesNothingFromABuyer(t *testing.T) {
	t.Parallel()
	for name, buy := range buyers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			buy(t, w)
			before, held := w.account(t, "u"), w.features(t, "u")
			show := w.stripe.HideCustomer(before.Customer)

			// A one-time purchase: a second subscription would be refused before.
			other := app.CheckoutRequest{User: "u", Plan: "basic", ClientKey: "again"}
			for range 2 {
				if _, err := w.checkout.Do(t.Context(), other); !errors.Is(err, app.ErrProviderMismatch) {
					t.Fatalf("got %v, want %v", err, app.ErrProviderMismatch)
				}
			}
			after := w.account(t, "u")
			if after.Customer != before.Customer || after.CustomerKey != before.CustomerKey || len(after.FormerCustomers) != 0 {
				t.Errorf("customer %q, former %v, want %q and none", after.Customer, after.FormerCustomers, before.Customer)
			}
			if now := w.features(t, "u"); len(now) != len(held) {
				t.Errorf("holds %v, want %v as before", now, held)
			}
			show() // the right key again
			if order := w.start(t, other); order.Session == "" {
				t.Errorf("got %+v, want a session", order)
			}
		})
	}
}

// Who has nothing but unpaid checkouts gets a new customer; what the old one may
// yet pay is still the user's.
func TestStartCheckout_NoSuchCustomerOfWhoBoughtNothingIsReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	earlier := w.start(t, app.CheckoutRequest{User: "u", Plan: "basic"})
	old := w.account(t, "u").Customer
	show := w.stripe.HideCustomer(old)
	order := w.start(t, app.CheckoutRequest{User: "u", Plan: "pro"})
	if now := w.account(t, "u"); order.Session == "" || now.Customer == "" || now.Customer == old {
		t.Errorf("got %+v of customer %q, want a session of another than %q", order, now.Customer, old)
	}
	show()
	w.deliver(t, w.stripe.Pay(earlier.Session)...)
	if held := w.features(t, "u"); held["projects"] != "10" {
		t.Errorf("holds %v, want what the old customer paid for", held)
	}
}

// Stripe's own word ends what the customer had, as its event does.
func TestStartCheckout_DeletedCustomerOfABuyerIsMadeAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	buyers["an active subscriber"](t, w)
	old := w.account(t, "u").Customer
	w.stripe.DeleteCustomer(old) // and its event is late
	order := w.start(t, app.CheckoutRequest{User: "u", Plan: "basic"})
	now := w.account(t, "u")
	if order.Session == "" || now.Customer == old || len(now.FormerCustomers) != 1 || now.FormerCustomers[0] != old {
		t.Errorf("got %+v of customer %q, former %v", order, now.Customer, now.FormerCustomers)
	}
	if held := w.features(t, "u"); held["sso"] != "" {
		t.Errorf("holds %v, want nothing: Stripe says that the customer is deleted", held)
	}
}

// Stripe may be unable to say, or contradict itself: that is an error, no fact.
func TestStartCheckout_WithoutStripesWordNothingIsKept(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ answer, want error }{
		"busy":                 {ports.ErrGatewayBusy, ports.ErrGatewayBusy},
		"denied":               {ports.ErrGatewayDenied, ports.ErrGatewayDenied},
		"and yet it is there":  {nil, ports.ErrCustomerGone},
		"refused for a reason": {ports.ErrGatewayRefused, ports.ErrGatewayRefused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			buyers["an active subscriber"](t, w)
			before := w.account(t, "u")
			w.stripe.FailNext(ports.ErrCustomerGone, c.answer)
			_, err := w.checkout.Do(t.Context(), app.CheckoutRequest{User: "u", Plan: "basic"})
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if after := w.account(t, "u"); after.Customer != before.Customer || len(after.FormerCustomers) != 0 {
				t.Errorf("customer %q, former %v", after.Customer, after.FormerCustomers)
			}
			w.start(t, app.CheckoutRequest{User: "u", Plan: "basic"})
		})
	}
}
