package memory

import (
	"cmp"
	"context"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// NameBuyer implements [ports.Buyers].
func (g *Gateway) NameBuyer(ctx context.Context, r ports.BuyerRequest) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.begin(ctx); err != nil {
		return err
	}
	if !g.customers[r.Customer] {
		return ports.ErrNotFound
	}
	if claim := g.madeFor[r.Customer]; claim.User == r.User && (claim.Deployment == "" || claim.Deployment == r.Deployment) {
		is := g.buyers[r.Customer]
		g.buyers[r.Customer] = ports.Buyer{Email: cmp.Or(r.Buyer.Email, is.Email), Name: cmp.Or(r.Buyer.Name, is.Name)}
	}
	return nil
}

// Buyer is what a customer is called.
func (g *Gateway) Buyer(id domain.CustomerID) ports.Buyer {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.buyers[id]
}
