package sandbox

import (
	"fmt"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// ApplyPromotionCode has the buyer enter a code on the page of an open session that
// allows them, which takes percent off what is paid now. With 100 nothing is left
// to pay: the session ends with no_payment_required, and an invoice is paid with 0.
// For a code of the shop's own see [Buyer.EntersCode].
func (s *Sandbox) ApplyPromotionCode(sessionID string, percent int64) error {
	if percent < 1 || percent > 100 {
		return fmt.Errorf("sandbox: a promotion code takes 1 to 100 percent off, not %d", percent)
	}
	return s.withCodeField(sessionID, func(cs *state.Session) error {
		co := &state.Coupon{ID: wire.NewID("", 8), Name: fmt.Sprintf("%d%% off", percent), Percent: percent * 100, Duration: "once", Created: s.stripe.NowUnix()}
		s.stripe.Coupons.Add(co.ID, co)
		s.stripe.DiscountSession(cs, co, "")
		return nil
	})
}

// withCodeField does something with the field of a session that has one.
func (s *Sandbox) withCodeField(sessionID string, do func(*state.Session) error) error {
	return s.withSession(sessionID, func(cs *state.Session) error {
		switch {
		case !cs.OpenUntil(s.stripe.Now()):
			return fmt.Errorf("%w: %s is %s", ErrNotOpen, cs.ID, cs.Status)
		case !cs.PromotionCodes:
			return fmt.Errorf("sandbox: %s has no field for a promotion code: it was made without allow_promotion_codes", cs.ID)
		case cs.Fixed():
			return fmt.Errorf("sandbox: the invoice of %s is written", cs.ID)
		}
		return do(cs)
	})
}
