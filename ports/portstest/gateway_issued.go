package portstest

import (
	"errors"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func gatewayIssuedInvoices(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	if got, err := s.Gateway.IssuedInvoices(t.Context(), s.customer, ports.IssuedMost); err != nil || len(got) != 0 {
		t.Errorf("before anything is bought: got %+v, %v, want none", got, err)
	}
	sub, _ := s.fetchInvoice(t, s.request("order1", domain.ModeSubscription))
	other, fetched := s.fetchInvoice(t, s.request("order2", domain.ModeSubscription))
	all, err := s.Gateway.IssuedInvoices(t.Context(), s.customer, ports.IssuedMost)
	if err != nil || len(all) != 2 {
		t.Fatalf("got %+v, %v, want two", all, err)
	}
	newest, oldest := all[0], all[1]
	if newest.CreatedAt.Before(oldest.CreatedAt) {
		t.Errorf("the oldest comes first: %+v", all)
	}
	if newest.Subscription != other.ID {
		newest, oldest = oldest, newest // they are of one second
	}
	is := fetched.Invoice
	if oldest.Subscription != sub.ID || newest.ID != is.ID || newest.Status != domain.InvoicePaid || newest.Currency != is.Currency ||
		newest.Total != is.Total || newest.AmountDue != is.AmountDue || newest.AmountPaid != is.AmountPaid ||
		!newest.CreatedAt.Equal(is.CreatedAt) || !newest.PaidAt.Equal(is.PaidAt) {
		t.Errorf("got %+v, want what the invoice says: %+v", newest, is)
	}
	if newest.Number == "" || newest.Number == oldest.Number || newest.PeriodStart.IsZero() || newest.PeriodEnd.IsZero() ||
		!strings.HasPrefix(newest.HostedURL, "http") || !strings.HasPrefix(newest.PDF, "http") {
		t.Errorf("got %+v, want a number of its own, a period and two addresses", newest)
	}
	if first, err := s.Gateway.IssuedInvoices(t.Context(), s.customer, 1); err != nil || len(first) != 1 || first[0].ID != all[0].ID {
		t.Errorf("the newest alone: got %+v, %v, want %s", first, err, all[0].ID)
	}
}

func gatewayIssuedUnknown(t *testing.T, f GatewayFixture) {
	for _, id := range []domain.CustomerID{"cus_unknown", "", "sub_1"} {
		got, err := f.Gateway.IssuedInvoices(t.Context(), id, ports.IssuedMost)
		if len(got) > 0 || err != nil && !errors.Is(err, ports.ErrNotFound) {
			t.Errorf("invoices of %q: got %+v, %v, want none or %v", id, got, err, ports.ErrNotFound)
		}
	}
}
