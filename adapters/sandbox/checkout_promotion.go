package sandbox

import (
	"fmt"
	"strings"
)

// The field for a promotion code on the Checkout page.

// enterCode takes the buyer's promotion code, or says what is wrong with it, for the page.
func (s *Sandbox) enterCode(cs *session, code string) (problem string) {
	code = strings.TrimSpace(code)
	pc := s.codeFor(code, cs.customer)
	switch {
	case code == "":
		return "Please enter a promotion code."
	case pc == nil:
		return "This code is invalid."
	case !s.redeemable(pc, s.nowUnix()):
		return "This code has expired."
	case pc.firstTime && s.hasPaid(cs.customer):
		return "This code is for a first purchase only."
	}
	co := s.coupons.get(pc.coupon)
	switch {
	case co.currency != "" && co.currency != cs.currency, pc.leastCurrency != "" && pc.leastCurrency != cs.currency:
		return "This code is not for purchases in this currency."
	case s.subtotal(cs) < pc.leastAmount:
		return fmt.Sprintf("This code is for purchases of %s or more.", formatAmount(pc.leastAmount, cs.currency))
	}
	s.discountSession(cs, co, pc.id)
	return ""
}

// codeFor is the active promotion code that reads so, for the customer or for all; nil
// for none.
func (s *Sandbox) codeFor(code, customer string) *promotionCode {
	for _, pc := range s.promotionCodes.newestFirst() {
		if pc.active && strings.EqualFold(pc.code, code) && (pc.customer == "" || pc.customer == customer) {
			return pc
		}
	}
	return nil
}

// discountSession gives a session the coupon, in place of another.
func (s *Sandbox) discountSession(cs *session, co *coupon, code string) {
	s.undiscountSession(cs)
	cs.discount = s.given(co.id, code)
	cs.discount.session = cs.id
}

// undiscountSession takes the discount from a session that has not been paid for.
func (s *Sandbox) undiscountSession(cs *session) {
	if cs.discount != nil {
		s.discounts.remove(cs.discount.id)
		cs.discount = nil
	}
}

// subtotal is what the session comes to without a discount.
func (s *Sandbox) subtotal(cs *session) (sum int64) {
	for _, l := range cs.lines {
		sum += s.lineSubtotal(cs, l)
	}
	return sum
}

// promotionField is the field for a code, and what the code that was taken does.
type promotionField struct {
	AsksCode        bool
	Code, CodeError string
	Known           []string // some that there are, for who tries the sandbox
	Applied         string   // the code, or the coupon's name
	Subtotal, Off   string
	CanRemove       bool
}

func (s *Sandbox) promotionField(cs *session) promotionField {
	f := promotionField{AsksCode: cs.promotionCodes && !cs.fixed() && cs.discount == nil}
	for _, pc := range s.promotionCodes.newestFirst() {
		if pc.customer == "" && s.redeemable(pc, s.nowUnix()) && len(f.Known) < 3 {
			f.Known = append(f.Known, pc.code)
		}
	}
	if d := cs.discount; d != nil {
		f.Applied, f.CanRemove = s.coupons.get(d.coupon).name, cs.promotionCodes && !cs.fixed()
		if pc := s.promotionCodes.get(d.promotionCode); pc != nil {
			f.Applied = pc.code
		}
		if f.Applied == "" {
			f.Applied = "Discount"
		}
		subtotal := s.subtotal(cs)
		f.Subtotal, f.Off = formatAmount(subtotal, cs.currency), "−"+formatAmount(subtotal-s.total(cs), cs.currency)
	}
	return f
}

// takeCode does what the buyer asks for about a promotion code, and tells whether that was
// anything. One that was typed in and not applied is applied before anything is paid.
func (s *Sandbox) takeCode(cs *session, action, code string) (asked bool, problem string) {
	switch {
	case !cs.promotionCodes || cs.fixed():
		return false, ""
	case action == "remove":
		s.undiscountSession(cs)
		return true, ""
	case action == "apply", action == "pay" && code != "":
		return true, s.enterCode(cs, code)
	}
	return false, ""
}

// ApplyPromotionCode has the buyer enter a code on the page of an open session that
// allows them, which takes percent off what is paid now. With 100 nothing is left
// to pay: the session ends with no_payment_required, and an invoice is paid with 0.
// For a code of the shop's own see [Buyer.EntersCode].
func (s *Sandbox) ApplyPromotionCode(sessionID string, percent int64) error {
	if percent < 1 || percent > 100 {
		return fmt.Errorf("sandbox: a promotion code takes 1 to 100 percent off, not %d", percent)
	}
	return s.withCodeField(sessionID, func(cs *session) error {
		co := &coupon{id: newID("", 8), name: fmt.Sprintf("%d%% off", percent), percent: percent * 100, duration: "once", created: s.nowUnix()}
		s.coupons.add(co.id, co)
		s.discountSession(cs, co, "")
		return nil
	})
}

// withCodeField does something with the field of a session that has one.
func (s *Sandbox) withCodeField(sessionID string, do func(*session) error) error {
	return s.withSession(sessionID, func(cs *session) error {
		switch {
		case !cs.openUntil(s.now()):
			return fmt.Errorf("%w: %s is %s", ErrNotOpen, cs.id, cs.status)
		case !cs.promotionCodes:
			return fmt.Errorf("sandbox: %s has no field for a promotion code: it was made without allow_promotion_codes", cs.id)
		case cs.fixed():
			return fmt.Errorf("sandbox: the invoice of %s is written", cs.id)
		}
		return do(cs)
	})
}
