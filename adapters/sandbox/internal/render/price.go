package render

import (
	"strconv"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

func (r *Renderer) Price(p *state.Price) wire.Object {
	var recurring any
	usage, aggregate := "licensed", any(nil)
	if p.Metered() {
		usage, aggregate = "metered", "sum"
	}
	scheme, unit := "per_unit", any(p.UnitAmount)
	if len(p.Tiers) > 0 {
		scheme, unit = "tiered", nil
	}
	if p.Recurring() {
		recurring = wire.Object{
			"aggregate_usage": aggregate, "interval": p.Interval, "interval_count": p.IntervalCount, "meter": nil,
			"usage_type": usage,
		}
	}
	behavior := p.TaxBehavior
	if behavior == "" {
		behavior = "unspecified"
	}
	return wire.Object{
		"id": p.ID, "object": "price", "active": p.Active, "billing_scheme": scheme, "created": p.Created,
		"currency": p.Currency, "custom_unit_amount": nil, "livemode": false, "lookup_key": wire.OrNull(p.LookupKey),
		"metadata": wire.MetadataObject(p.Metadata), "nickname": wire.OrNull(p.Nickname), "product": p.Product,
		"recurring": recurring, "tax_behavior": behavior, "tiers_mode": wire.OrNull(p.TiersMode), "transform_quantity": nil, "type": p.Kind(),
		"unit_amount": unit, "unit_amount_decimal": p.UnitAmountDecimal(),
	}
}

func PriceTiers(p *state.Price) []wire.Object {
	out := []wire.Object{}
	for _, t := range p.Tiers {
		out = append(out, wire.Object{
			"flat_amount": wire.OrNull(t.FlatAmount), "flat_amount_decimal": wire.OrNull(decimal(t.FlatAmount)), "unit_amount": t.UnitAmount,
			"unit_amount_decimal": strconv.FormatInt(t.UnitAmount, 10), "up_to": wire.OrNull(t.UpTo),
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
