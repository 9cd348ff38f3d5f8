package portstest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// This file has what is billed, and what is asked of it.

func gatewayFetchSubscriptions(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	if got, err := s.Gateway.FetchSubscriptions(t.Context(), s.customer); err != nil || len(got) != 0 {
		t.Errorf("before anything is bought: got %+v, %v, want none", got, err)
	}
	s.Pay(t, s.create(t, s.request("order0", domain.ModePayment)).ID)
	want := map[domain.SubscriptionID]domain.Subscription{}
	for _, order := range []domain.OrderID{"order1", "order2"} {
		fact := s.fetchSubscription(t, s.request(order, domain.ModeSubscription))
		want[fact.Snapshot.ID] = fact.Snapshot
	}
	before := time.Now()
	facts, err := s.Gateway.FetchSubscriptions(t.Context(), s.customer)
	if err != nil {
		t.Fatal(err)
	}
	got := map[domain.SubscriptionID]domain.Subscription{}
	for _, fact := range facts {
		mustBeFetched(t, string(fact.Snapshot.ID), fact.Type, fact.At, before)
		got[fact.Snapshot.ID] = fact.Snapshot
	}
	if diff := cmp.Diff(want, got); diff != "" || len(facts) != len(want) {
		t.Errorf("the subscriptions differ (-alone +of the customer):\n%s", diff)
	}
}

func gatewayUnknownCustomer(t *testing.T, f GatewayFixture) {
	for _, id := range []domain.CustomerID{"cus_unknown", "", "sub_1"} {
		if got, err := f.Gateway.FetchSubscriptions(t.Context(), id); !errors.Is(err, ports.ErrNotFound) {
			t.Errorf("fetch subscriptions of %q: got %+v, %v, want %v", id, got, err, ports.ErrNotFound)
		}
	}
}

// fetchInvoice pays an order for a subscription and fetches its only invoice, in both
// ways.
func (s shopper) fetchInvoice(t *testing.T, r ports.SessionRequest) (domain.Subscription, domain.InvoiceFact) {
	t.Helper()
	sub := s.fetchSubscription(t, r).Snapshot
	before := time.Now()
	all, err := s.Gateway.FetchInvoices(t.Context(), sub.ID)
	if err != nil || len(all) != 1 {
		t.Fatalf("fetch invoices: got %+v, %v, want one", all, err)
	}
	mustBeFetched(t, "among all", all[0].Type, all[0].At, before)
	before = time.Now()
	got, err := s.Gateway.FetchInvoice(t.Context(), sub.LatestInvoice)
	if err != nil {
		t.Fatalf("fetch invoice %q: %v", sub.LatestInvoice, err)
	}
	mustBeFetched(t, "alone", got.Type, got.At, before)
	all[0].At = got.At
	if diff := cmp.Diff(got, all[0]); diff != "" {
		t.Errorf("the invoice differs (-alone +among all):\n%s", diff)
	}
	return sub, got
}

func gatewayFetchInvoice(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	r := s.request("order1", domain.ModeSubscription)
	sub, got := s.fetchInvoice(t, r)
	invoice := got.Invoice
	if invoice.Total <= 0 || len(invoice.Currency) != 3 || invoice.CreatedAt.IsZero() || invoice.FinalizedAt.IsZero() || invoice.PaidAt.IsZero() {
		t.Errorf("got %+v, want an amount, a currency and when it was made, finalized and paid", invoice)
	}
	if len(got.PaidWith) != 1 || got.PaidWith[0].PaymentIntent == "" {
		t.Errorf("got it paid with %+v, want a payment intent", got.PaidWith)
	}
	item := sub.Items[0]
	line := domain.Line{
		Kind: domain.LineCycle, Item: item.ID, Price: item.Price, Product: item.Product, Quantity: r.Order.Quantity,
		Amount: invoice.Total, From: item.PeriodStart, Until: item.PeriodEnd,
	}
	if len(invoice.Lines) > 0 {
		line.ID = invoice.Lines[0].ID
	}
	want := domain.InvoiceFact{Type: got.Type, At: got.At, Customer: s.customer, PaidWith: got.PaidWith, Claim: s.claim("order1"), Invoice: domain.Invoice{
		ID: sub.LatestInvoice, Subscription: sub.ID, Status: domain.InvoicePaid, BillingReason: "subscription_create",
		Method: domain.ChargeAutomatically, Currency: invoice.Currency,
		Total: invoice.Total, AmountDue: invoice.Total, AmountPaid: invoice.Total,
		CreatedAt: invoice.CreatedAt, FinalizedAt: invoice.FinalizedAt, PaidAt: invoice.PaidAt,
		Lines: []domain.Line{line}, Complete: true,
	}}
	if diff := cmp.Diff(want, got); diff != "" || line.ID == "" {
		t.Errorf("the invoice differs (-want +got):\n%s", diff)
	}
}

func gatewayFetchTrialInvoice(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	r := s.request("order1", domain.ModeSubscription)
	r.Order.TrialDays = 14
	sub, got := s.fetchInvoice(t, r)
	i := got.Invoice
	if i.Status != domain.InvoicePaid || i.Total != 0 || i.AmountPaid != 0 || len(got.PaidWith) != 0 || len(i.Lines) != 1 {
		t.Fatalf("got %+v, want it paid, over nothing, with one line", got)
	}
	if line := i.Lines[0]; line.Amount != 0 || line.Kind != domain.LineCycle || !line.Until.Equal(sub.TrialEnd) {
		t.Errorf("got line %+v, want one of the trial until %s", line, sub.TrialEnd)
	}
}

func gatewayUnknownInvoice(t *testing.T, f GatewayFixture) {
	for _, id := range []domain.InvoiceID{"in_unknown", "", "sub_1"} {
		if got, err := f.Gateway.FetchInvoice(t.Context(), id); !errors.Is(err, ports.ErrNotFound) {
			t.Errorf("fetch invoice %q: got %+v, %v, want %v", id, got, err, ports.ErrNotFound)
		}
	}
	for _, id := range []domain.SubscriptionID{"sub_unknown", "", "cus_1"} {
		if got, err := f.Gateway.FetchInvoices(t.Context(), id); err != nil || len(got) != 0 {
			t.Errorf("fetch invoices of %q: got %+v, %v, want none", id, got, err)
		}
	}
}

func gatewayFetchInvoiceCharge(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	_, invoice := s.fetchInvoice(t, s.request("order1", domain.ModeSubscription))
	if len(invoice.PaidWith) == 0 {
		t.Fatal("nothing paid the invoice")
	}
	byIntent := domain.Ref{Kind: domain.RefPaymentIntent, ID: string(invoice.PaidWith[0].PaymentIntent)}
	charge, err := s.Gateway.FetchCharge(t.Context(), byIntent)
	if err != nil || charge.Invoice != invoice.Invoice.ID || charge.Amount != invoice.Invoice.AmountPaid {
		t.Fatalf("by its intent: got %+v, %v, want one of invoice %s", charge, err, invoice.Invoice.ID)
	}
	again, err := s.Gateway.FetchCharge(t.Context(), domain.Ref{Kind: domain.RefCharge, ID: string(charge.ID)})
	again.At = charge.At
	if diff := cmp.Diff(charge, again); err != nil || diff != "" {
		t.Errorf("by its id: %v, the charge differs (-by its intent +by its id):\n%s", err, diff)
	}
}
