package sandbox

import "time"

// discount is a coupon that was given: to a checkout, an invoice or a subscription.
type discount struct {
	id, coupon, promotionCode                 string
	customer, session, subscription, invoiced string
	start, end                                int64 // end is 0 for one that lasts, or is used up by one invoice
}

// given makes a discount of a coupon. It is redeemed where it is used.
func (s *Sandbox) given(coupon, promotionCode string) *discount {
	d := &discount{id: newID("di_1", 23), coupon: coupon, promotionCode: promotionCode, start: s.nowUnix()}
	if co := s.coupons.get(coupon); co.duration == "repeating" {
		d.end = time.Unix(d.start, 0).UTC().AddDate(0, int(co.months), 0).Unix()
	}
	s.discounts.add(d.id, d)
	return d
}

// redeem counts a discount that is used; nil is none.
func (s *Sandbox) redeem(d *discount) {
	if d == nil {
		return
	}
	s.coupons.get(d.coupon).redeemed++
	if pc := s.promotionCodes.get(d.promotionCode); pc != nil {
		pc.redeemed++
	}
}

// off is what it takes off each of several amounts. Nothing is taken off a credit, and
// no amount becomes less than nothing.
func (s *Sandbox) off(d *discount, amounts []int64) []int64 {
	out := make([]int64, len(amounts))
	if d == nil {
		return out
	}
	co := s.coupons.get(d.coupon)
	var all int64
	for i, amount := range amounts {
		out[i] = (max(0, amount)*co.percent + 5_000) / 10_000
		all += max(0, amount)
	}
	if co.amount == 0 || all == 0 {
		return out
	}
	// An amount is shared out by what the lines come to.
	left, rest := min(co.amount, all), all
	for i, amount := range amounts {
		amount = max(0, amount)
		if rest > 0 {
			out[i] = (left*amount + rest/2) / rest
		}
		left, rest = left-out[i], rest-amount
	}
	return out
}

// reduce takes a discount off every line that is no proration.
func (s *Sandbox) reduce(in *invoice, d *discount) {
	in.discount = d
	amounts := make([]int64, len(in.lines))
	for i, l := range in.lines {
		if !l.proration {
			amounts[i] = l.amount
		}
	}
	for i, off := range s.off(d, amounts) {
		in.lines[i].discount = off
	}
}

// discountAt is the subscription's discount if it still lasts at t, else nil.
func (sub *subscription) discountAt(t int64) *discount {
	if d := sub.discount; d != nil && (d.end == 0 || t < d.end) {
		return d
	}
	return nil
}

// usedUp ends a discount of one invoice once that is reduced by it, and one whose
// months are over at t.
func (s *Sandbox) usedUp(sub *subscription, in *invoice, t int64) {
	d := sub.discount
	once := d != nil && s.coupons.get(d.coupon).duration == "once"
	if d == nil || once && in.discounted() == 0 || !once && sub.discountAt(t) != nil {
		return
	}
	last := s.discountObject(d)
	sub.discount = nil
	s.emit("customer.discount.deleted", last, nil)
}

// giveSubscription makes the discount the subscription's, in place of another; nil for
// none.
func (s *Sandbox) giveSubscription(sub *subscription, d *discount) {
	s.redeem(d)
	if old := sub.discount; old != nil {
		s.emit("customer.discount.deleted", s.discountObject(old), nil)
	}
	sub.discount = d
	if d != nil {
		d.subscription, d.customer = sub.id, sub.customer
		s.emit("customer.discount.created", s.discountObject(d), nil)
	}
}

// ids is the list of the discounts, as ids.
func (d *discount) ids() []string {
	if d == nil {
		return []string{}
	}
	return []string{d.id}
}

// amounts is the list of what the discounts took off.
func (d *discount) amounts(amount int64) []object {
	if d == nil {
		return []object{}
	}
	return []object{{"amount": amount, "discount": d.id}}
}

// discountOrNull is null for none.
func (s *Sandbox) discountOrNull(d *discount) any {
	if d == nil {
		return nil
	}
	return s.discountObject(d)
}

