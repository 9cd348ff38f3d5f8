package domain

import (
	"maps"
	"sync"
)

// This file is about what a price means: which plan it belongs to. What was known once
// is never forgotten. A lookup key moves to the next price when prices are raised, an
// id is replaced in the catalog, and those who pay the old price keep the plan.

// planOf finds the plan that a price belongs to: see [planFinder].
func (a *Account) planOf(price PriceID, lookupKey string, c Catalog) (Plan, bool) {
	f := planFinder{account: a, catalog: &c}
	return f.planOf(price, lookupKey)
}

// planFinder finds the plan that a price belongs to: by the catalog as it is, or else by
// what the price meant when this account was told of it, by what it meant in an
// earlier catalog, or by the order that was for it.
type planFinder struct {
	account *Account
	catalog *Catalog
	ordered map[PriceID]Plan // orders are looked at once
}

// planOf finds a plan by the price's id or its lookup key. A price that the catalog
// ignores by its id means nothing any more: a slip can be mended.
func (f *planFinder) planOf(price PriceID, lookupKey string) (Plan, bool) {
	if plan, mapped := f.catalog.PlanByPrice(price, lookupKey); mapped {
		return plan, true
	}
	if price == "" || f.catalog.Ignores(price) {
		return Plan{}, false
	}
	if key, meant := f.account.Meanings[price]; meant {
		if plan, known := f.catalog.PlanOf(key); known {
			return plan, true
		}
	}
	if key, meant := f.catalog.Known.Plan(price); meant {
		if plan, known := f.catalog.PlanOf(key); known {
			return plan, true
		}
	}
	if f.ordered == nil {
		f.ordered = f.orderedPrices()
	}
	plan, mapped := f.ordered[price]
	return plan, mapped
}

// orderedPrices are the plans that were ordered, by price: of several the one with the
// first key.
func (f *planFinder) orderedPrices() map[PriceID]Plan {
	ordered := map[PriceID]Plan{}
	for _, o := range f.account.Orders {
		if o.PriceID == "" {
			continue
		}
		plan, known := f.catalog.PlanOf(o.Plan)
		if first, twice := ordered[o.PriceID]; known && (!twice || plan.Key < first.Key) {
			ordered[o.PriceID] = plan
		}
	}
	return ordered
}

// learn keeps what prices of items mean now.
func (r *recording) learn(items []Item, c Catalog) {
	for _, item := range items {
		if plan, mapped := c.PlanByPrice(item.Price, item.LookupKey); mapped && item.Price != "" {
			put(r, &r.Meanings, item.Price, plan.Key, equal)
		}
	}
}

// Learn returns the account with what its prices mean in a catalog, for the day on
// which the catalog no longer says so; and with what they meant when they were ordered,
// for who knows another purchase of the account and not that order.
func (a Account) Learn(c Catalog) Account {
	r := recording{Account: &a}
	for _, s := range a.Subscriptions {
		r.learn(s.Items, c)
	}
	f := planFinder{account: &a, catalog: &c}
	for price, plan := range f.orderedPrices() {
		if _, meant := r.Meanings[price]; !meant {
			put(&r, &r.Meanings, price, plan.Key, equal)
		}
	}
	return a
}

// planOfOrder finds the plan that an order was for: by its key, or, if the plan has
// another now and does not say so, by the price.
func (c Catalog) planOfOrder(o Order) (Plan, bool) {
	if plan, known := c.PlanOf(o.Plan); known {
		return plan, true
	}
	return c.PlanByPrice(o.PriceID, "")
}

// KnownPrices are what prices meant. They only grow, and may be told and asked at the
// same time; nil knows nothing, and learns nothing.
type KnownPrices struct {
	mu    sync.RWMutex
	plans map[PriceID]PlanKey
}

// NewKnownPrices returns a memory of what prices meant so far.
func NewKnownPrices(plans map[PriceID]PlanKey) *KnownPrices {
	return &KnownPrices{plans: cloneMap(plans)}
}

// Plan is the key of the plan that a price meant.
func (k *KnownPrices) Plan(price PriceID) (PlanKey, bool) {
	if k == nil {
		return "", false
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	plan, known := k.plans[price]
	return plan, known
}

// Add remembers what prices mean, in place of what they meant.
func (k *KnownPrices) Add(plans map[PriceID]PlanKey) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	maps.Copy(k.plans, plans)
}

// All is a copy of what is known.
func (k *KnownPrices) All() map[PriceID]PlanKey {
	if k == nil {
		return nil
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	return maps.Clone(k.plans)
}
