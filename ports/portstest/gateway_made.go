package portstest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func gatewayFetchMade(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	var requests []ports.SessionRequest
	var sessions []domain.SessionFact
	for i, mode := range []domain.Mode{domain.ModePayment, domain.ModeSubscription, domain.ModePayment} {
		r := s.request(domain.OrderID([]string{"order_c", "order_a", "order_b"}[i]), mode)
		r.Order.Locale = "de"
		requests = append(requests, r)
		sessions = append(sessions, s.create(t, r))
	}
	f.Pay(t, sessions[0].ID)
	f.Pay(t, sessions[1].ID)
	f.Expire(t, sessions[2].ID)
	other, err := f.Gateway.CreateCustomer(t.Context(), ports.CustomerRequest{User: "user_2", IdempotencyKey: "customer-2"})
	if err != nil {
		t.Fatal(err)
	}
	others := s.request("order_d", domain.ModePayment)
	others.User, others.Customer, others.Deployment = "user_2", other, ""
	s.create(t, others)

	made, err := f.Gateway.FetchMade(t.Context(), s.customer)
	if err != nil {
		t.Fatalf("fetch made: %v", err)
	}
	if want := (domain.Claim{Deployment: deployment, User: s.user, Customer: s.customer}); made.Claim != want || made.Deleted {
		t.Errorf("the customer: %+v, deleted %t, want %+v", made.Claim, made.Deleted, want)
	}
	if len(made.Checkouts) != len(requests) {
		t.Fatalf("got %d checkouts, want %d: %+v", len(made.Checkouts), len(requests), made.Checkouts)
	}
	for i, got := range made.Checkouts {
		now, _ := s.fetch(t, sessions[i].ID)
		now.At = got.Fact.At
		if diff := cmp.Diff(now, got.Fact); diff != "" {
			t.Errorf("checkout %d: the session differs (-fetched alone +got):\n%s", i, diff)
		}
		order := requests[i].Order
		want := domain.Order{
			ID: order.ID, Plan: order.Plan, Price: order.Price, Mode: order.Mode, Quantity: order.Quantity, PriceID: order.PriceID,
			Status: domain.OrderPending, Subtotal: now.Subtotal, Currency: now.Currency, CurrencyChosen: order.CurrencyChosen, SuccessURL: order.SuccessURL, CancelURL: order.CancelURL,
			Locale: order.Locale, ExpiresAt: order.ExpiresAt, Session: now.ID, SessionURL: now.URL, CreatedAt: got.Order.CreatedAt,
		}
		if diff := cmp.Diff(want, got.Order); diff != "" || got.Order.CreatedAt.IsZero() {
			t.Errorf("checkout %d, made at %s: the order differs (-want +got):\n%s", i, got.Order.CreatedAt, diff)
		}
		claim := s.claim(order.ID)
		claim.Customer = s.customer
		if got.Claim != claim || got.PriceClaimed != order.PriceID {
			t.Errorf("checkout %d: claims %+v and price %s, want %+v and %s", i, got.Claim, got.PriceClaimed, claim, order.PriceID)
		}
	}
	theirs, err := f.Gateway.FetchMade(t.Context(), other)
	if err != nil || theirs.Claim.Deployment != "" || len(theirs.Checkouts) != 1 || theirs.Checkouts[0].Claim.Deployment != "" {
		t.Errorf("without a deployment: got %+v, %v", theirs, err)
	}
	if f.DeleteCustomer == nil {
		return
	}
	f.DeleteCustomer(t, s.customer)
	gone, err := f.Gateway.FetchMade(t.Context(), s.customer)
	if err != nil || !gone.Deleted || gone.Claim != (domain.Claim{Customer: s.customer}) || len(gone.Checkouts) != len(requests) {
		t.Errorf("of a deleted customer: got %+v, %v", gone, err)
	}
}

func gatewayFetchMadeUnknown(t *testing.T, f GatewayFixture) {
	for _, id := range []domain.CustomerID{"cus_unknown", "sub_1", ""} {
		if made, err := f.Gateway.FetchMade(t.Context(), id); !errors.Is(err, ports.ErrNotFound) || len(made.Checkouts) > 0 {
			t.Errorf("%q: got %+v, %v, want %v", id, made, err, ports.ErrNotFound)
		}
	}
}
