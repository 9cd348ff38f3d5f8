package render

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// Plan is a recurring price as it was shown before.
func Plan(p *state.Price) wire.Object {
	usage, aggregate := "licensed", any(nil)
	if p.Metered() {
		usage, aggregate = "metered", "sum"
	}
	scheme, amount := "per_unit", any(p.UnitAmount)
	if len(p.Tiers) > 0 {
		scheme, amount = "tiered", nil
	}
	return wire.Object{
		"id": p.ID, "object": "plan", "active": p.Active, "aggregate_usage": aggregate, "amount": amount, "amount_decimal": p.UnitAmountDecimal(),
		"billing_scheme": scheme, "created": p.Created, "currency": p.Currency, "interval": p.Interval, "interval_count": p.IntervalCount,
		"livemode": false, "metadata": wire.MetadataObject(p.Metadata), "meter": nil, "nickname": wire.OrNull(p.Nickname), "product": p.Product,
		"tiers_mode": wire.OrNull(p.TiersMode), "transform_usage": nil, "trial_period_days": nil, "usage_type": usage,
	}
}
