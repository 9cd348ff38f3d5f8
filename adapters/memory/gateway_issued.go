package memory

import (
	"cmp"
	"context"
	"slices"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// IssuedInvoices implements [ports.Gateway].
func (g *Gateway) IssuedInvoices(ctx context.Context, customer domain.CustomerID, limit int) ([]ports.IssuedInvoice, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.begin(ctx); err != nil {
		return nil, err
	}
	if _, known := g.customers[customer]; !known {
		return nil, ports.ErrNotFound
	}
	var newest []domain.Invoice
	for _, i := range g.invoices {
		if i.Customer == customer {
			newest = append(newest, i.Invoice)
		}
	}
	slices.SortFunc(newest, func(a, b domain.Invoice) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.ID, a.ID))
	})
	var all []ports.IssuedInvoice
	for _, i := range newest[:min(len(newest), limit, ports.IssuedMost)] {
		if i.Status != domain.InvoiceDraft {
			all = append(all, issued(i))
		}
	}
	return all, nil
}

// issued is an invoice as Stripe would show it.
func issued(i domain.Invoice) ports.IssuedInvoice {
	one := ports.IssuedInvoice{
		ID: i.ID, Subscription: i.Subscription, Number: "M-" + string(i.ID), Status: i.Status, Currency: i.Currency,
		Total: i.Total, AmountDue: i.AmountDue, AmountPaid: i.AmountPaid,
		CreatedAt: i.CreatedAt, DueAt: i.DueAt, PaidAt: i.PaidAt,
		HostedURL: "https://invoice.stripe.example/i/" + string(i.ID), PDF: "https://invoice.stripe.example/i/" + string(i.ID) + "/pdf",
	}
	for _, line := range i.Lines {
		if one.PeriodStart.IsZero() || line.From.Before(one.PeriodStart) {
			one.PeriodStart = line.From
		}
		if line.Until.After(one.PeriodEnd) {
			one.PeriodEnd = line.Until
		}
	}
	return one
}
