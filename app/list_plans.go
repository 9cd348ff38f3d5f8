package app

import (
	"context"
	"slices"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// ListPlans answers what is for sale.
type ListPlans struct {
	catalog domain.Catalog
	prices  *Prices
}

// NewListPlans returns the use case.
func NewListPlans(catalog domain.Catalog, prices *Prices) *ListPlans {
	return &ListPlans{catalog, prices}
}

// OfferedPlan is a plan with the prices that Stripe sells now.
type OfferedPlan struct {
	Plan     domain.Plan
	Prices   []OfferedPrice
	Features []domain.Feature  // what it grants, in the order of the catalog file
	Unit     domain.FeatureKey // what its units are counted in; empty: nothing, see [domain.Catalog.UnitOf]
}

// OfferedPrice is a price of the catalog with what Stripe says about it.
type OfferedPrice struct {
	Key    domain.PriceKey
	Stripe ports.StripePrice
	// Currencies are those that a buyer may choose from.
	Currencies []string
}

// In is what Stripe says of the price in a currency. Where it is not offered in that, as in
// an empty one, it is in its own, or in the first that it is offered in if its own is none.
func (p OfferedPrice) In(currency string) ports.StripePrice {
	if !slices.Contains(p.Currencies, currency) {
		currency = defaultOf(p.Currencies, p.Stripe)
	}
	paid, _ := p.Stripe.In(currency)
	return paid
}

// Total is what a quantity costs in a currency, in minor units before discounts and tax, and
// whether that can be told: not of more than the plan is sold with.
func (o OfferedPlan) Total(price ports.StripePrice, quantity int64) (int64, bool) {
	if quantity > max(o.Plan.Checkout.MaxQuantity, 1) {
		return 0, false
	}
	return price.Total(quantity)
}

// Do lists the plans in the order of the catalog file. Prices that Stripe does not sell are
// left out, and so is a plan without any other. A plan that every user holds has none.
func (l *ListPlans) Do(ctx context.Context) ([]OfferedPlan, error) {
	if _, err := l.prices.all(ctx); err != nil {
		return nil, err
	}
	var offered []OfferedPlan
	for _, plan := range l.catalog.Offered() {
		o := OfferedPlan{Plan: plan, Features: l.catalog.FeaturesOf(plan), Unit: l.catalog.UnitOf(plan)}
		for _, price := range plan.Prices {
			if s, err := l.prices.Of(ctx, plan, price); err == nil {
				o.Prices = append(o.Prices, OfferedPrice{price.Key, s, currenciesOf(price, s)})
			}
		}
		if len(o.Prices) > 0 || plan.Default {
			offered = append(offered, o)
		}
	}
	return offered, nil
}
