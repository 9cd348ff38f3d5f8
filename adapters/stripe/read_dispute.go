package stripe

import (
	"time"

	"github.com/entitled-dev/entitled/domain"
)

func readDispute(o *object, t domain.EventType, at time.Time) domain.DisputeFact {
	return domain.DisputeFact{
		Type:          t,
		At:            at,
		ID:            domain.DisputeID(o.ID),
		Charge:        domain.ChargeID(o.Charge),
		PaymentIntent: domain.PaymentIntentID(o.PaymentIntent),
		Status:        domain.DisputeStatus(o.Status),
		Amount:        o.Amount.value,
		Currency:      string(o.Currency),
		CreatedAt:     o.Created.time(),
	}
}
