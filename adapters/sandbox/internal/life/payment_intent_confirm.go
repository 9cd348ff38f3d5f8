package life

import (
	"net/http"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// Attempt is how a payment is to be taken.
type Attempt struct {
	Declined      bool   // the bank does not let a good method pay
	OffSession    bool   // the owner of a card is not there
	Authenticated bool   // the owner of a card has authenticated
	FailsInstead  bool   // error_on_requires_action: it fails where the owner would be asked
	ReturnURL     string // where the owner goes on after authenticating
}

// Later is an attempt of Stripe's own, when nobody is there.
func Later(pays bool) Attempt { return Attempt{Declined: !pays, OffSession: true} }

// asks tells whether the owner of the method has to authenticate first.
func (a Attempt) asks(pm *state.PaymentMethod) bool { return !a.Authenticated && pm.Asks(a.OffSession) }

// chargeIntent takes an intent's amount from the method at once, and tells whether
// it is there. A card whose owner has to authenticate waits for that.
func (s *Stripe) chargeIntent(pi *state.PaymentIntent, pm *state.PaymentMethod, a Attempt) bool {
	if a.asks(pm) {
		s.AskOwner(pi, pm, a.ReturnURL)
		return false
	}
	pi.Authenticated = a.Authenticated
	pi.Hosted = pi.Hosted && a.Authenticated
	s.AddCharge(pi, pm)
	if pm.Kind != "card" {
		s.process(pi)
	}
	why := pm.Refusal()
	switch {
	case why == nil && a.Declined && pm.Kind == "card":
		why = state.CardsByNumber[state.DeclinedCard].Refuses
	case why == nil && a.Declined:
		why = state.DebitReturned()
	}
	if why != nil {
		s.FailPayment(pi, why)
		return false
	}
	s.SucceedPayment(pi)
	return true
}

// process tells that the money is on its way.
func (s *Stripe) process(pi *state.PaymentIntent) {
	pi.Status = "processing"
	s.Emit("charge.pending", s.Render.Charge(s.Charges.Get(pi.LatestCharge)), nil)
	s.used(pi)
	s.Emit("payment_intent.processing", s.Render.PaymentIntent(pi), nil)
}

// ConfirmIntent has the method pay, unless the owner of a card has to authenticate: then
// the intent waits, or fails where nobody is there to do so.
func (s *Stripe) ConfirmIntent(pi *state.PaymentIntent, pm *state.PaymentMethod, a Attempt) *wire.Error {
	switch {
	case !a.asks(pm):
		return s.confirmed(pi, pm, a)
	case a.FailsInstead:
		pi.PaymentMethod = pm.ID
		s.refuseIntent(pi, state.DeclinedAs("authentication_required", "authentication_not_handled",
			"This payment required an authentication action to complete, but `error_on_requires_action` was set. When you're ready, you can upgrade your integration to handle actions at https://stripe.com/docs/payments/payment-intents/upgrade-to-handle-actions."))
		return s.PaymentError(pi)
	case a.OffSession:
		s.AddCharge(pi, pm)
		s.FailPayment(pi, state.DeclinedAs("authentication_required", "authentication_required", "Your card was declined. This transaction requires authentication."))
		return s.PaymentError(pi)
	}
	s.AskOwner(pi, pm, a.ReturnURL)
	return nil
}

// confirmed has the method pay, or its amount set aside where that is asked for.
// A bank debit is on its way for the time of WithDelayedAfter. An intent of an invoice
// pays that.
func (s *Stripe) confirmed(pi *state.PaymentIntent, pm *state.PaymentMethod, a Attempt) *wire.Error {
	in := s.Invoices.Get(pi.Invoice)
	pi.Authenticated = a.Authenticated
	switch {
	case in != nil:
		return s.PayWith(in, pm, a)
	case pm.Kind != "card":
		s.AddCharge(pi, pm)
		s.process(pi)
		s.At(s.Now().Add(s.DelayedAfter), state.Timer{Kind: intentSettles, About: pi.ID, With: pm.ID})
		return nil
	case pi.Manual && pm.Refusal() == nil:
		ch := s.AddCharge(pi, pm)
		ch.Status, ch.Uncaptured = "succeeded", true
		pi.Status, pi.LastError = "requires_capture", nil
		s.Emit("charge.succeeded", s.Render.Charge(ch), nil)
		s.used(pi)
		s.Emit("payment_intent.amount_capturable_updated", s.Render.PaymentIntent(pi), nil)
		return nil
	case !s.chargeIntent(pi, pm, a):
		return s.PaymentError(pi)
	}
	return nil
}

// settleIntent brings a bank debit to its end.
func (s *Stripe) settleIntent(t state.Timer) {
	pi := s.PaymentIntents.Get(t.About)
	switch why := s.PaymentMethods.Get(t.With).Refusal(); {
	case pi.Status != "processing":
	case why != nil:
		s.FailPayment(pi, why)
	default:
		s.SucceedPayment(pi)
	}
}

// PayWith has a method pay an open invoice, and says why it does not.
func (s *Stripe) PayWith(in *state.Invoice, pm *state.PaymentMethod, a Attempt) *wire.Error {
	pi := s.PaymentIntents.Get(in.PaymentIntent)
	if !s.chargeIntent(pi, pm, a) {
		if pi.Status == "requires_action" {
			return s.NeedsAction("invoice", "the invoice", pi)
		}
		return s.PaymentError(pi)
	}
	s.keepMethod(in, pm)
	s.MarkPaid(in)
	s.InvoiceSettled(in)
	return nil
}

// keepMethod makes what has paid the default of the subscription that asks for that.
// What was filled in on the page of an invoice is kept in any case.
func (s *Stripe) keepMethod(in *state.Invoice, pm *state.PaymentMethod) {
	if s.PaymentIntents.Get(in.PaymentIntent).Hosted {
		s.KeepHosted(in, pm)
		return
	}
	if sub := s.Subscriptions.Get(in.Subscription); sub != nil && sub.SaveMethod && !sub.Terminal() && pm.Customer == sub.Customer {
		s.SetMethod(sub, pm.ID)
	}
}

// PaymentError is the answer to a call whose payment has failed.
func (s *Stripe) PaymentError(pi *state.PaymentIntent) *wire.Error {
	about := wire.Object{
		"payment_intent": s.Render.PaymentIntent(pi),
		"payment_method": s.Render.PaymentMethod(s.PaymentMethods.Get(pi.FailedMethod)),
	}
	if ch := s.Charges.Get(pi.LatestCharge); ch != nil && ch.Method == pi.FailedMethod {
		about["charge"] = ch.ID
	}
	return pi.LastError.With(about)
}

// NeedsAction is the answer to a call whose payment waits for the owner of a card. of is
// what the call was about, in the code and in the message.
func (s *Stripe) NeedsAction(of, named string, pi *state.PaymentIntent) *wire.Error {
	e := &wire.Error{Status: http.StatusPaymentRequired, Kind: "card_error", Code: of + "_payment_intent_requires_action",
		Message: "This payment requires additional user action before it can be completed successfully. Payment can be completed using the PaymentIntent associated with " + named + ". For more details see: https://stripe.com/docs/billing/subscriptions/overview#requires-action"}
	if pi == nil {
		return e
	}
	return e.With(wire.Object{"payment_intent": s.Render.PaymentIntent(pi)})
}
