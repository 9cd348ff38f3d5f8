package stripe

import (
	"context"
	"fmt"
	"net/http"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// PayPage implements [ports.Gateway]. Stripe lists what was made last first.
func (g *Gateway) PayPage(ctx context.Context, id domain.SubscriptionID) (string, error) {
	params := &stripe.InvoiceListParams{Subscription: stripe.String(string(id)), Status: stripe.String(string(domain.InvoiceOpen))}
	params.Limit = stripe.Int64(ports.InvoicesFetched)
	c := call{does: "list open invoices", method: http.MethodGet, path: "/v1/invoices", params: params, belonging: true}
	if err := noSubscription(c, id); err != nil {
		return "", err
	}
	ctx, cancel := g.bounded(ctx)
	defer cancel()
	got, err := g.send(ctx, c)
	if err != nil {
		return "", err
	}
	var open page[struct {
		PayPage address `json:"hosted_invoice_url"`
	}]
	if !decode(got.body, &open) || open.Kind != "list" {
		return "", unusable(c, got, "the answer is not a list")
	}
	for _, invoice := range open.Data {
		if invoice.PayPage != "" {
			return string(invoice.PayPage), nil
		}
	}
	return "", fmt.Errorf("%w: %s: none has a page to be paid on", ports.ErrNotFound, c.does)
}
