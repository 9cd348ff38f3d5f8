package memory_test

import (
	"errors"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func TestGateway_DeleteCustomer(t *testing.T) {
	t.Parallel()
	gateway := memory.NewGateway(time.Now, ports.StripePrice{ID: "price_once", Active: true, Amount: 1900, Currency: "usd"})
	customer := func(key string) domain.CustomerID {
		t.Helper()
		id, err := gateway.CreateCustomer(t.Context(), ports.CustomerRequest{User: "user_1", IdempotencyKey: key})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	create := func(customer domain.CustomerID, key string) (domain.SessionFact, error) {
		return gateway.CreateSession(t.Context(), ports.SessionRequest{
			User: "user_1", Customer: customer, IdempotencyKey: key,
			Order: domain.Order{ID: "order1", Mode: domain.ModePayment, Quantity: 1, PriceID: "price_once"},
		})
	}
	first := customer("customer-1")
	made, err := create(first, "before")
	if err != nil {
		t.Fatal(err)
	}
	gateway.DeleteCustomer(first)
	gateway.DeleteCustomer("cus_unknown")

	if again := customer("customer-1"); again != first {
		t.Errorf("the customer's key: got %s, want the answer repeated: %s", again, first)
	}
	if _, err := create(first, "after"); !errors.Is(err, ports.ErrCustomerGone) {
		t.Errorf("got %v, want %v", err, ports.ErrCustomerGone)
	}
	if got, err := create(first, "before"); err != nil || got.ID != made.ID {
		t.Errorf("the key of a session that was made: got %s, %v, want %s", got.ID, err, made.ID)
	}
	next := customer("customer-2")
	if _, err := create(next, "after"); !errors.Is(err, ports.ErrCustomerGone) {
		t.Errorf("the key that was refused: got %v, want the refusal repeated", err)
	}
	if got, err := create(next, "after-2"); err != nil || got.Customer != next {
		t.Errorf("a new customer: got %+v, %v, want a session", got, err)
	}
}
