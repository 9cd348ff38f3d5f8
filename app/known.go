package app

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/entitled-dev/entitled/domain"
)

// mostNamed is how many names of a kind an error lists: who misspelled one finds it among
// them, and nobody reads hundreds.
const mostNamed = 20

// named lists names in their order.
func named[T ~string](names []T) string {
	if len(names) == 0 {
		return "none"
	}
	var said []string
	for _, name := range names[:min(len(names), mostNamed)] {
		said = append(said, string(name))
	}
	if more := len(names) - mostNamed; more > 0 {
		said = append(said, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(said, ", ")
}

// unknownFeature says which features there are: a misspelled one must not look like
// one that nobody has.
func unknownFeature(feature domain.FeatureKey, c domain.Catalog) error {
	return fmt.Errorf("%w: %.60q is not in the catalog, which has %s", ErrUnknownFeature, feature, named(slices.Sorted(maps.Keys(c.Features))))
}

// unknownPlan says which plans can be bought.
func unknownPlan(plan domain.PlanKey, c domain.Catalog) error {
	return fmt.Errorf("%w: %.60q is not in the catalog, which sells %s", ErrUnknownPlan, plan, plansForSale(c))
}

// nobodyBuys refuses a default plan where a plan that is sold is meant. It is of a kind
// that says what was asked for.
func nobodyBuys(plan domain.Plan, kind error) error {
	return fmt.Errorf("%w: plan %s is held by every user, and nobody buys it: who is to have no more ends the subscription, "+
		"by POST /api/subscription/cancel", kind, plan.Key)
}

// unknownPrice says which prices the plan can be bought for.
func unknownPrice(price domain.PriceKey, plan domain.Plan, c domain.Catalog) error {
	if plan.Default {
		return nobodyBuys(plan, ErrUnknownPrice)
	}
	for _, sold := range c.ForSale() {
		if sold.Key != plan.Key {
			continue
		}
		keys := make([]domain.PriceKey, len(sold.Prices))
		for i, p := range sold.Prices {
			keys[i] = p.Key
		}
		return fmt.Errorf("%w: plan %s has no price %.60q, but %s", ErrUnknownPrice, plan.Key, price, named(keys))
	}
	return fmt.Errorf("%w: plan %s is no longer sold; what is: %s", ErrUnknownPrice, plan.Key, plansForSale(c))
}

func plansForSale(c domain.Catalog) string {
	var keys []domain.PlanKey
	for _, plan := range c.ForSale() {
		keys = append(keys, plan.Key)
	}
	return named(keys)
}

func sortedKeys[K ~string, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