func (s *Sandbox) discountObject(d *discount) object {
	return object{
		"id": d.id, "object": "discount", "checkout_session": orNull(d.session), "coupon": s.couponObject(s.coupons.get(d.coupon)),
		"customer": orNull(d.customer), "end": orNull(d.end), "invoice": orNull(d.invoiced), "invoice_item": nil, "promotion_code": orNull(d.promotionCode),
		"source": object{"type": "coupon", "coupon": d.coupon}, "start": d.start, "subscription": orNull(d.subscription),
	}
}

// choice is a coupon, or a promotion code of one, that a request names.
type choice struct{ coupon, promotionCode string }

// readChoice reads one of a coupon and a promotion code, by the names of their
// parameters, for the customer; nil for neither.
func (s *Sandbox) readChoice(c *call, couponName, codeName, customer, currency string) *choice {
	id, code := c.text(couponName), c.text(codeName)
	ch := &choice{id, code}
	if id == "" && code == "" || c.err != nil {
		return nil
	}
	if id != "" && code != "" {
		c.fail(invalid(couponName, "parameters_exclusive", "You may only specify one of these parameters: coupon, promotion_code."))
		return nil
	}
	if pc := s.promotionCodes.get(code); code != "" {
		switch {
		case pc == nil:
			c.fail(missingReference("promotion code", code, codeName))
			return nil
		case !s.redeemable(pc, s.nowUnix()):
			c.fail(invalid(codeName, "promotion_code_expired", "This promotion code is not active: %s", pc.code))
		case pc.customer != "" && pc.customer != customer:
			c.fail(invalid(codeName, "", "This promotion code cannot be redeemed by this customer."))
		case pc.firstTime && s.hasPaid(customer):
			c.fail(invalid(codeName, "", "This promotion code cannot be redeemed because the associated customer has prior transactions."))
		case pc.leastAmount != 0:
			c.fail(invalid(codeName, "", "Stripe has promotion codes with a minimum amount, the sandbox does not redeem them yet."))
		}
		ch.coupon = pc.coupon
	}
	co := s.liveCoupon(ch.coupon)
	switch {
	case co == nil:
		c.fail(missingReference("coupon", ch.coupon, couponName))
	case !co.valid(s.nowUnix()):
		c.fail(expired(couponName, "Coupon", co.id))
	case co.currency != "" && currency != "" && co.currency != currency:
		c.fail(invalid(couponName, "", "The coupon %s is of %s, which is not the currency of this: %s.", co.id, co.currency, currency))
	}
	return ch
}

// hasPaid tells whether the customer has ever paid something.
func (s *Sandbox) hasPaid(customer string) bool {
	for _, ch := range s.charges.order {
		if customer != "" && ch.customer == customer && ch.status == "succeeded" {
			return true
		}
	}
	return false
}

// refusesProration refuses to prorate under a discount, of which it is not known what
// Stripe makes in every case.
func (s *Sandbox) refusesProration(c *call, sub *subscription, behavior string) {
	if c.hasAny("items") && behavior != "none" && sub.status != "trialing" && sub.discountAt(s.nowUnix()) != nil {
		c.fail(invalid("proration_behavior", "", "Stripe prorates under a discount, the sandbox does not yet: use proration_behavior=none."))
	}
}

// readSubscriptionChoice reads what a subscription is to be discounted by, nil for
// nothing. What was one coupon or code became a list.
func (s *Sandbox) readSubscriptionChoice(c *call, customer, currency string) *choice {
	if len(c.indexes("discounts")) > 1 {
		c.fail(invalid("discounts", "", "Stripe takes several discounts, the sandbox takes one."))
	}
	if c.hasAny("discounts") {
		return s.readChoice(c, "discounts[0][coupon]", "discounts[0][promotion_code]", customer, currency)
	}
	return s.readChoice(c, "coupon", "promotion_code", customer, currency)
}

// deleteSubscriptionDiscount takes a subscription's discount away.
func (s *Sandbox) deleteSubscriptionDiscount(c *call) (object, *apiError) {
	sub := s.subscriptions.get(c.id)
	switch {
	case sub == nil:
		return nil, notFound("subscription", c.id, "subscription_exposed_id")
	case sub.discount == nil:
		return nil, notFound("discount", c.id, "discount")
	}
	before, last := s.subscriptionObject(sub), s.discountObject(sub.discount)
	s.giveSubscription(sub, nil)
	s.emitUpdated("customer.subscription.updated", before, s.subscriptionObject(sub))
	delete(last, "end")
	last["deleted"] = true
	return last, nil
}
