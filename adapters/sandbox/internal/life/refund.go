package life

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// Refund gives back a part of a charge. A card has it at once; a bank transfer
// is on its way for the time of WithDelayedAfter. The charge counts it from the
// beginning. Mu is held.
func (s *Stripe) Refund(ch *state.Charge, amount int64, reason string, metadata map[string]string) *state.Refund {
	r := &state.Refund{
		ID: wire.NewID("re_3", 23), Charge: ch.ID, PaymentIntent: ch.PaymentIntent, Currency: ch.Currency, Status: "succeeded",
		Reason: reason, Amount: amount, Metadata: metadata, Created: s.NowUnix(), ToCard: ch.MethodType == "card", Email: ch.Email,
	}
	if !r.ToCard {
		r.Status = "pending"
	}
	s.Refunds.Add(r.ID, r)
	s.Emit("refund.created", s.Render.Refund(r), nil)
	before := s.Render.Charge(ch)
	ch.Refunded += amount
	s.EmitUpdated("charge.refunded", before, s.Render.Charge(ch))
	if !r.ToCard {
		s.At(s.Now().Add(s.DelayedAfter), state.Timer{Kind: refundSettles, About: r.ID})
	}
	return r
}

// SettleRefund lets a pending refund arrive, unless it was brought to another
// end before.
func (s *Stripe) SettleRefund(r *state.Refund) {
	if r.Status == "pending" {
		s.ChangeRefund(r, func() { r.Status = "succeeded" })
	}
}

// UndoRefund ends a refund that does not reach the buyer, failed or canceled.
// What the charge says was refunded goes down again; Stripe has no event for
// that.
func (s *Stripe) UndoRefund(r *state.Refund, status, why string) {
	s.Charges.Get(r.Charge).Refunded -= r.Amount
	s.ChangeRefund(r, func() { r.Status, r.FailureReason = status, why })
	if status == "failed" {
		s.Emit("refund.failed", s.Render.Refund(r), nil)
	}
}

// ChangeRefund announces a change under both names that Stripe has for it.
func (s *Stripe) ChangeRefund(r *state.Refund, change func()) {
	before := s.Render.Refund(r)
	change()
	s.EmitUpdated("refund.updated", before, s.Render.Refund(r))
	s.EmitUpdated("charge.refund.updated", before, s.Render.Refund(r))
}
