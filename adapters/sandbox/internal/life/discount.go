package life

import (
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// NewDiscount makes a discount of a coupon. It is redeemed where it is used.
func (s *Stripe) NewDiscount(coupon, promotionCode string) *state.Discount {
	d := &state.Discount{ID: wire.NewID("di_1", 23), Coupon: coupon, PromotionCode: promotionCode, Start: s.NowUnix()}
	if co := s.Coupons.Get(coupon); co.Duration == "repeating" {
		d.End = time.Unix(d.Start, 0).UTC().AddDate(0, int(co.Months), 0).Unix()
	}
	s.Discounts.Add(d.ID, d)
	return d
}

// redeem counts a discount that is used; nil is none.
func (s *Stripe) redeem(d *state.Discount) {
	if d == nil {
		return
	}
	s.Coupons.Get(d.Coupon).Redeemed++
	if pc := s.PromotionCodes.Get(d.PromotionCode); pc != nil {
		pc.Redeemed++
	}
}

// usedUp ends a discount of one invoice once that is reduced by it, and one whose
// months are over at t.
func (s *Stripe) usedUp(sub *state.Subscription, in *state.Invoice, t int64) {
	d := sub.Discount
	once := d != nil && s.Coupons.Get(d.Coupon).Duration == "once"
	if d == nil || once && in.Discounted() == 0 || !once && sub.DiscountAt(t) != nil {
		return
	}
	last := s.Render.Discount(d)
	sub.Discount = nil
	s.Emit("customer.discount.deleted", last, nil)
}

// GiveSubscription makes the discount the subscription's, in place of another; nil for
// none.
func (s *Stripe) GiveSubscription(sub *state.Subscription, d *state.Discount) {
	s.redeem(d)
	if old := sub.Discount; old != nil {
		s.Emit("customer.discount.deleted", s.Render.Discount(old), nil)
	}
	sub.Discount = d
	if d != nil {
		d.Subscription, d.Customer = sub.ID, sub.Customer
		s.Emit("customer.discount.created", s.Render.Discount(d), nil)
	}
}
