package render

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// DiscountAmounts is the list of what the discounts took off.
func DiscountAmounts(d *state.Discount, amount int64) []wire.Object {
	if d == nil {
		return []wire.Object{}
	}
	return []wire.Object{{"amount": amount, "discount": d.ID}}
}

// discountOrNull is null for none.
func (r *Renderer) discountOrNull(d *state.Discount) any {
	if d == nil {
		return nil
	}
	return r.Discount(d)
}

func (r *Renderer) Discount(d *state.Discount) wire.Object {
	return wire.Object{
		"id": d.ID, "object": "discount", "checkout_session": wire.OrNull(d.Session), "coupon": r.Coupon(r.Coupons.Get(d.Coupon)),
		"customer": wire.OrNull(d.Customer), "end": wire.OrNull(d.End), "invoice": wire.OrNull(d.Invoiced), "invoice_item": nil, "promotion_code": wire.OrNull(d.PromotionCode),
		"source": wire.Object{"type": "coupon", "coupon": d.Coupon}, "start": d.Start, "subscription": wire.OrNull(d.Subscription),
	}
}
