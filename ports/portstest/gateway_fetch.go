package portstest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func gatewayFetchStates(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	for want, end := range map[string]func(*testing.T, domain.SessionID){
		"open":     func(*testing.T, domain.SessionID) {},
		"complete": s.Pay,
		"expired":  s.Expire,
	} {
		order := domain.OrderID("order" + want)
		id := s.create(t, s.request(order, domain.ModePayment)).ID
		end(t, id)
		got, more := s.fetch(t, id)
		if got.Status != want || got.ID != id || got.Order != order || got.Type != domain.TypeFetched {
			t.Errorf("got %+v, want session %s of %s, fetched and %s", got, id, order, want)
		}
		if len(more) != 0 {
			t.Errorf("%s: got the facts %+v too", want, more)
		}
	}
}

func gatewayFetchPayment(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	id := s.create(t, s.request("order1", domain.ModePayment)).ID
	s.Pay(t, id)
	got, _ := s.fetch(t, id)
	if got.PaymentStatus != "paid" || got.PaymentIntent == "" || got.Subscription != "" {
		t.Errorf("got %+v, want paid with a payment intent and no subscription", got)
	}
	if got.Amount <= 0 || len(got.Currency) != 3 {
		t.Errorf("got %d %q, want an amount and a currency", got.Amount, got.Currency)
	}
}

// fetchSubscription pays an order for a subscription and fetches it.
func (s shopper) fetchSubscription(t *testing.T, r ports.SessionRequest) domain.SubscriptionFact {
	t.Helper()
	id := s.create(t, r).ID
	s.Pay(t, id)
	session, more := s.fetch(t, id)
	if len(more) != 1 {
		t.Fatalf("got %d facts beside the session, want one", len(more))
	}
	got, ok := more[0].(domain.SubscriptionFact)
	if !ok {
		t.Fatalf("the second fact is a %T, want a subscription", more[0])
	}
	if got.Snapshot.ID == "" || got.Snapshot.ID != session.Subscription {
		t.Errorf("got subscription %q, the session says %q", got.Snapshot.ID, session.Subscription)
	}
	if got.Type != domain.TypeFetched || !got.At.Equal(session.At) {
		t.Errorf("got %s at %s, want fetched with the session at %s", got.Type, got.At, session.At)
	}
	if now := got.Snapshot; now.Order != r.Order.ID || now.Customer != s.customer {
		t.Errorf("got order %q and customer %q, want %q and %q", now.Order, now.Customer, r.Order.ID, s.customer)
	}
	return got
}

func gatewayFetchSubscription(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	r := s.request("order1", domain.ModeSubscription)
	got := s.fetchSubscription(t, r).Snapshot
	if got.Status != domain.StatusActive || got.StartedAt.IsZero() || !got.PeriodEnd().After(got.PeriodStart()) {
		t.Errorf("got %+v, want an active subscription with a period", got)
	}
	if !got.TrialEnd.IsZero() || !got.CancelAt.IsZero() || got.CancelAtPeriodEnd || !got.EndedAt.IsZero() {
		t.Errorf("got %+v, want neither trial nor end", got)
	}
	want := []domain.Item{{Price: s.Recurring.ID, LookupKey: s.Recurring.LookupKey, Quantity: r.Order.Quantity}}
	for i := range min(len(got.Items), 1) {
		want[i].ID, want[i].Product = got.Items[i].ID, got.Items[i].Product
		want[i].PeriodStart, want[i].PeriodEnd = got.PeriodStart(), got.PeriodEnd()
	}
	if diff := cmp.Diff(want, got.Items); diff != "" {
		t.Errorf("the items differ (-want +got):\n%s", diff)
	}
}

func gatewayFetchTrial(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	r := s.request("order1", domain.ModeSubscription)
	r.Order.TrialDays = 14
	got := s.fetchSubscription(t, r).Snapshot
	if got.Status != domain.StatusTrialing || !got.TrialEnd.After(got.StartedAt) {
		t.Errorf("got status %s and trial end %s, want trialing until some day", got.Status, got.TrialEnd)
	}
}
