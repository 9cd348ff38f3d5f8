package render

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

func (r *Renderer) PromotionCode(pc *state.PromotionCode) wire.Object {
	return wire.Object{
		"id": pc.ID, "object": "promotion_code", "active": r.Redeemable(pc, r.NowUnix()), "code": pc.Code, "coupon": r.Coupon(r.Coupons.Get(pc.Coupon)),
		"created": pc.Created, "customer": wire.OrNull(pc.Customer), "expires_at": wire.OrNull(pc.ExpiresAt), "livemode": false,
		"max_redemptions": wire.OrNull(pc.MaxRedemptions), "metadata": wire.MetadataObject(pc.Metadata), "promotion": wire.Object{"type": "coupon", "coupon": pc.Coupon},
		"restrictions":   wire.Object{"first_time_transaction": pc.FirstTime, "minimum_amount": wire.OrNull(pc.LeastAmount), "minimum_amount_currency": wire.OrNull(pc.LeastCurrency)},
		"times_redeemed": pc.Redeemed,
	}
}
