package memory

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// FetchMade implements [ports.Gateway].
func (g *Gateway) FetchMade(ctx context.Context, customer domain.CustomerID) (ports.Made, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.begin(ctx); err != nil {
		return ports.Made{}, err
	}
	there, known := g.customers[customer]
	if !known {
		return ports.Made{}, ports.ErrNotFound
	}
	made := ports.Made{Claim: domain.Claim{Customer: customer}, Deleted: !there}
	if there {
		made.Claim = g.madeFor[customer]
	}
	for _, id := range slices.Sorted(maps.Keys(g.sessions)) { // ids count up
		if s := g.sessions[id]; s.fact.Customer == customer {
			made.Checkouts = append(made.Checkouts, g.checkout(s))
		}
	}
	return made, nil
}

func (g *Gateway) checkout(s session) ports.Checkout {
	fact := g.fetched(s.fact.ID)
	order := domain.Order{
		ID: s.order.ID, Plan: s.order.Plan, Price: s.order.Price, PriceID: s.price, Quantity: max(s.quantity, 1),
		Mode: fact.Mode, Status: domain.OrderPending, Subtotal: fact.Subtotal, Currency: fact.Currency,
		CurrencyChosen: s.order.CurrencyChosen, SuccessURL: s.order.SuccessURL, CancelURL: s.order.CancelURL, Locale: s.order.Locale,
		ExpiresAt: s.order.ExpiresAt, CreatedAt: cmp.Or(s.order.CreatedAt, fact.At),
	}
	return ports.Checkout{Claim: domain.ClaimOf(fact), Fact: fact, Order: order.WithSession(fact), PriceClaimed: s.order.PriceID}
}

// SignedBy makes a customer, and what was made for it, be of a deployment; of none: as
// versions made it that did not say.
func (g *Gateway) SignedBy(customer domain.CustomerID, deployment domain.DeploymentID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	claim := g.madeFor[customer]
	claim.Deployment = deployment
	g.madeFor[customer] = claim
	for id, s := range g.sessions {
		if s.fact.Customer == customer {
			s.fact.Claim.Deployment = deployment
			g.sessions[id] = s
		}
	}
	for id, c := range g.charges {
		if c.Customer == customer && c.Claim != (domain.Claim{}) {
			c.Claim.Deployment = deployment
			g.charges[id] = c
		}
	}
	for id, i := range g.invoices {
		if i.Customer == customer {
			i.Claim.Deployment = deployment
			g.invoices[id] = i
		}
	}
}
