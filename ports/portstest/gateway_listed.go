package portstest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// gatewayListEvents: an event is listed as it was sent.
func gatewayListEvents(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	id := s.create(t, s.request("order1", domain.ModePayment)).ID
	s.Pay(t, id)
	payload, signature := s.Completed(t, id)
	sent, err := s.Gateway.ReadEvent(payload, signature)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(q ports.EventQuery) []domain.Event {
		t.Helper()
		page, err := s.Gateway.ListEvents(t.Context(), q)
		if err != nil || page.Next != "" || len(page.Unread) > 0 {
			t.Fatalf("%+v: got %+v, %v", q, page, err)
		}
		return page.Events
	}
	completed := []domain.EventType{"checkout.session.completed", "customer.deleted"}
	listed := ask(ports.EventQuery{Types: completed, From: sent.Created, Until: sent.Created})
	if len(listed) != 1 || listed[0].ID != sent.ID || listed[0].Type != sent.Type || !listed[0].Created.Equal(sent.Created) ||
		listed[0].APIVersion != sent.APIVersion || listed[0].Livemode != sent.Livemode || len(listed[0].Payload) == 0 {
		t.Fatalf("got %+v, want %s", listed, sent.ID)
	}
	if fact, is := listed[0].Fact.(domain.SessionFact); !is || fact.ID != id {
		t.Errorf("it says %+v, want the session %s", listed[0].Fact, id)
	}
	again, err := s.Gateway.RereadEvent(listed[0].Payload)
	if err != nil || again.ID != sent.ID || again.Account != listed[0].Account {
		t.Errorf("its body is read as %+v, %v", again, err)
	}
	for what, q := range map[string]ports.EventQuery{
		"of another type": {Types: []domain.EventType{"customer.deleted"}},
		"after it":        {Types: completed, After: sent.ID},
		"created before":  {Types: completed, Until: sent.Created.Add(-time.Second)},
		"created later":   {Types: completed, From: sent.Created.Add(time.Second)},
	} {
		if q.Until.IsZero() {
			q.Until = sent.Created.Add(time.Hour)
		}
		if listed := ask(q); len(listed) != 0 {
			t.Errorf("%s: got %+v, want none", what, listed)
		}
	}
	if page, err := s.Gateway.ListEvents(t.Context(), ports.EventQuery{Until: sent.Created, After: "evt_unknown"}); !errors.Is(err, ports.ErrNotFound) {
		t.Errorf("after an event that there is not: %+v, %v, want %v", page, err, ports.ErrNotFound)
	}
}

// gatewayListObjects: what there is on the account is listed as it is now.
func gatewayListObjects(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	sub := s.fetchSubscription(t, s.request("order1", domain.ModeSubscription)).Snapshot
	id := s.create(t, s.request("order2", domain.ModePayment)).ID
	s.Pay(t, id)
	session, _ := s.fetch(t, id)
	s.Refund(t, session.PaymentIntent, 500)
	s.Dispute(t, session.PaymentIntent)
	_, fetched := s.fetchInvoice(t, s.request("order3", domain.ModeSubscription))
	s.Credit(t, fetched.Invoice.ID, fetched.Invoice.Lines[0].ID, 100)

	list := func(of ports.ListedKind, from time.Time) []domain.Fact {
		t.Helper()
		page, err := s.Gateway.ListObjects(t.Context(), of, from, "")
		if err != nil || page.Next != "" {
			t.Fatalf("%s: got %+v, %v", of, page, err)
		}
		return page.Facts
	}
	is := map[ports.ListedKind]func(domain.Fact) bool{
		ports.ListedSubscriptions: func(f domain.Fact) bool {
			got, is := f.(domain.SubscriptionFact)
			return is && got.Type == domain.TypeFetched && got.Snapshot.ID == sub.ID && len(got.Snapshot.Items) == len(sub.Items) && got.Claim.Order == "order1"
		},
		ports.ListedRefunds: func(f domain.Fact) bool {
			got, is := f.(domain.RefundFact)
			return is && got.Type == domain.TypeFetched && got.Amount == 500 && got.PaymentIntent == session.PaymentIntent
		},
		ports.ListedDisputes: func(f domain.Fact) bool {
			got, is := f.(domain.DisputeFact)
			return is && got.Type == domain.TypeFetched && got.PaymentIntent == session.PaymentIntent
		},
		ports.ListedCreditNotes: func(f domain.Fact) bool {
			got, is := f.(domain.CreditNoteFact)
			return is && got.Type == domain.TypeFetched && got.CreditNote.Invoice == fetched.Invoice.ID && len(got.CreditNote.Lines) == 1
		},
	}
	for of, is := range is {
		if all := list(of, time.Time{}); !slices.ContainsFunc(all, is) {
			t.Errorf("%s: it is not among %+v", of, all)
		}
		if of == ports.ListedSubscriptions {
			continue
		}
		if later := list(of, time.Now().Add(100*365*24*time.Hour)); len(later) != 0 {
			t.Errorf("%s created in a hundred years: %+v", of, later)
		}
	}
	if _, err := s.Gateway.ListObjects(t.Context(), ports.ListedRefunds, time.Time{}, "re_unknown"); !errors.Is(err, ports.ErrNotFound) {
		t.Errorf("after an object that there is not: %v, want %v", err, ports.ErrNotFound)
	}
}
