package stripe

import (
	"context"
	"net/http"

	"github.com/stripe/stripe-go/v76"
)

// invoicePaymentListParams are those of a list that came after v76, with API version
// basil.
type invoicePaymentListParams struct {
	stripe.ListParams `form:"*"`

	Payment paymentParam `form:"payment"`
}

type paymentParam struct {
	Type          string `form:"type"`
	PaymentIntent string `form:"payment_intent"`
}

// invoicesPaidWith asks for the payments of invoices that an intent made, or may make.
func (g *Gateway) invoicesPaidWith(ctx context.Context, intent string, take func(*object)) error {
	params := &invoicePaymentListParams{Payment: paymentParam{kindPaymentIntent, intent}}
	c := call{does: "list invoice payments", method: http.MethodGet, path: "/v1/invoice_payments", params: params, belonging: true}
	return listObjects(ctx, g, c, &params.ListParams, kindInvoicePayment, func(o *object, _ answer) error {
		take(o)
		return nil
	})
}
