package life

import (
	"strings"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// NewCustomer is a customer of whom nothing is known yet.
func NewCustomer(now int64) *state.Customer {
	return &state.Customer{ID: wire.NewID("cus_", 14), Created: now, InvoicePrefix: strings.ToUpper(wire.NewID("", 8))}
}

// RemoveCustomer deletes a customer, and ends its subscriptions.
func (s *Stripe) RemoveCustomer(cu *state.Customer) {
	for _, sub := range s.Subscriptions.Order {
		if sub.Customer == cu.ID && !sub.Terminal() {
			s.CancelNow(sub)
		}
	}
	for _, pm := range s.PaymentMethods.Order {
		if pm.Customer == cu.ID {
			s.DetachMethod(pm)
		}
	}
	last := s.Render.Customer(cu)
	cu.Deleted = true
	s.Emit("customer.deleted", last, nil)
}
