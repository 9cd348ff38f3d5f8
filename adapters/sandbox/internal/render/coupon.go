package render

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

func (r *Renderer) Coupon(co *state.Coupon) wire.Object {
	var percent any
	if co.Percent != 0 {
		percent = float64(co.Percent) / 100
	}
	return wire.Object{
		"id": co.ID, "object": "coupon", "amount_off": wire.OrNull(co.Amount), "created": co.Created, "currency": wire.OrNull(co.Currency), "duration": co.Duration,
		"duration_in_months": wire.OrNull(co.Months), "livemode": false, "max_redemptions": wire.OrNull(co.MaxRedemptions), "metadata": wire.MetadataObject(co.Metadata),
		"name": wire.OrNull(co.Name), "percent_off": percent, "redeem_by": wire.OrNull(co.RedeemBy), "times_redeemed": co.Redeemed, "valid": co.Valid(r.NowUnix()),
	}
}
