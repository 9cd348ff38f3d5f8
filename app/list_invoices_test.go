package app_test

import (
	"context"
	"errors"
	"testing"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
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

// Which of the invoices of one second is the newest, Stripe's list says, and ids do not.
func TestListInvoices_KeepStripesOrderWithinASecond(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	buyers["an active subscriber"](t, w)
	at := w.clock.now()
	stripe := issuing{w.stripe, []ports.IssuedInvoice{{ID: "in_1", CreatedAt: at}, {ID: "in_2", CreatedAt: at}}}
	got, err := app.NewListInvoices(w.store, stripe).Do(t.Context(), "u", 10)
	if err != nil || len(got.Invoices) != 2 || got.Invoices[0].ID != "in_1" {
		t.Errorf("got %+v, %v, want in_1 first", got.Invoices, err)
	}
}

// issuing is a Stripe that lists these invoices.
type issuing struct {
	*memory.Gateway
	invoices []ports.IssuedInvoice
}

func (i issuing) IssuedInvoices(context.Context, domain.CustomerID, int) ([]ports.IssuedInvoice, error) {
	return i.invoices, nil
}
