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

func TestGateway_SetSubscription(t *testing.T) {
	t.Parallel()
	gateway := memory.NewGateway(time.Now, ports.StripePrice{ID: "price_monthly", Active: true, Amount: 1900, Currency: "usd", Interval: "month"})
	customer, err := gateway.CreateCustomer(t.Context(), ports.CustomerRequest{User: "user_1", IdempotencyKey: "customer-1"})
	if err != nil {
		t.Fatal(err)
	}
	session, err := gateway.CreateSession(t.Context(), ports.SessionRequest{
		User: "user_1", Customer: customer, IdempotencyKey: "order1",
		Order: domain.Order{ID: "order1", Mode: domain.ModeSubscription, Quantity: 1, PriceID: "price_monthly"},
	})
	if err != nil {
		t.Fatal(err)
	}
	made := gateway.Pay(session.ID)[1].(domain.SubscriptionFact).Snapshot

	changed := made
	changed.Status, changed.Items = domain.StatusCanceled, []domain.Item{{ID: "si_1", Price: "price_monthly", Quantity: 2}}
	gateway.SetSubscription(changed)
	changed.Items[0].Quantity = 3 // what was given is not what is kept

	got, err := gateway.FetchSubscription(t.Context(), made.ID)
	if err != nil || got.Type != domain.TypeFetched || got.Snapshot.Status != domain.StatusCanceled || got.Snapshot.Items[0].Quantity != 2 {
		t.Errorf("alone: got %+v, %v, want it as it was set", got, err)
	}
	facts, err := gateway.FetchSession(t.Context(), session.ID)
	if err != nil || len(facts) != 2 || facts[1].(domain.SubscriptionFact).Snapshot.Status != domain.StatusCanceled {
		t.Errorf("with its session: got %+v, %v, want it as it was set", facts, err)
	}
	gateway.SetSubscription(domain.Subscription{ID: "sub_of_another"})
	if got, err := gateway.FetchSubscription(t.Context(), "sub_of_another"); err != nil || got.Snapshot.ID != "sub_of_another" {
		t.Errorf("another: got %+v, %v", got, err)
	}
}

func TestGateway_SetCharge(t *testing.T) {
	t.Parallel()
	gateway := memory.NewGateway(time.Now)
	for _, c := range []domain.ChargeFact{
		{ID: "ch_1", PaymentIntent: "pi_1", Amount: 1900},
		{ID: "ch_2", PaymentIntent: "pi_1", Amount: 1900},
		{ID: "ch_2", PaymentIntent: "pi_1", Amount: 1900, Refunded: 500, Type: "charge.refunded"},
		{ID: "ch_3", Amount: 700},
	} {
		gateway.SetCharge(c)
	}
	for _, test := range []struct {
		subject  domain.Ref
		want     domain.ChargeID
		refunded int64
	}{
		{domain.Ref{Kind: domain.RefCharge, ID: "ch_1"}, "ch_1", 0},
		{domain.Ref{Kind: domain.RefCharge, ID: "ch_2"}, "ch_2", 500},
		{domain.Ref{Kind: domain.RefPaymentIntent, ID: "pi_1"}, "ch_2", 500},
		{domain.Ref{Kind: domain.RefCharge, ID: "ch_3"}, "ch_3", 0},
	} {
		got, err := gateway.FetchCharge(t.Context(), test.subject)
		if err != nil || got.ID != test.want || got.Refunded != test.refunded || got.Type != domain.TypeFetched || got.At.IsZero() {
			t.Errorf("%+v: got %+v, %v, want %s with %d refunded", test.subject, got, err, test.want, test.refunded)
		}
	}
	if got, err := gateway.FetchCharge(t.Context(), domain.Ref{Kind: domain.RefPaymentIntent}); !errors.Is(err, ports.ErrNotFound) {
		t.Errorf("no intent: got %+v, %v, want %v", got, err, ports.ErrNotFound)
	}
}

// As with the key of another account, Stripe knows nothing of a customer that is
// hidden, and says nothing of it.
func TestGateway_HideCustomer(t *testing.T) {
	t.Parallel()
	gateway := memory.NewGateway(time.Now)
	id, err := gateway.CreateCustomer(t.Context(), ports.CustomerRequest{User: "user_1", IdempotencyKey: "customer-1"})
	if err != nil {
		t.Fatal(err)
	}
	show := gateway.HideCustomer(id)
	if deleted, err := gateway.FetchCustomer(t.Context(), id); deleted || !errors.Is(err, ports.ErrNotFound) {
		t.Errorf("hidden: got deleted %t, %v, want %v", deleted, err, ports.ErrNotFound)
	}
	show()
	if deleted, err := gateway.FetchCustomer(t.Context(), id); deleted || err != nil {
		t.Errorf("shown again: got deleted %t, %v", deleted, err)
	}
	gateway.HideCustomer("cus_unknown")()
	if _, err := gateway.FetchCustomer(t.Context(), "cus_unknown"); !errors.Is(err, ports.ErrNotFound) {
		t.Errorf("one that never was: got %v, want %v", err, ports.ErrNotFound)
	}
}

func TestGateway_SetPrice(t *testing.T) {
	t.Parallel()
	gateway := memory.NewGateway(time.Now, ports.StripePrice{ID: "price_1", Active: true, Amount: 900, Currency: "usd"})
	customer, err := gateway.CreateCustomer(t.Context(), ports.CustomerRequest{User: "user_1", IdempotencyKey: "customer-1"})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		price   ports.StripePrice
		metered bool
		want    error
	}{
		"for sale":           {ports.StripePrice{ID: "price_1", Active: true}, false, nil},
		"archived":           {ports.StripePrice{ID: "price_1"}, false, ports.ErrPriceRefused},
		"its product is":     {ports.StripePrice{ID: "price_1", Active: true, Archived: true}, false, ports.ErrPriceRefused},
		"metered":            {ports.StripePrice{ID: "price_1", Active: true, Metered: true}, true, nil},
		"metered, by number": {ports.StripePrice{ID: "price_1", Active: true, Metered: true}, false, ports.ErrQuantityRefused},
	} {
		gateway.SetPrice(c.price)
		_, err := gateway.CreateSession(t.Context(), ports.SessionRequest{
			User: "user_1", Customer: customer, IdempotencyKey: name, Metered: c.metered,
			Order: domain.Order{ID: "order1", Mode: domain.ModePayment, Quantity: 1, PriceID: "price_1"},
		})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}
