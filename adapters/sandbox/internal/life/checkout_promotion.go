package life

import (
	"fmt"
	"strings"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// The field for a promotion code on the Checkout page.

// EnterCode takes the buyer's promotion code, or says what is wrong with it, for the page.
func (s *Stripe) EnterCode(cs *state.Session, code string) (problem string) {
	code = strings.TrimSpace(code)
	pc := s.codeFor(code, cs.Customer)
	switch {
	case code == "":
		return "Please enter a promotion code."
	case pc == nil:
		return "This code is invalid."
	case !s.Redeemable(pc, s.NowUnix()):
		return "This code has expired."
	case pc.FirstTime && s.HasPaid(cs.Customer):
		return "This code is for a first purchase only."
	}
	co := s.Coupons.Get(pc.Coupon)
	switch {
	case co.Currency != "" && co.Currency != cs.Currency, pc.LeastCurrency != "" && pc.LeastCurrency != cs.Currency:
		return "This code is not for purchases in this currency."
	case s.Subtotal(cs) < pc.LeastAmount:
		return fmt.Sprintf("This code is for purchases of %s or more.", wire.FormatAmount(pc.LeastAmount, cs.Currency))
	}
	s.DiscountSession(cs, co, pc.ID)
	return ""
}

// codeFor is the active promotion code that reads so, for the customer or for all; nil
// for none.
func (s *Stripe) codeFor(code, customer string) *state.PromotionCode {
	for _, pc := range s.PromotionCodes.NewestFirst() {
		if pc.Active && strings.EqualFold(pc.Code, code) && (pc.Customer == "" || pc.Customer == customer) {
			return pc
		}
	}
	return nil
}

// DiscountSession gives a session the coupon, in place of another.
func (s *Stripe) DiscountSession(cs *state.Session, co *state.Coupon, code string) {
	s.undiscountSession(cs)
	cs.Discount = s.NewDiscount(co.ID, code)
	cs.Discount.Session = cs.ID
}

// undiscountSession takes the discount from a session that has not been paid for.
func (s *Stripe) undiscountSession(cs *state.Session) {
	if cs.Discount != nil {
		s.Discounts.Remove(cs.Discount.ID)
		cs.Discount = nil
	}
}

// TakeCode does what the buyer asks for about a promotion code, and tells whether that was
// anything. One that was typed in and not applied is applied before anything is paid.
func (s *Stripe) TakeCode(cs *state.Session, action, code string) (asked bool, problem string) {
	switch {
	case !cs.PromotionCodes || cs.Fixed():
		return false, ""
	case action == "remove":
		s.undiscountSession(cs)
		return true, ""
	case action == "apply", action == "pay" && code != "":
		return true, s.EnterCode(cs, code)
	}
	return false, ""
}
