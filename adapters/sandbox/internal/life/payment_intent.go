package life

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// AddPaymentIntent keeps and announces an intent that awaits its payment.
func (s *Stripe) AddPaymentIntent(pi *state.PaymentIntent) {
	pi.ID, pi.Status, pi.Created = wire.NewID("pi_3", 23), "requires_payment_method", s.NowUnix()
	if pi.PaymentMethod != "" {
		pi.Status = "requires_confirmation"
	}
	pi.ClientSecret = wire.NewID(pi.ID+"_secret_", 25)
	s.PaymentIntents.Add(pi.ID, pi)
	s.Emit("payment_intent.created", s.Render.PaymentIntent(pi), nil)
}

// CancelIntent ends an intent that is not paid; nil is none.
func (s *Stripe) CancelIntent(pi *state.PaymentIntent) {
	if pi != nil {
		s.CancelIntentFor(pi, "automatic")
	}
}

// CancelIntentFor is cancelIntent with a reason of Stripe's.
func (s *Stripe) CancelIntentFor(pi *state.PaymentIntent, reason string) {
	pi.Status, pi.CanceledAt, pi.CancelReason = "canceled", s.NowUnix(), reason
	s.Emit("payment_intent.canceled", s.Render.PaymentIntent(pi), nil)
}
