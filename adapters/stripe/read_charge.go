package stripe

import (
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// chargeFields are those that only a charge has.
type chargeFields struct {
	AmountRefunded number `json:"amount_refunded"`
}

func readCharge(o *object, t domain.EventType, at time.Time) domain.ChargeFact {
	return domain.ChargeFact{
		Type:          t,
		At:            at,
		ID:            domain.ChargeID(o.ID),
		PaymentIntent: domain.PaymentIntentID(o.PaymentIntent),
		Invoice:       domain.InvoiceID(o.Invoice),
		Customer:      domain.CustomerID(o.Customer),
		Amount:        o.Amount.value,
		Refunded:      o.AmountRefunded.value,
		Currency:      string(o.Currency),
		Claim:         o.Metadata.claim(),
	}
}
