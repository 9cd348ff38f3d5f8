package pages

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// promotionField is the field for a code, and what the code that was taken does.
type promotionField struct {
	AsksCode        bool
	Code, CodeError string
	Known           []string // some that there are, for who tries the sandbox
	Applied         string   // the code, or the coupon's name
	Subtotal, Off   string
	CanRemove       bool
}

func (s *Site) promotionField(cs *state.Session) promotionField {
	f := promotionField{AsksCode: cs.PromotionCodes && !cs.Fixed() && cs.Discount == nil}
	for _, pc := range s.PromotionCodes.NewestFirst() {
		if pc.Customer == "" && s.Redeemable(pc, s.NowUnix()) && len(f.Known) < 3 {
			f.Known = append(f.Known, pc.Code)
		}
	}
	if d := cs.Discount; d != nil {
		f.Applied, f.CanRemove = s.Coupons.Get(d.Coupon).Name, cs.PromotionCodes && !cs.Fixed()
		if pc := s.PromotionCodes.Get(d.PromotionCode); pc != nil {
			f.Applied = pc.Code
		}
		if f.Applied == "" {
			f.Applied = "Discount"
		}
		subtotal := s.Subtotal(cs)
		f.Subtotal, f.Off = wire.FormatAmount(subtotal, cs.Currency), "−"+wire.FormatAmount(subtotal-s.SessionTotal(cs), cs.Currency)
	}
	return f
}
