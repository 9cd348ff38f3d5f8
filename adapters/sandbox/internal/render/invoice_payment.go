package render

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// InvoicePayments are what an invoice's `payments` holds.
func (r *Renderer) InvoicePayments(in *state.Invoice) []wire.Object {
	if in.PaymentIntent == "" {
		return nil
	}
	return []wire.Object{r.InvoicePayment(in)}
}

func (r *Renderer) InvoicePayment(in *state.Invoice) wire.Object {
	var paid, canceled, amount any
	switch in.PaymentStatus() {
	case "paid":
		paid, amount = in.PaidAt, in.Due()
	case "canceled":
		canceled = in.VoidedAt
	}
	return wire.Object{
		"id": in.PaymentID, "object": "invoice_payment", "amount_paid": amount, "amount_requested": in.Due(), "created": in.PaymentCreated,
		"currency": in.Currency, "invoice": in.ID, "is_default": true, "livemode": false,
		"payment":            wire.Object{"type": "payment_intent", "payment_intent": in.PaymentIntent},
		"status":             in.PaymentStatus(),
		"status_transitions": wire.Object{"canceled_at": canceled, "paid_at": paid},
	}
}
