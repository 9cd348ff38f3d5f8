package sandbox

import (
	"fmt"
	"maps"
	"slices"
)

// PriceSpec describes a price to sell, and its product.
type PriceSpec struct {
	ID            string // empty for a random one
	LookupKey     string
	Product       string // name; prices of one name share a product
	ProductID     string // empty for a random one
	UnitAmount    int64  // minor units
	Currency      string // "usd" if empty
	Interval      string // day, week, month or year; empty for a one-time price
	IntervalCount int64  // 1 if zero
	Metered       bool   // usage is billed, after the period; see AddUsage
	Tiers         []PriceTier
	TiersMode     string // graduated or volume, of a price with tiers
	Metadata      map[string]string
}

// PriceTier is one tier of a price whose amount depends on the quantity.
type PriceTier struct {
	UpTo       int64 // the last quantity in it; 0 for the last tier, which has no end
	UnitAmount int64 // minor units, for each
	FlatAmount int64 // minor units, once
}

// Price names what AddPrice made.
type Price struct{ ID, ProductID string }

// AddPrice puts a price in the catalogue as if it had always been there: no
// events are sent. It fails if the id or the lookup key is taken, or if the
// price is not one that Stripe would accept.
func (s *Sandbox) AddPrice(spec PriceSpec) (Price, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if spec.Currency == "" {
		spec.Currency = "usd"
	}
	tiers := make([]priceTier, 0, len(spec.Tiers))
	for _, t := range spec.Tiers {
		tiers = append(tiers, priceTier(t))
	}
	switch {
	case spec.Product == "":
		return Price{}, fmt.Errorf("sandbox: a price needs the name of its product")
	case !currencyCode.MatchString(spec.Currency):
		return Price{}, fmt.Errorf("sandbox: invalid currency %q: three lower-case letters are needed", spec.Currency)
	case spec.UnitAmount < 0 || spec.UnitAmount > maxAmount:
		return Price{}, fmt.Errorf("sandbox: invalid amount %d", spec.UnitAmount)
	case !slices.Contains([]string{"", "day", "week", "month", "year"}, spec.Interval):
		return Price{}, fmt.Errorf("sandbox: invalid interval %q", spec.Interval)
	case spec.IntervalCount < 0 || spec.IntervalCount > 0 && spec.Interval == "":
		return Price{}, fmt.Errorf("sandbox: invalid interval count %d", spec.IntervalCount)
	case spec.Metered && spec.Interval == "":
		return Price{}, fmt.Errorf("sandbox: a metered price needs an interval")
	case checkTiers(tiers) != "":
		return Price{}, fmt.Errorf("sandbox: %s", checkTiers(tiers))
	case len(spec.Tiers) > 0 && (spec.UnitAmount != 0 || !slices.Contains([]string{"graduated", "volume"}, spec.TiersMode)):
		return Price{}, fmt.Errorf("sandbox: a price with tiers is graduated or volume, and has no amount of its own")
	case spec.ID != "" && s.prices.get(spec.ID) != nil:
		return Price{}, fmt.Errorf("sandbox: price %s exists already", spec.ID)
	case s.priceByLookupKey(spec.LookupKey) != nil:
		return Price{}, fmt.Errorf("sandbox: lookup key %q is used by %s", spec.LookupKey, s.priceByLookupKey(spec.LookupKey).id)
	}
	pr := s.seedProduct(spec)
	p := &price{
		id: spec.ID, product: pr.id, currency: spec.Currency, lookupKey: spec.LookupKey, active: true,
		unitAmount: spec.UnitAmount, interval: spec.Interval, intervalCount: spec.IntervalCount,
		tiers: tiers, tiersMode: spec.TiersMode, metadata: maps.Clone(spec.Metadata), created: s.nowUnix(),
	}
	if spec.Metered {
		p.usageType = "metered"
	}
	if p.id == "" {
		p.id = newID("price_1", 23)
	}
	if p.recurring() && p.intervalCount == 0 {
		p.intervalCount = 1
	}
	s.prices.add(p.id, p)
	return Price{p.id, pr.id}, nil
}

func (s *Sandbox) seedProduct(spec PriceSpec) *product {
	for _, pr := range s.products.order {
		if pr.id == spec.ProductID || spec.ProductID == "" && pr.name == spec.Product {
			return pr
		}
	}
	pr := &product{id: spec.ProductID, name: spec.Product, active: true, created: s.nowUnix(), updated: s.nowUnix()}
	if pr.id == "" {
		pr.id = newID("prod_", 14)
	}
	s.products.add(pr.id, pr)
	return pr
}
