package memory

import (
	"context"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// FetchBilling implements [ports.Gateway]. Everybody pays with the same card.
func (g *Gateway) FetchBilling(ctx context.Context, id domain.SubscriptionID) (ports.BillingDetails, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.begin(ctx); err != nil {
		return ports.BillingDetails{}, err
	}
	sub, known := g.subscriptions[id]
	if !known {
		return ports.BillingDetails{}, ports.ErrNotFound
	}
	details := ports.BillingDetails{Method: &ports.PaymentMethod{Type: "card", Brand: "visa", Last4: "4242"}, ResumesAt: g.resumes[id]}
	if changes, planned := g.scheduled[id]; planned {
		next := sub
		for _, change := range changes {
			next, _ = g.withChange(next, change, sub.PeriodEnd())
		}
		details.Planned = &ports.PlannedChange{At: sub.PeriodEnd()}
		for _, item := range next.Items {
			details.Planned.Items = append(details.Planned.Items, ports.PlannedItem{Price: item.Price, Quantity: item.Quantity})
		}
	}
	return details, nil
}
