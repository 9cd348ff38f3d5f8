package sandbox

import (
	"fmt"
	"strconv"
)

// priceTier is one tier of a price whose amount depends on the quantity.
type priceTier struct {
	UpTo       int64 // the last quantity in it; 0 for the last tier, which has no end
	UnitAmount int64 // minor units, for each
	FlatAmount int64 // minor units, once
}

// tiered is what a quantity costs: in volume mode all of it in the tier that it
// reaches, in graduated mode each part in its own.
func tiered(tiers []priceTier, mode string, quantity int64) int64 {
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

// readTiers reads tiers[0][up_to] ..., of which the last is up to "inf".
func readTiers(c *call) []priceTier {
	var tiers []priceTier
	at := c.indexes("tiers")
	for n, i := range at {
		name := fmt.Sprintf("tiers[%d]", i)
		t := priceTier{UnitAmount: c.integer(name+"[unit_amount]", 0, maxAmount), FlatAmount: c.integer(name+"[flat_amount]", 0, maxAmount)}
		switch end := c.required(name + "[up_to]"); {
		case end == "inf" && n < len(at)-1, end != "inf" && n == len(at)-1:
			c.fail(invalid("tiers", "", "The last tier's `up_to` has to be `inf`, and no other's."))
		case end != "inf":
			t.UpTo = c.integer(name+"[up_to]", 1, 1<<40)
		}
		tiers = append(tiers, t)
	}
	if e := checkTiers(tiers); e != "" {
		c.fail(invalid("tiers", "", "%s", e))
	}
	return tiers
}

// checkTiers says what is wrong with the tiers, or nothing.
func checkTiers(tiers []priceTier) string {
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

func (p *price) tierObjects() []object {
	out := []object{}
	for _, t := range p.tiers {
		out = append(out, object{
			"flat_amount": orNull(t.FlatAmount), "flat_amount_decimal": orNull(decimal(t.FlatAmount)), "unit_amount": t.UnitAmount,
			"unit_amount_decimal": strconv.FormatInt(t.UnitAmount, 10), "up_to": orNull(t.UpTo),
		})
	}
	return out
}

func decimal(amount int64) string {
	if amount == 0 {
		return ""
	}
	return strconv.FormatInt(amount, 10)
}
