package stripe

import (
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// readCustomer reads nothing but who it is: personal data stays at Stripe.
func readCustomer(o *object, t domain.EventType, at time.Time) domain.CustomerFact {
	return domain.CustomerFact{Type: t, At: at, ID: domain.CustomerID(o.ID)}
}
