package app_test

import (
	"errors"
	"testing"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/ports"
)

// That Stripe does not know a buyer's customer is no fact about what was billed.
func TestListInvoices_NoSuchCustomerIsNoEmptyList(t *testing.T) {
	t.Parallel()
	for name, buy := range buyers {
		w := newWorld(t)
		list := app.NewListInvoices(w.store, w.stripe)
		buy(t, w)
		w.stripe.FailNext(ports.ErrNotFound, ports.ErrNotFound) // as with the key of another account
		if got, err := list.Do(t.Context(), "u", 10); !errors.Is(err, app.ErrProviderMismatch) {
			t.Errorf("%s: got %+v, %v, want %v", name, got, err, app.ErrProviderMismatch)
		}
		w.stripe.FailNext(ports.ErrNotFound, ports.ErrGatewayBusy)
		if got, err := list.Do(t.Context(), "u", 10); !errors.Is(err, ports.ErrGatewayBusy) {
			t.Errorf("%s, and Stripe is away then: got %+v, %v, want %v", name, got, err, ports.ErrGatewayBusy)
		}
		w.stripe.DeleteCustomer(w.account(t, "u").Customer)
		w.stripe.FailNext(ports.ErrNotFound)
		if got, err := list.Do(t.Context(), "u", 10); err != nil || len(got.Invoices) != 0 {
			t.Errorf("%s, deleted: got %+v, %v, want none", name, got, err)
		}
	}
	w := newWorld(t)
	w.start(t, app.CheckoutRequest{User: "u", Plan: "pro"})
	w.stripe.FailNext(ports.ErrNotFound)
	if got, err := app.NewListInvoices(w.store, w.stripe).Do(t.Context(), "u", 10); err != nil || len(got.Invoices) != 0 {
		t.Errorf("who paid nothing: got %+v, %v, want none", got, err)
	}
}
