package stripe

import (
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// invoicePaymentFields are those that only a payment of an invoice has: an object
// of its own since API version basil.
type invoicePaymentFields struct {
	Payment payment `json:"payment"`
}

// payment is what an invoice was paid with: an intent, or a charge without one.
// Money that came outside of Stripe has neither.
type payment struct {
	PaymentIntent ref `json:"payment_intent"`
	Charge        ref `json:"charge"`
}

// invoicePayment is a payment among those of an invoice.
type invoicePayment struct {
	Status  word    `json:"status"`
	Payment payment `json:"payment"`
}

func readInvoicePayment(o *object, t domain.EventType, at time.Time) domain.InvoicePaymentFact {
	return domain.InvoicePaymentFact{
		Type:          t,
		At:            at,
		ID:            string(o.ID),
		Invoice:       domain.InvoiceID(o.Invoice),
		PaymentIntent: domain.PaymentIntentID(o.Payment.PaymentIntent),
		Charge:        domain.ChargeID(o.Payment.Charge),
	}
}
