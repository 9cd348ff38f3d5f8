package stripe

import (
	"time"

	"github.com/entitled-dev/entitled/domain"
)

func readRefund(o *object, t domain.EventType, at time.Time) domain.RefundFact {
	return domain.RefundFact{
		Type:          t,
		At:            at,
		ID:            domain.RefundID(o.ID),
		Charge:        domain.ChargeID(o.Charge),
		PaymentIntent: domain.PaymentIntentID(o.PaymentIntent),
		Status:        domain.RefundStatus(o.Status),
		Amount:        o.Amount.value,
		Currency:      string(o.Currency),
		CreatedAt:     o.Created.time(),
	}
}
