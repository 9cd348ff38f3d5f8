package sandbox

import "net/http"

// attempt is how a payment is to be taken.
type attempt struct {
	declined      bool   // the bank does not let a good method pay
	offSession    bool   // the owner of a card is not there
	authenticated bool   // the owner of a card has authenticated
	failsInstead  bool   // error_on_requires_action: it fails where the owner would be asked
	returnURL     string // where the owner goes on after authenticating
}

// later is an attempt of Stripe's own, when nobody is there.
func later(pays bool) attempt { return attempt{declined: !pays, offSession: true} }

// asks tells whether the owner of the method has to authenticate first.
func (a attempt) asks(pm *paymentMethod) bool { return !a.authenticated && pm.asks(a.offSession) }

// chargeIntent takes an intent's amount from the method at once, and tells whether
// it is there. A card whose owner has to authenticate waits for that.
func (s *Sandbox) chargeIntent(pi *paymentIntent, pm *paymentMethod, a attempt) bool {
	if a.asks(pm) {
		s.askOwner(pi, pm, a.returnURL)
		return false
	}
	pi.authenticated = a.authenticated
	pi.hosted = pi.hosted && a.authenticated
	s.charge(pi, pm)
	if pm.kind != "card" {
		s.process(pi)
	}
	why := pm.refusal()
	switch {
	case why == nil && a.declined && pm.kind == "card":
		why = cardsByNumber[declinedCard].refuses
	case why == nil && a.declined:
		why = debitReturned()
	}
	if why != nil {
		s.fail(pi, why)
		return false
	}
	s.succeed(pi)
	return true
}

// process tells that the money is on its way.
func (s *Sandbox) process(pi *paymentIntent) {
	pi.status = "processing"
	s.emit("charge.pending", s.chargeObject(s.charges.get(pi.latestCharge)), nil)
	s.used(pi)
	s.emit("payment_intent.processing", s.paymentIntentObject(pi), nil)
}

// confirmIntent has the method pay, unless the owner of a card has to authenticate: then
// the intent waits, or fails where nobody is there to do so.
func (s *Sandbox) confirmIntent(pi *paymentIntent, pm *paymentMethod, a attempt) *apiError {
	switch {
	case !a.asks(pm):
		return s.confirmed(pi, pm, a)
	case a.failsInstead:
		pi.paymentMethod = pm.id
		s.refuseIntent(pi, declinedAs("authentication_required", "authentication_not_handled",
			"This payment required an authentication action to complete, but `error_on_requires_action` was set. When you're ready, you can upgrade your integration to handle actions at https://stripe.com/docs/payments/payment-intents/upgrade-to-handle-actions."))
		return s.paymentError(pi)
	case a.offSession:
		s.charge(pi, pm)
		s.fail(pi, declinedAs("authentication_required", "authentication_required", "Your card was declined. This transaction requires authentication."))
		return s.paymentError(pi)
	}
	s.askOwner(pi, pm, a.returnURL)
	return nil
}

// confirmed has the method pay, or its amount set aside where that is asked for.
// A bank debit is on its way for the time of WithDelayedAfter. An intent of an invoice
// pays that.
func (s *Sandbox) confirmed(pi *paymentIntent, pm *paymentMethod, a attempt) *apiError {
	in := s.invoices.get(pi.invoice)
	pi.authenticated = a.authenticated
	switch {
	case in != nil:
		return s.payWith(in, pm, a)
	case pm.kind != "card":
		s.charge(pi, pm)
		s.process(pi)
		s.at(s.now().Add(s.delayedAfter), func() { s.settleIntent(pi, pm) })
		return nil
	case pi.manual && pm.refusal() == nil:
		ch := s.charge(pi, pm)
		ch.status, ch.uncaptured = "succeeded", true
		pi.status, pi.lastError = "requires_capture", nil
		s.emit("charge.succeeded", s.chargeObject(ch), nil)
		s.used(pi)
		s.emit("payment_intent.amount_capturable_updated", s.paymentIntentObject(pi), nil)
		return nil
	case !s.chargeIntent(pi, pm, a):
		return s.paymentError(pi)
	}
	return nil
}

// settleIntent brings a bank debit to its end.
func (s *Sandbox) settleIntent(pi *paymentIntent, pm *paymentMethod) {
	switch why := pm.refusal(); {
	case pi.status != "processing":
	case why != nil:
		s.fail(pi, why)
	default:
		s.succeed(pi)
	}
}

// payWith has a method pay an open invoice, and says why it does not.
func (s *Sandbox) payWith(in *invoice, pm *paymentMethod, a attempt) *apiError {
	pi := s.paymentIntents.get(in.paymentIntent)
	if !s.chargeIntent(pi, pm, a) {
		if pi.status == "requires_action" {
			return s.needsAction("invoice", "the invoice", pi)
		}
		return s.paymentError(pi)
	}
	s.keepMethod(in, pm)
	s.markPaid(in)
	s.settled(in)
	return nil
}

// keepMethod makes what has paid the default of the subscription that asks for that.
// What was filled in on the page of an invoice is kept in any case.
func (s *Sandbox) keepMethod(in *invoice, pm *paymentMethod) {
	if s.paymentIntents.get(in.paymentIntent).hosted {
		s.keepHosted(in, pm)
		return
	}
	if sub := s.subscriptions.get(in.subscription); sub != nil && sub.saveMethod && !sub.terminal() && pm.customer == sub.customer {
		s.setMethod(sub, pm.id)
	}
}

// paymentError is the answer to a call whose payment has failed.
func (s *Sandbox) paymentError(pi *paymentIntent) *apiError {
	about := object{
		"payment_intent": s.paymentIntentObject(pi),
		"payment_method": s.paymentMethodObject(s.paymentMethods.get(pi.failedMethod)),
	}
	if ch := s.charges.get(pi.latestCharge); ch != nil && ch.method == pi.failedMethod {
		about["charge"] = ch.id
	}
	return pi.lastError.with(about)
}

// needsAction is the answer to a call whose payment waits for the owner of a card. of is
// what the call was about, in the code and in the message.
func (s *Sandbox) needsAction(of, named string, pi *paymentIntent) *apiError {
	e := &apiError{status: http.StatusPaymentRequired, kind: "card_error", code: of + "_payment_intent_requires_action",
		message: "This payment requires additional user action before it can be completed successfully. Payment can be completed using the PaymentIntent associated with " + named + ". For more details see: https://stripe.com/docs/billing/subscriptions/overview#requires-action"}
	if pi == nil {
		return e
	}
	return e.with(object{"payment_intent": s.paymentIntentObject(pi)})
}

// payInvoiceWith pays an invoice with a method that the request names.
func (s *Sandbox) payInvoiceWith(c *call, in *invoice, a attempt) (object, *apiError) {
	pm := s.paymentMethods.get(s.readMethod(c, "payment_method", in.customer, ""))
	switch {
	case c.err != nil:
		return nil, c.err
	case pm == nil:
		return nil, missingParam("payment_method")
	case in.paymentIntent == "":
		s.markPaid(in)
		s.settled(in)
	default:
		if e := s.payWith(in, pm, a); e != nil {
			return nil, e
		}
	}
	return s.invoiceObject(in), nil
}
