package api

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// choice is a coupon, or a promotion code of one, that a request names.
type choice struct{ coupon, promotionCode string }

// readChoice reads one of a coupon and a promotion code, by the names of their
// parameters, for the customer; nil for neither.
func (s *Server) readChoice(c *Call, couponName, codeName, customer, currency string) *choice {
	id, code := c.Text(couponName), c.Text(codeName)
	ch := &choice{id, code}
	if id == "" && code == "" || c.Err != nil {
		return nil
	}
	if id != "" && code != "" {
		c.Fail(wire.Invalid(couponName, "parameters_exclusive", "You may only specify one of these parameters: coupon, promotion_code."))
		return nil
	}
	if pc := s.PromotionCodes.Get(code); code != "" {
		switch {
		case pc == nil:
			c.Fail(wire.MissingReference("promotion code", code, codeName))
			return nil
		case !s.Redeemable(pc, s.NowUnix()):
			c.Fail(wire.Invalid(codeName, "promotion_code_expired", "This promotion code is not active: %s", pc.Code))
		case pc.Customer != "" && pc.Customer != customer:
			c.Fail(wire.Invalid(codeName, "", "This promotion code cannot be redeemed by this customer."))
		case pc.FirstTime && s.HasPaid(customer):
			c.Fail(wire.Invalid(codeName, "", "This promotion code cannot be redeemed because the associated customer has prior transactions."))
		case pc.LeastAmount != 0:
			c.Fail(wire.Invalid(codeName, "", "Stripe has promotion codes with a minimum amount, the sandbox does not redeem them yet."))
		}
		ch.coupon = pc.Coupon
	}
	co := s.LiveCoupon(ch.coupon)
	switch {
	case co == nil:
		c.Fail(wire.MissingReference("coupon", ch.coupon, couponName))
	case !co.Valid(s.NowUnix()):
		c.Fail(expired(couponName, "Coupon", co.ID))
	case co.Currency != "" && currency != "" && co.Currency != currency:
		c.Fail(wire.Invalid(couponName, "", "The coupon %s is of %s, which is not the currency of this: %s.", co.ID, co.Currency, currency))
	}
	return ch
}

// refusesProration refuses to prorate under a discount, of which it is not known what
// Stripe makes in every case.
func (s *Server) refusesProration(c *Call, sub *state.Subscription, behavior string) {
	if c.HasAny("items") && behavior != "none" && sub.Status != "trialing" && sub.DiscountAt(s.NowUnix()) != nil {
		c.Fail(wire.Invalid("proration_behavior", "", "Stripe prorates under a discount, the sandbox does not yet: use proration_behavior=none."))
	}
}

// readSubscriptionChoice reads what a subscription is to be discounted by, nil for
// nothing. What was one coupon or code became a list.
func (s *Server) readSubscriptionChoice(c *Call, customer, currency string) *choice {
	if len(c.Indexes("discounts")) > 1 {
		c.Fail(wire.Invalid("discounts", "", "Stripe takes several discounts, the sandbox takes one."))
	}
	if c.HasAny("discounts") {
		return s.readChoice(c, "discounts[0][coupon]", "discounts[0][promotion_code]", customer, currency)
	}
	return s.readChoice(c, "coupon", "promotion_code", customer, currency)
}

// deleteSubscriptionDiscount takes a subscription's discount away.
func (s *Server) deleteSubscriptionDiscount(c *Call) (wire.Object, *wire.Error) {
	sub := s.Subscriptions.Get(c.id)
	switch {
	case sub == nil:
		return nil, wire.NotFound("subscription", c.id, "subscription_exposed_id")
	case sub.Discount == nil:
		return nil, wire.NotFound("discount", c.id, "discount")
	}
	before, last := s.Render.Subscription(sub), s.Render.Discount(sub.Discount)
	s.GiveSubscription(sub, nil)
	s.EmitUpdated("customer.subscription.updated", before, s.Render.Subscription(sub))
	delete(last, "end")
	last["deleted"] = true
	return last, nil
}
