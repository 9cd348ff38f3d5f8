package domain

import (
	"maps"
	"slices"
)

// priceIndex says which plan each price of a catalog belongs to, of several the one with
// the first key; and what is given by no price.
type priceIndex struct {
	ids        map[PriceID]PlanKey
	lookupKeys map[string]PlanKey

	defaults []Entitlement // what every user has
}

// Indexed is the catalog with an index of its prices, for a service that asks with each
// event what they mean. Its plans must not be changed any more.
func (c Catalog) Indexed() Catalog {
	c.prices = &priceIndex{ids: map[PriceID]PlanKey{}, lookupKeys: map[string]PlanKey{}, defaults: c.findDefaults()}
	for _, key := range slices.Sorted(maps.Keys(c.Plans)) {
		for _, price := range c.Plans[key].Prices {
			if _, taken := c.prices.ids[price.ID]; price.ID != "" && !taken {
				c.prices.ids[price.ID] = key
			}
			if _, taken := c.prices.lookupKeys[price.LookupKey]; price.LookupKey != "" && !taken {
				c.prices.lookupKeys[price.LookupKey] = key
			}
		}
	}
	return c
}

// PlanByPrice finds the plan that a Stripe price belongs to, by the price's id
// or by its lookup key: of several the one with the first key. It is false for a
// price that the catalog does not map.
func (c Catalog) PlanByPrice(id PriceID, lookupKey string) (Plan, bool) {
	if c.prices == nil {
		return c.searchPrice(id, lookupKey)
	}
	key, mapped := c.prices.ids[id]
	if !mapped {
		key, mapped = c.prices.lookupKeys[lookupKey]
	}
	if !mapped {
		return Plan{}, false
	}
	return c.Plans[key], true
}

// searchPrice is PlanByPrice without an index.
func (c Catalog) searchPrice(id PriceID, lookupKey string) (Plan, bool) {
	var byID, byKey PlanKey
	hasID, hasKey := false, false
	for key, plan := range c.Plans {
		for n := range plan.Prices {
			price := &plan.Prices[n]
			if price.ID != "" && price.ID == id && (!hasID || key < byID) {
				byID, hasID = key, true
			}
			if price.LookupKey != "" && price.LookupKey == lookupKey && (!hasKey || key < byKey) {
				byKey, hasKey = key, true
			}
		}
	}
	if hasID {
		return c.Plans[byID], true
	}
	return c.Plans[byKey], hasKey
}
