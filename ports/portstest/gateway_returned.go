package portstest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/domain"
)

// This file has money that went back.

func gatewayNothingReturned(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	id := s.create(t, s.request("order1", domain.ModePayment)).ID
	s.Pay(t, id)
	session, _ := s.fetch(t, id)
	sub := s.fetchSubscription(t, s.request("order2", domain.ModeSubscription)).Snapshot
	for _, subject := range []domain.Ref{
		{Kind: domain.RefPaymentIntent, ID: string(session.PaymentIntent)}, {Kind: domain.RefInvoice, ID: string(sub.LatestInvoice)},
		{Kind: domain.RefPaymentIntent, ID: "pi_unknown"}, {Kind: domain.RefCharge, ID: "ch_unknown"}, {Kind: domain.RefInvoice, ID: "in_unknown"},
		{Kind: domain.RefPaymentIntent}, {Kind: domain.RefCharge}, {Kind: domain.RefInvoice}, {},
		{Kind: domain.RefCustomer, ID: string(s.customer)}, {Kind: domain.RefCharge, ID: string(s.customer)},
	} {
		if got, err := s.Gateway.FetchReturned(t.Context(), subject); err != nil || len(got) != 0 {
			t.Errorf("%s %q: got %+v, %v, want nothing", subject.Kind, subject.ID, got, err)
		}
	}
}

func gatewayFetchReturned(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	id := s.create(t, s.request("order1", domain.ModePayment)).ID
	s.Pay(t, id)
	session, _ := s.fetch(t, id)
	other := s.create(t, s.request("order2", domain.ModePayment)).ID
	s.Pay(t, other)
	otherSession, _ := s.fetch(t, other)
	s.Refund(t, session.PaymentIntent, 500)
	s.Refund(t, session.PaymentIntent, 100)
	s.Refund(t, otherSession.PaymentIntent, 300)
	s.Dispute(t, session.PaymentIntent)

	byIntent := domain.Ref{Kind: domain.RefPaymentIntent, ID: string(session.PaymentIntent)}
	charge, err := s.Gateway.FetchCharge(t.Context(), byIntent)
	if err != nil {
		t.Fatal(err)
	}
	for _, subject := range []domain.Ref{byIntent, {Kind: domain.RefCharge, ID: string(charge.ID)}} {
		before := time.Now()
		facts, err := s.Gateway.FetchReturned(t.Context(), subject)
		if err != nil {
			t.Fatalf("%s: %v", subject.Kind, err)
		}
		var refunded []int64
		disputes := 0
		for _, fact := range facts {
			switch fact := fact.(type) {
			case domain.RefundFact:
				mustBeFetched(t, "refund", fact.Type, fact.At, before)
				refunded = append(refunded, fact.Amount)
				want := domain.RefundFact{
					Type: fact.Type, At: fact.At, ID: fact.ID, Charge: charge.ID, PaymentIntent: session.PaymentIntent,
					Status: "succeeded", Amount: fact.Amount, Currency: session.Currency, CreatedAt: fact.CreatedAt,
				}
				if diff := cmp.Diff(want, fact); diff != "" || fact.ID == "" || fact.CreatedAt.IsZero() {
					t.Errorf("%s: the refund differs (-want +got):\n%s", subject.Kind, diff)
				}
			case domain.DisputeFact:
				mustBeFetched(t, "dispute", fact.Type, fact.At, before)
				disputes++
				want := domain.DisputeFact{
					Type: fact.Type, At: fact.At, ID: fact.ID, Charge: charge.ID, PaymentIntent: session.PaymentIntent,
					Status: "needs_response", Amount: fact.Amount, Currency: session.Currency, CreatedAt: fact.CreatedAt,
				}
				if diff := cmp.Diff(want, fact); diff != "" || fact.ID == "" || fact.Amount <= 0 || fact.CreatedAt.IsZero() {
					t.Errorf("%s: the dispute differs (-want +got):\n%s", subject.Kind, diff)
				}
			default:
				t.Errorf("%s: got a %T", subject.Kind, fact)
			}
		}
		slices.Sort(refunded)
		if !slices.Equal(refunded, []int64{100, 500}) || disputes != 1 {
			t.Errorf("%s: got refunds of %v and %d disputes, want of 100 and 500 and one", subject.Kind, refunded, disputes)
		}
	}
}

func gatewayFetchCreditNotes(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	_, invoice := s.fetchInvoice(t, s.request("order1", domain.ModeSubscription))
	line := invoice.Invoice.Lines[0].ID
	s.Credit(t, invoice.Invoice.ID, line, 500)
	before := time.Now()
	facts, err := s.Gateway.FetchReturned(t.Context(), domain.Ref{Kind: domain.RefInvoice, ID: string(invoice.Invoice.ID)})
	if err != nil || len(facts) != 1 {
		t.Fatalf("got %+v, %v, want one credit note", facts, err)
	}
	got, is := facts[0].(domain.CreditNoteFact)
	if !is {
		t.Fatalf("got a %T, want a credit note", facts[0])
	}
	mustBeFetched(t, "credit note", got.Type, got.At, before)
	note := got.CreditNote
	want := domain.CreditNoteFact{Type: got.Type, At: got.At, Customer: s.customer, CreditNote: domain.CreditNote{
		ID: note.ID, Invoice: invoice.Invoice.ID, Status: domain.CreditNoteIssued, Kind: domain.PostPayment, Amount: 500, Currency: invoice.Invoice.Currency,
		Lines: []domain.CreditedLine{{Line: line, Amount: 500}}, Refunds: note.Refunds, CreatedAt: note.CreatedAt,
	}}
	if diff := cmp.Diff(want, got); diff != "" || note.ID == "" || note.CreatedAt.IsZero() {
		t.Errorf("the credit note differs (-want +got):\n%s", diff)
	}
	alone, err := s.Gateway.FetchReturned(t.Context(), domain.Ref{Kind: domain.RefCreditNote, ID: string(note.ID)})
	if err != nil || len(alone) != 1 || alone[0].(domain.CreditNoteFact).CreditNote.ID != note.ID {
		t.Errorf("asked for alone: got %+v, %v, want the credit note", alone, err)
	}
}
