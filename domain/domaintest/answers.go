package domaintest

import (
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// Invoices is what Stripe answers to the question for the invoices of a subscription,
// the newest first.
func (h History) Invoices(id domain.SubscriptionID, at time.Time) []domain.InvoiceFact {
	var all []domain.InvoiceFact
	for _, s := range h.stories {
		if s.sub == nil || s.sub.is.ID != id {
			continue
		}
		for n := len(s.sub.invoices) - 1; n >= 0; n-- {
			if f, found := h.Invoice(s.sub.invoices[n].is.ID, at); found {
				all = append(all, f)
			}
		}
	}
	return all
}
