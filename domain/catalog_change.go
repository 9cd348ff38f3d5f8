package domain

import (
	"maps"
	"reflect"
	"slices"
)

// CatalogChange is what differs between two catalogs that anybody's rights may follow
// from, by the names under which accounts hold it. Sorted.
type CatalogChange struct {
	All        bool      // it is not known what differs: everybody's may follow
	Plans      []PlanKey // of plans that changed, came or went, and keys that they had
	Prices     []PriceID // that lead to such a plan, or lead elsewhere now
	LookupKeys []string
}

// Empty tells whether nobody's rights can follow from the change.
func (c CatalogChange) Empty() bool {
	return !c.All && len(c.Plans)+len(c.Prices)+len(c.LookupKeys) == 0
}

// With is the change with another one.
func (c CatalogChange) With(other CatalogChange) CatalogChange {
	return CatalogChange{
		All:   c.All || other.All,
		Plans: union(c.Plans, other.Plans), Prices: union(c.Prices, other.Prices), LookupKeys: union(c.LookupKeys, other.LookupKeys),
	}
}

// ChangeSince is what differs from the catalog before, which knew what it knew then of
// what prices meant. Whose account depends on nothing of it, see [Account.DependsOn], has
// the same rights by both.
func (c Catalog) ChangeSince(before Catalog) CatalogChange {
	plans, prices, lookupKeys := map[PlanKey]bool{}, map[PriceID]bool{}, map[string]bool{}
	for _, side := range [][2]Catalog{{before, c}, {c, before}} {
		one, other := side[0], side[1]
		for key, plan := range one.Plans {
			same, there := other.Plans[key]
			if there && one.givesAs(other, key) || plan.Default && (!there || same.Default) {
				continue // what everybody has is kept of nobody
			}
			plans[key] = true
			for _, former := range plan.Formerly {
				plans[former] = true
			}
			for _, price := range plan.Prices {
				if price.ID != "" {
					prices[price.ID] = true
				}
				if price.LookupKey != "" {
					lookupKeys[price.LookupKey] = true
				}
			}
		}
		for _, price := range one.Ignored.Prices {
			if !other.Ignores(price) {
				prices[price] = true
			}
		}
	}
	then, now := before.Known.All(), c.Known.All()
	for _, side := range [][2]map[PriceID]PlanKey{{then, now}, {now, then}} {
		for price, plan := range side[0] {
			if meant, known := side[1][price]; plans[plan] || !known || meant != plan {
				prices[price] = true
			}
		}
	}
	return CatalogChange{
		Plans: slices.Sorted(maps.Keys(plans)), Prices: slices.Sorted(maps.Keys(prices)), LookupKeys: slices.Sorted(maps.Keys(lookupKeys)),
	}
}

// givesAs tells whether a plan gives what it gives in another catalog, to the same.
func (c Catalog) givesAs(other Catalog, key PlanKey) bool {
	one, two := c.Plans[key], other.Plans[key]
	if !reflect.DeepEqual(one.whatGives(), two.whatGives()) {
		return false
	}
	for _, set := range []map[FeatureKey]Value{one.Grants, one.TrialGrants, one.PastDueGrants} {
		for feature := range set {
			if !reflect.DeepEqual(c.Features[feature].whatGives(), other.Features[feature].whatGives()) {
				return false
			}
		}
	}
	return true
}

// whatGives is a plan without what only a buyer looks at.
func (p Plan) whatGives() Plan {
	p.Name, p.Description, p.Group, p.TrialDays, p.NotSold = "", "", "", 0, false
	p.AddonTo, p.Pausable = nil, false
	p.Place, p.Highlight, p.Once, p.BoughtTwice = 0, false, false, ""
	p.Checkout = CheckoutOptions{}
	p.Prices = slices.Clone(p.Prices)
	for n := range p.Prices {
		p.Prices[n].NotSold = false
	}
	return p
}

func (f Feature) whatGives() Feature {
	f.Name, f.Description, f.Place = "", "", 0
	return f
}

// DependsOn tells whether rights of an account may follow from a change of the catalog.
// Entitlements are those that were derived last: what is given by a plan depends on it,
// however it was found.
func (a Account) DependsOn(change CatalogChange, entitlements []Entitlement) bool {
	plan := func(key PlanKey) bool { _, found := slices.BinarySearch(change.Plans, key); return found }
	price := func(id PriceID) bool { _, found := slices.BinarySearch(change.Prices, id); return found }
	if change.All || slices.ContainsFunc(entitlements, func(e Entitlement) bool { return plan(e.Plan) }) {
		return true
	}
	for _, o := range a.Orders {
		if plan(o.Plan) || price(o.PriceID) {
			return true
		}
	}
	for id, meant := range a.Meanings {
		if plan(meant) || price(id) {
			return true
		}
	}
	for _, s := range a.Subscriptions {
		for _, item := range s.Items {
			if _, found := slices.BinarySearch(change.LookupKeys, item.LookupKey); found || price(item.Price) {
				return true
			}
		}
	}
	for _, i := range a.Invoices {
		if slices.ContainsFunc(i.Lines, func(l Line) bool { return price(l.Price) }) {
			return true
		}
	}
	return false
}
