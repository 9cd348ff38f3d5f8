package stripe

import (
	"context"
	"fmt"
	"net/http"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// issued is an invoice with what only who looks at it needs.
type issued struct {
	object
	Number      word    `json:"number"`
	PeriodStart number  `json:"period_start"`
	PeriodEnd   number  `json:"period_end"`
	HostedURL   address `json:"hosted_invoice_url"`
	PDF         address `json:"invoice_pdf"`
}

// IssuedInvoices implements [ports.Gateway]. People wait for it: it is not one of the
// questions on doubt.
func (g *Gateway) IssuedInvoices(ctx context.Context, customer domain.CustomerID, limit int) ([]ports.IssuedInvoice, error) {
	params := &stripe.InvoiceListParams{Customer: stripe.String(string(customer))}
	params.Limit = stripe.Int64(int64(min(limit, ports.IssuedMost)))
	c := call{does: "list issued invoices", method: http.MethodGet, path: "/v1/invoices", params: params, belonging: true}
	if !isID(string(customer), "cus_") {
		return nil, fmt.Errorf("%w: %s: that is not the id of a customer", ports.ErrNotFound, c.does)
	}
	ctx, cancel := g.bounded(ctx)
	defer cancel()
	got, err := g.send(ctx, c)
	if err != nil {
		return nil, err
	}
	var newest page[issued]
	if !decode(got.body, &newest) || newest.Kind != "list" {
		return nil, unusable(c, got, "the answer is not a list of invoices")
	}
	var all []ports.IssuedInvoice
	for i := range newest.Data {
		one := &newest.Data[i]
		if one.Kind != kindInvoice || one.ID == "" {
			return nil, unusable(c, got, "there is another kind of object in the list")
		}
		if domain.InvoiceStatus(one.Status) != domain.InvoiceDraft {
			all = append(all, one.shown(got))
		}
	}
	return all, nil
}

func (i *issued) shown(got answer) ports.IssuedInvoice {
	is := readInvoice(&i.object, domain.TypeFetched, got.askedAt).Invoice
	return ports.IssuedInvoice{
		ID: is.ID, Subscription: is.Subscription, Number: string(i.Number), Status: is.Status, Currency: is.Currency,
		Total: is.Total, AmountDue: is.AmountDue, AmountPaid: is.AmountPaid,
		CreatedAt: is.CreatedAt, DueAt: is.DueAt, PaidAt: is.PaidAt,
		PeriodStart: i.PeriodStart.time(), PeriodEnd: i.PeriodEnd.time(),
		HostedURL: string(i.HostedURL), PDF: string(i.PDF),
	}
}
