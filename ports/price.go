package ports

import (
	"math/bits"
	"slices"
)

// Tier is a part of the quantities that a tiered price has: those after the tier before it.
type Tier struct {
	UpTo       int64 // the last quantity in it; 0: it has no end
	UnitAmount int64 // minor currency units, for each
	FlatAmount int64 // minor currency units, once
}

// CurrencyOption is what a price costs in a further currency; see [StripePrice].
type CurrencyOption struct {
	Currency      string
	Amount        int64
	AmountUnknown bool
	Tiers         []Tier
}

// In is the price as it is paid in a currency, and whether it is sold in that.
func (p StripePrice) In(currency string) (StripePrice, bool) {
	if currency == p.Currency {
		return p, true
	}
	i := slices.IndexFunc(p.Options, func(o CurrencyOption) bool { return o.Currency == currency })
	if i < 0 {
		return p, false
	}
	o := p.Options[i]
	p.Currency, p.Amount, p.AmountUnknown, p.Tiers = currency, o.Amount, o.AmountUnknown, o.Tiers
	return p, true
}

// SoldIn tells whether the price is sold in a currency.
func (p StripePrice) SoldIn(currency string) bool {
	_, sold := p.In(currency)
	return sold
}

// Currencies are all that the price is sold in, its own first.
func (p StripePrice) Currencies() []string {
	all := []string{p.Currency}
	for _, o := range p.Options {
		all = append(all, o.Currency)
	}
	return all
}

// Total is what a quantity costs in the price's own currency, in minor units before discounts
// and tax, and whether that can be told: not of what is billed by use, nor of parts of a minor
// unit. In volume mode all units cost what the tier of the last one says, and otherwise each
// what its own does.
func (p StripePrice) Total(quantity int64) (int64, bool) {
	if quantity < 1 || p.Metered {
		return 0, false
	}
	if len(p.Tiers) == 0 {
		total, fits := cost(Tier{UnitAmount: p.Amount}, quantity)
		return total, fits && !p.AmountUnknown
	}
	var sum, before int64
	for _, t := range p.Tiers {
		last := t.UpTo == 0 || quantity <= t.UpTo
		if p.Volume && !last {
			continue
		}
		part := quantity
		if !p.Volume {
			part -= before
			if !last {
				part = t.UpTo - before
			}
		}
		paid, fits := cost(t, part)
		if sum += paid; !fits || sum < 0 {
			return 0, false
		}
		if last {
			return sum, true
		}
		before = t.UpTo
	}
	return 0, false // tiers with a last one that ends
}

// cost is what a quantity costs in one tier, and whether an int64 has room for it.
func cost(t Tier, quantity int64) (int64, bool) {
	high, low := bits.Mul64(uint64(max(t.UnitAmount, 0)), uint64(quantity))
	total := int64(low) + t.FlatAmount
	return total, t.UnitAmount >= 0 && high == 0 && int64(low) >= 0 && total >= 0
}
