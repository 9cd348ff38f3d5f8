package sandbox

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
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
	TiersMode     string                    // graduated or volume, of a price with tiers
	Currencies    map[string]CurrencyOption // what it costs in further currencies
	Metadata      map[string]string
}

// PriceTier is one tier of a price whose amount depends on the quantity.
type PriceTier struct {
	UpTo       int64 // the last quantity in it; 0 for the last tier, which has no end
	UnitAmount int64 // minor units, for each
	FlatAmount int64 // minor units, once
}

// CurrencyOption is what a price costs in a further currency.
type CurrencyOption struct {
	UnitAmount int64 // minor units
	Tiers      []PriceTier
}

// options are the further currencies of a price, or what is wrong with one of them.
func (spec PriceSpec) options() (map[string]state.PriceOption, error) {
	options := map[string]state.PriceOption{}
	for currency, o := range spec.Currencies {
		tiers := stateTiers(o.Tiers)
		switch {
		case !wire.IsCurrency(currency) || currency == spec.Currency:
			return nil, fmt.Errorf("sandbox: invalid further currency %q: it is a code such as eur, and not that of the price's own", currency)
		case o.UnitAmount < 0 || o.UnitAmount > wire.MaxAmount:
			return nil, fmt.Errorf("sandbox: invalid amount %d %s", o.UnitAmount, currency)
		case len(o.Tiers) > 0 != (len(spec.Tiers) > 0) || len(o.Tiers) > 0 && o.UnitAmount != 0:
			return nil, fmt.Errorf("sandbox: a price has tiers in all of its currencies, or an amount in all")
		case state.CheckTiers(tiers) != "":
			return nil, fmt.Errorf("sandbox: %s: %s", currency, state.CheckTiers(tiers))
		}
		options[currency] = state.PriceOption{UnitAmount: o.UnitAmount, Tiers: tiers}
	}
	return options, nil
}

func stateTiers(tiers []PriceTier) []state.PriceTier {
	found := make([]state.PriceTier, 0, len(tiers))
	for _, t := range tiers {
		found = append(found, state.PriceTier(t))
	}
	return found
}

var (
	// ErrTaken is returned where something of the name is there already.
	ErrTaken = errors.New("sandbox: it exists already")
	// ErrOtherPrice is an [ErrTaken]: what is there costs something else, or is paid otherwise.
	ErrOtherPrice = fmt.Errorf("%w, and is another price", ErrTaken)
)

// Price names what AddPrice made.
type Price struct{ ID, ProductID string }

// AddPrice puts a price in the catalogue as if it had always been there: no
// events are sent. It fails with ErrTaken if there is one of the id or the lookup key, with
// ErrOtherPrice if that one is another, and if the price is not one that Stripe would accept.
func (s *Sandbox) AddPrice(spec PriceSpec) (Price, error) {
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	if spec.Currency == "" {
		spec.Currency = "usd"
	}
	tiers := stateTiers(spec.Tiers)
	options, err := spec.options()
	switch {
	case err != nil:
		return Price{}, err
	case spec.Product == "":
		return Price{}, fmt.Errorf("sandbox: a price needs the name of its product")
	case !wire.IsCurrency(spec.Currency):
		return Price{}, fmt.Errorf("sandbox: invalid currency %q: Stripe takes codes such as usd", spec.Currency)
	case spec.UnitAmount < 0 || spec.UnitAmount > wire.MaxAmount:
		return Price{}, fmt.Errorf("sandbox: invalid amount %d", spec.UnitAmount)
	case !slices.Contains([]string{"", "day", "week", "month", "year"}, spec.Interval):
		return Price{}, fmt.Errorf("sandbox: invalid interval %q", spec.Interval)
	case spec.IntervalCount < 0 || spec.IntervalCount > 0 && spec.Interval == "":
		return Price{}, fmt.Errorf("sandbox: invalid interval count %d", spec.IntervalCount)
	case !state.IntervalOK(spec.Interval, spec.IntervalCount):
		return Price{}, fmt.Errorf("sandbox: %d times %s is more than three years", spec.IntervalCount, spec.Interval)
	case spec.Metered && spec.Interval == "":
		return Price{}, fmt.Errorf("sandbox: a metered price needs an interval")
	case state.CheckTiers(tiers) != "":
		return Price{}, fmt.Errorf("sandbox: %s", state.CheckTiers(tiers))
	case len(spec.Tiers) > 0 && (spec.UnitAmount != 0 || !slices.Contains([]string{"graduated", "volume"}, spec.TiersMode)):
		return Price{}, fmt.Errorf("sandbox: a price with tiers is graduated or volume, and has no amount of its own")
	}
	if there := s.stripe.Prices.Get(spec.ID); spec.ID != "" && there != nil {
		return Price{}, fmt.Errorf("%w: price %s, %s", spec.taken(there), spec.ID, there.Each())
	}
	if there := s.stripe.PriceByLookupKey(spec.LookupKey); there != nil {
		return Price{}, fmt.Errorf("%w: lookup key %q is that of %s, %s", spec.taken(there), spec.LookupKey, there.ID, there.Each())
	}
	pr := s.seedProduct(spec)
	p := &state.Price{
		ID: spec.ID, Product: pr.ID, Currency: spec.Currency, LookupKey: spec.LookupKey, Active: true,
		UnitAmount: spec.UnitAmount, Interval: spec.Interval, IntervalCount: spec.IntervalCount,
		Tiers: tiers, TiersMode: spec.TiersMode, Options: options, Metadata: maps.Clone(spec.Metadata), Created: s.stripe.NowUnix(),
	}
	if spec.Metered {
		p.UsageType = "metered"
	}
	if p.ID == "" {
		p.ID = wire.NewID("price_1", 23)
	}
	if p.Recurring() && p.IntervalCount == 0 {
		p.IntervalCount = 1
	}
	s.stripe.Prices.Add(p.ID, p)
	return Price{p.ID, pr.ID}, nil
}

// taken says whether a price that is there already is the one that is wanted.
func (spec PriceSpec) taken(there *state.Price) error {
	count := spec.IntervalCount
	if spec.Interval != "" {
		count = max(count, 1)
	}
	if spec.UnitAmount != there.UnitAmount || spec.Currency != there.Currency || spec.Interval != there.Interval ||
		count != there.IntervalCount || spec.TiersMode != there.TiersMode || !slices.Equal(stateTiers(spec.Tiers), there.Tiers) {
		return ErrOtherPrice
	}
	return ErrTaken
}

func (s *Sandbox) seedProduct(spec PriceSpec) *state.Product {
	for _, pr := range s.stripe.Products.Order {
		if pr.ID == spec.ProductID || spec.ProductID == "" && pr.Name == spec.Product {
			return pr
		}
	}
	pr := &state.Product{ID: spec.ProductID, Name: spec.Product, Active: true, Created: s.stripe.NowUnix(), Updated: s.stripe.NowUnix()}
	if pr.ID == "" {
		pr.ID = wire.NewID("prod_", 14)
	}
	s.stripe.Products.Add(pr.ID, pr)
	return pr
}
