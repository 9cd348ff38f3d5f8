package state

import (
	"strconv"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// Price is what a product costs, once or in each of its periods.
type Price struct {
	ID, Product, Currency, Nickname, LookupKey, TaxBehavior string
	Active                                                  bool
	UnitAmount                                              int64 // minor units
	Interval, UsageType                                     string
	Tiers                                                   []PriceTier
	TiersMode                                               string
	Options                                                 map[string]PriceOption // by further currencies
	IntervalCount                                           int64
	Metadata                                                map[string]string
	Created                                                 int64
}

// Recurring tells whether it is paid in periods.
func (p *Price) Recurring() bool { return p.Interval != "" }

// Metered tells whether usage is billed, after the period, instead of a quantity.
func (p *Price) Metered() bool { return p.UsageType == "metered" }

// Amount is what a quantity costs, in minor units.
func (p *Price) Amount(quantity int64) int64 {
	if len(p.Tiers) > 0 {
		return tiered(p.Tiers, p.TiersMode, quantity)
	}
	return p.UnitAmount * quantity
}

// Each says what one costs, to a reader.
func (p *Price) Each() string {
	text := "at " + wire.FormatAmount(p.UnitAmount, p.Currency)
	if len(p.Tiers) > 0 {
		text = "Tier 1 at " + wire.FormatAmount(p.Tiers[0].UnitAmount, p.Currency)
	}
	if p.Recurring() {
		text += " / " + p.Interval
	}
	return text
}

// UnitAmountDecimal is null where there is no one amount.
func (p *Price) UnitAmountDecimal() any {
	if len(p.Tiers) > 0 {
		return nil
	}
	return strconv.FormatInt(p.UnitAmount, 10)
}

// PriceByLookupKey is nil for none.
func (a *Account) PriceByLookupKey(key string) *Price {
	if key == "" {
		return nil
	}
	for _, p := range a.Prices.Order {
		if p.LookupKey == key {
			return p
		}
	}
	return nil
}

// Kind is one_time or recurring.
func (p *Price) Kind() string {
	if p.Recurring() {
		return "recurring"
	}
	return "one_time"
}

// PeriodEnd is the end of the period that t lies in, for periods of p counted
// from anchor. Counting from the anchor keeps the 31st the 31st after February.
func (p *Price) PeriodEnd(anchor, t int64) int64 {
	// No period is longer than this, so the first that may end later is found at once.
	longest := map[string]int64{"day": 1, "week": 7, "month": 31, "year": 366}[p.Interval] * p.IntervalCount * 24 * 60 * 60
	for n := 1 + int(max(t-anchor, 0)/max(longest, 1)); ; n++ {
		if end := p.periods(anchor, n*int(p.IntervalCount)); end > t {
			return end
		}
	}
}

// periods adds n intervals to t. A month that is too short ends the period on
// its last day, as at Stripe.
func (p *Price) periods(t int64, n int) int64 {
	from := time.Unix(t, 0).UTC()
	switch p.Interval {
	case "day":
		return from.AddDate(0, 0, n).Unix()
	case "week":
		return from.AddDate(0, 0, 7*n).Unix()
	case "year":
		n *= 12
	}
	to := from.AddDate(0, n, 0)
	if to.Day() != from.Day() {
		to = to.AddDate(0, 0, -to.Day())
	}
	return to.Unix()
}

// MaxQuantity is the most that Stripe sells at once.
const MaxQuantity = 999_999

// PriceTier is one tier of a price whose amount depends on the quantity.
type PriceTier struct {
	UpTo       int64 // the last quantity in it; 0 for the last tier, which has no end
	UnitAmount int64 // minor units, for each
	FlatAmount int64 // minor units, once
}

// tiered is what a quantity costs: in volume mode all of it in the tier that it
// reaches, in graduated mode each part in its own.
func tiered(tiers []PriceTier, mode string, quantity int64) int64 {
	var sum, before int64
	for _, t := range tiers {
		last := t.UpTo == 0 || quantity <= t.UpTo
		switch {
		case mode == "volume" && last:
			return t.FlatAmount + t.UnitAmount*quantity
		case mode == "graduated" && quantity > before:
			part := quantity - before
			if !last {
				part = t.UpTo - before
			}
			sum += t.FlatAmount + t.UnitAmount*part
		}
		if last {
			return sum
		}
		before = t.UpTo
	}
	return sum
}

// CheckTiers says what is wrong with the tiers, or nothing.
func CheckTiers(tiers []PriceTier) string {
	for n, t := range tiers {
		switch {
		case (t.UpTo == 0) != (n == len(tiers)-1):
			return "The last tier has no end, and every other has one."
		case n > 0 && t.UpTo != 0 && t.UpTo <= tiers[n-1].UpTo:
			return "Each tier has to end after the one before it."
		}
	}
	return ""
}

// longest is three years, the most that Stripe takes, in each kind of interval.
var longest = map[string]int64{"day": 1095, "week": 156, "month": 36, "year": 3}

// IntervalOK tells whether a price may recur so.
func IntervalOK(interval string, count int64) bool {
	return interval == "" || count <= longest[interval]
}
