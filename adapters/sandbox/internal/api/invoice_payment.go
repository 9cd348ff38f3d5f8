package api

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// An invoice_payment says which payment intent pays which invoice. Stripe has it
// since basil; the sandbox derives it from the invoice, which has one intent at
// most.

var invoicePaymentRoutes = []route{
	{pattern: "GET /v1/invoice_payments/{id}", do: (*Server).retrieveInvoicePayment},
	{
		pattern: "GET /v1/invoice_payments",
		params:  wire.Listing("invoice", "status", "payment[type]", "payment[payment_intent]"),
		do:      (*Server).listInvoicePayments,
	},
}

func (s *Server) retrieveInvoicePayment(c *Call) (wire.Object, *wire.Error) {
	for _, in := range s.Invoices.Order {
		if in.PaymentIntent != "" && in.PaymentID == c.id {
			return s.Render.InvoicePayment(in), nil
		}
	}
	return nil, wire.NotFound("invoice_payment", c.id, "id")
}

func (s *Server) listInvoicePayments(c *Call) (wire.Object, *wire.Error) {
	created, ofInvoice, intent := c.createdFilter(), c.equals("invoice"), c.equals("payment[payment_intent]")
	status := c.OneOf("status", "canceled", "open", "paid")
	kind := c.OneOf("payment[type]", "charge", "payment_intent", "payment_record")
	switch {
	case c.HasAny("payment") && kind == "":
		c.Fail(wire.MissingParam("payment[type]"))
	case kind == "payment_intent" && !c.Has("payment[payment_intent]"):
		c.Fail(wire.MissingParam("payment[payment_intent]"))
	}
	return page[*state.Invoice]{
		noun: "invoice_payment", items: s.Invoices.NewestFirst(),
		id: func(in *state.Invoice) string { return in.PaymentID },
		keep: func(in *state.Invoice) bool {
			return in.PaymentIntent != "" && created(in.PaymentCreated) && ofInvoice(in.ID) && intent(in.PaymentIntent) &&
				(status == "" || status == in.PaymentStatus()) && (kind == "" || kind == "payment_intent")
		},
		object: s.Render.InvoicePayment,
	}.serve(c)
}

// confirmationSecret is what a shop's page confirms the invoice's payment with; null while
// there is none.
func (s *Server) confirmationSecret(in *state.Invoice) any {
	pi := s.PaymentIntents.Get(in.PaymentIntent)
	if pi == nil {
		return nil
	}
	return wire.Object{"type": "payment_intent", "client_secret": pi.ClientSecret}
}
