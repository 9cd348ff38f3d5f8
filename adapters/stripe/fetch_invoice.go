package stripe

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// FetchInvoice implements [ports.Gateway].
func (g *Gateway) FetchInvoice(ctx context.Context, id domain.InvoiceID) (domain.InvoiceFact, error) {
	c := call{
		does: "fetch invoice", method: http.MethodGet,
		path:   stripe.FormatURLPath("/v1/invoices/%s", string(id)),
		params: &stripe.InvoiceParams{Expand: stripe.StringSlice([]string{"payments"})},
	}
	if !isID(string(id), "in_") {
		return domain.InvoiceFact{}, fmt.Errorf("%w: %s: that is not the id of an invoice", ports.ErrNotFound, c.does)
	}
	ctx, cancel := g.bounded(ctx)
	defer cancel()
	got, err := g.ask(ctx, c)
	if err != nil {
		return domain.InvoiceFact{}, err
	}
	invoice := readObject(got.body)
	if invoice.Kind != kindInvoice || invoice.ID != word(id) {
		return domain.InvoiceFact{}, unusable(c, got, "the answer is not the invoice")
	}
	return g.fetchedInvoice(ctx, invoice, got)
}

// FetchInvoices implements [ports.Gateway]. Stripe lists what was made last first, and
// what there is more of is not asked for. Of what it does not have there are none.
func (g *Gateway) FetchInvoices(ctx context.Context, subscription domain.SubscriptionID) ([]domain.InvoiceFact, error) {
	params := &stripe.InvoiceListParams{
		Subscription: stripe.String(string(subscription)),
		Expand:       stripe.StringSlice([]string{"data.payments"}),
	}
	params.Limit = stripe.Int64(ports.InvoicesFetched)
	c := call{does: "list invoices", method: http.MethodGet, path: "/v1/invoices", params: params, belonging: true}
	if !isID(string(subscription), "sub_") {
		return nil, nil
	}
	ctx, cancel := g.bounded(ctx)
	defer cancel()
	got, err := g.ask(ctx, c)
	if errors.Is(err, ports.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var newest page[object]
	if !decode(got.body, &newest) || newest.Kind != "list" || len(newest.Data) > ports.InvoicesFetched {
		return nil, unusable(c, got, "the answer is not a list of as many invoices")
	}
	var facts []domain.InvoiceFact
	for i := range newest.Data {
		invoice := &newest.Data[i]
		if invoice.Kind != kindInvoice || invoice.ID == "" {
			return nil, unusable(c, got, "there is another kind of object in the list")
		}
		fact, err := g.fetchedInvoice(ctx, invoice, got)
		if err != nil {
			return nil, err
		}
		facts = append(facts, fact)
	}
	return facts, nil
}

// fetchedInvoice makes a fact of an invoice that was answered with, and asks for the
// lines that are missing in it.
func (g *Gateway) fetchedInvoice(ctx context.Context, o *object, got answer) (domain.InvoiceFact, error) {
	if !o.Lines.complete() {
		params := &stripe.InvoiceListLinesParams{}
		c := call{
			does: "list invoice lines", method: http.MethodGet,
			path: stripe.FormatURLPath("/v1/invoices/%s/lines", string(o.ID)), params: params,
		}
		all, err := g.allLines(ctx, c, &params.ListParams)
		if err != nil {
			return domain.InvoiceFact{}, err
		}
		o.Lines = all
	}
	return readInvoice(o, domain.TypeFetched, got.askedAt), nil
}

// allLines asks for the lines of an invoice or of a credit note that has too many to
// come with it.
func (g *Gateway) allLines(ctx context.Context, c call, position *stripe.ListParams) (lines, error) {
	all := lines{Data: []line{}, More: truth{given: true}}
	err := list(ctx, g, c, position, func(l line) word { return l.ID }, func(page []line, _ answer) error {
		all.Data = append(all.Data, page...)
		return nil
	})
	return all, err
}
