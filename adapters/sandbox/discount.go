package sandbox

import "fmt"

// discount is what a promotion code takes off one checkout, once.
type discount struct {
	id, couponID, session string
	percent               int64
	start                 int64
}

// off is what it takes off an amount.
func (d *discount) off(amount int64) int64 {
	if d == nil {
		return 0
	}
	return (amount*d.percent + 50) / 100
}

// reduce takes a discount off every line.
func (in *invoice) reduce(d *discount) {
	in.discount = d
	for i := range in.lines {
		in.lines[i].discount = d.off(in.lines[i].amount)
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

func (s *Sandbox) discountObject(d *discount, in *invoice) any {
	if d == nil {
		return nil
	}
	return object{
		"id": d.id, "object": "discount", "checkout_session": d.session,
		"coupon": object{
			"id": d.couponID, "object": "coupon", "amount_off": nil, "created": d.start, "currency": nil, "duration": "once",
			"duration_in_months": nil, "livemode": false, "max_redemptions": nil, "metadata": object{}, "name": fmt.Sprintf("%d%% off", d.percent),
			"percent_off": d.percent, "redeem_by": nil, "times_redeemed": 1, "valid": true,
		},
		"customer": orNull(in.customer), "end": nil, "invoice": in.id, "invoice_item": nil, "promotion_code": nil,
		"source": object{"type": "coupon", "coupon": d.couponID}, "start": d.start, "subscription": orNull(in.subscription),
	}
}

// ApplyPromotionCode has the buyer enter a code on the page of an open session that
// allows them, which takes percent off what is paid now. With 100 nothing is left
// to pay: the session ends with no_payment_required, and an invoice is paid with 0.
func (s *Sandbox) ApplyPromotionCode(sessionID string, percent int64) error {
	if percent < 1 || percent > 100 {
		return fmt.Errorf("sandbox: a promotion code takes 1 to 100 percent off, not %d", percent)
	}
	return s.withSession(sessionID, func(cs *session) error {
		switch {
		case !cs.openUntil(s.now()):
			return fmt.Errorf("%w: %s is %s", ErrNotOpen, cs.id, cs.status)
		case !cs.promotionCodes:
			return fmt.Errorf("sandbox: %s has no field for a promotion code: it was made without allow_promotion_codes", cs.id)
		case cs.attempted:
			return fmt.Errorf("sandbox: the invoice of %s is written", cs.id)
		}
		cs.discount = &discount{id: newID("di_1", 23), couponID: newID("", 8), session: cs.id, percent: percent, start: s.nowUnix()}
		return nil
	})
}
