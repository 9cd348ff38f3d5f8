package memory

import (
	"context"
	"maps"
	"slices"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// SetSubscription makes Stripe have a subscription as it is given.
func (g *Gateway) SetSubscription(s domain.Subscription) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s.Items = slices.Clone(s.Items)
	g.subscriptions[s.ID] = s
}

// SetCharge makes Stripe have a charge as it is given, the latest one of its
// payment intent. Its Type and At do not matter.
func (g *Gateway) SetCharge(c domain.ChargeFact) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.keepCharge(c)
}

func (g *Gateway) keepCharge(c domain.ChargeFact) {
	g.charges[c.ID] = c
	if c.PaymentIntent != "" {
		g.latestCharges[c.PaymentIntent] = c.ID
	}
}

// FetchSubscription implements [ports.Gateway].
func (g *Gateway) FetchSubscription(ctx context.Context, id domain.SubscriptionID) (domain.SubscriptionFact, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.begin(ctx); err != nil {
		return domain.SubscriptionFact{}, err
	}
	s, known := g.subscriptions[id]
	if !known {
		return domain.SubscriptionFact{}, ports.ErrNotFound
	}
	return g.fetchedSubscription(s), nil
}

func (g *Gateway) fetchedSubscription(s domain.Subscription) domain.SubscriptionFact {
	s.Items = slices.Clone(s.Items)
	fact := domain.SubscriptionFact{Type: domain.TypeFetched, At: g.now(), Snapshot: s}
	for _, made := range g.sessions {
		if made.fact.Subscription == s.ID {
			fact.Claim = made.fact.Claim
		}
	}
	return fact
}

// FetchSubscriptions implements [ports.Gateway]. Who has a subscription is a customer,
// unless it was deleted.
func (g *Gateway) FetchSubscriptions(ctx context.Context, customer domain.CustomerID) ([]domain.SubscriptionFact, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.begin(ctx); err != nil {
		return nil, err
	}
	var facts []domain.SubscriptionFact
	for _, id := range slices.Sorted(maps.Keys(g.subscriptions)) {
		if s := g.subscriptions[id]; customer != "" && s.Customer == customer {
			facts = append(facts, g.fetchedSubscription(s))
		}
	}
	if there, made := g.customers[customer]; made && !there || !made && len(facts) == 0 {
		return nil, ports.ErrNotFound
	}
	return facts, nil
}

// FetchCharge implements [ports.Gateway].
func (g *Gateway) FetchCharge(ctx context.Context, subject domain.Ref) (domain.ChargeFact, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.begin(ctx); err != nil {
		return domain.ChargeFact{}, err
	}
	id, isOne := domain.ChargeID(subject.ID), subject.Kind == domain.RefCharge
	if subject.Kind == domain.RefPaymentIntent {
		id, isOne = g.latestCharges[domain.PaymentIntentID(subject.ID)]
	}
	c, known := g.charges[id]
	if !isOne || !known {
		return domain.ChargeFact{}, ports.ErrNotFound
	}
	c.Type, c.At = domain.TypeFetched, g.now()
	return c, nil
}
