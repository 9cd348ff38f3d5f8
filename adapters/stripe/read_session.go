package stripe

import (
	"cmp"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// sessionFields are those that only a Checkout Session has.
type sessionFields struct {
	ClientReferenceID word    `json:"client_reference_id"`
	Mode              word    `json:"mode"`
	PaymentStatus     word    `json:"payment_status"`
	RecoveredFrom     ref     `json:"recovered_from"`
	URL               address `json:"url"`
	AmountTotal       number  `json:"amount_total"`
	AmountSubtotal    number  `json:"amount_subtotal"`
}

func readSession(o *object, t domain.EventType, at time.Time) domain.SessionFact {
	return domain.SessionFact{
		Type:            t,
		At:              at,
		ID:              domain.SessionID(o.ID),
		Mode:            domain.Mode(o.Mode),
		Status:          string(o.Status),
		PaymentStatus:   string(o.PaymentStatus),
		Order:           domain.OrderID(cmp.Or(o.ClientReferenceID, o.Metadata.OrderID)),
		Customer:        domain.CustomerID(o.Customer),
		CustomerAccount: domain.CustomerAccountID(o.CustomerAccount),
		Subscription:    domain.SubscriptionID(o.Subscription),
		PaymentIntent:   domain.PaymentIntentID(o.PaymentIntent),
		RecoveredFrom:   domain.SessionID(o.RecoveredFrom),
		URL:             string(o.URL),
		Amount:          o.AmountTotal.value,
		Subtotal:        o.AmountSubtotal.value,
		Currency:        string(o.Currency),
		Claim:           o.Metadata.claim(),
	}
}
