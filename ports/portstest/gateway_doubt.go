package portstest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// This file has what the gateway is asked on doubt.

// mustBeFetched checks the type and the time of a fact that was asked for since.
func mustBeFetched(t *testing.T, what string, kind domain.EventType, at, since time.Time) {
	t.Helper()
	earliest := since.Truncate(time.Second).Add(-time.Since(since) - time.Second)
	if kind != domain.TypeFetched || at.Before(earliest) || at.After(time.Now()) || !at.Equal(at.Truncate(time.Second)) {
		t.Errorf("%s: got %s at %s, want fetched at a whole second since %s", what, kind, at, earliest)
	}
}

func gatewayFetchSubscriptionAlone(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	for order, trial := range map[domain.OrderID]int{"order1": 0, "order2": 14} {
		r := s.request(order, domain.ModeSubscription)
		r.Order.TrialDays = trial
		want := s.fetchSubscription(t, r)
		before := time.Now()
		got, err := s.Gateway.FetchSubscription(t.Context(), want.Snapshot.ID)
		if err != nil {
			t.Fatalf("fetch subscription: %v", err)
		}
		mustBeFetched(t, string(order), got.Type, got.At, before)
		if diff := cmp.Diff(want.Snapshot, got.Snapshot); diff != "" {
			t.Errorf("%s: the subscription differs (-with its session +alone):\n%s", order, diff)
		}
	}
}

func gatewayUnknownSubscription(t *testing.T, f GatewayFixture) {
	for _, id := range []domain.SubscriptionID{"sub_unknown", "", "cus_1"} {
		if got, err := f.Gateway.FetchSubscription(t.Context(), id); !errors.Is(err, ports.ErrNotFound) {
			t.Errorf("fetch subscription %q: got %+v, %v, want %v", id, got, err, ports.ErrNotFound)
		}
	}
}

func gatewayFetchCharge(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	id := s.create(t, s.request("order1", domain.ModePayment)).ID
	s.Pay(t, id)
	session, _ := s.fetch(t, id)

	before := time.Now()
	got, err := s.Gateway.FetchCharge(t.Context(), domain.Ref{Kind: domain.RefPaymentIntent, ID: string(session.PaymentIntent)})
	if err != nil || got.ID == "" {
		t.Fatalf("by its intent: got %+v, %v, want a charge", got, err)
	}
	mustBeFetched(t, "by its intent", got.Type, got.At, before)
	want := domain.ChargeFact{
		Type: got.Type, At: got.At, ID: got.ID, PaymentIntent: session.PaymentIntent, Customer: s.customer,
		Amount: session.Amount, Currency: session.Currency, Claim: session.Claim,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("by its intent: the charge differs (-want +got):\n%s", diff)
	}

	before = time.Now()
	got, err = s.Gateway.FetchCharge(t.Context(), domain.Ref{Kind: domain.RefCharge, ID: string(want.ID)})
	if err != nil {
		t.Fatalf("by its id: %v", err)
	}
	mustBeFetched(t, "by its id", got.Type, got.At, before)
	want.At = got.At
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("by its id: the charge differs (-by its intent +by its id):\n%s", diff)
	}
}

func gatewayUnknownCharge(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	for _, subject := range []domain.Ref{
		{Kind: domain.RefCharge, ID: "ch_unknown"},
		{Kind: domain.RefPaymentIntent, ID: "pi_unknown"},
		{Kind: domain.RefCharge}, {Kind: domain.RefPaymentIntent}, {},
		{Kind: domain.RefCustomer, ID: string(s.customer)},
		{Kind: domain.RefCharge, ID: string(s.customer)},
	} {
		if got, err := f.Gateway.FetchCharge(t.Context(), subject); !errors.Is(err, ports.ErrNotFound) {
			t.Errorf("%s %q: got %+v, %v, want %v", subject.Kind, subject.ID, got, err, ports.ErrNotFound)
		}
	}
}
