package stripe

import (
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// customerDeleted is the event that shows a customer as it was before the end.
const customerDeleted domain.EventType = "customer.deleted"

// readCustomer reads nothing but who it is, and whether it still is: personal data
// stays at Stripe.
func readCustomer(o *object, t domain.EventType, at time.Time) domain.CustomerFact {
	return domain.CustomerFact{Type: t, At: at, ID: domain.CustomerID(o.ID), Deleted: o.Deleted || t == customerDeleted}
}
