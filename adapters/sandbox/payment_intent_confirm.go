package sandbox

// chargeIntent takes an intent's amount from the method at once, and tells whether
// it is there. pays says whether the bank lets a good method pay.
func (s *Sandbox) chargeIntent(pi *paymentIntent, pm *paymentMethod, pays bool) bool {
	s.charge(pi, pm)
	if pm.kind != "card" {
		s.process(pi)
	}
	why := pm.refusal()
	switch {
	case why == nil && !pays && pm.kind == "card":
		why = cardsByNumber[declinedCard].refuses
	case why == nil && !pays:
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

// confirmIntent has the method pay, or its amount set aside where that is asked for.
// A bank debit is on its way for the time of WithDelayedAfter. An intent of an invoice
// pays that.
func (s *Sandbox) confirmIntent(pi *paymentIntent, pm *paymentMethod) *apiError {
	in := s.invoices.get(pi.invoice)
	switch {
	case in != nil:
		if e := s.payWith(in, pm); e != nil {
			return e
		}
		return nil
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
	case !s.chargeIntent(pi, pm, true):
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
func (s *Sandbox) payWith(in *invoice, pm *paymentMethod) *apiError {
	pi := s.paymentIntents.get(in.paymentIntent)
	if !s.chargeIntent(pi, pm, true) {
		return s.paymentError(pi)
	}
	s.keepMethod(in, pm)
	s.markPaid(in)
	s.settled(in)
	return nil
}

// keepMethod makes what has paid the default of the subscription that asks for that.
func (s *Sandbox) keepMethod(in *invoice, pm *paymentMethod) {
	if sub := s.subscriptions.get(in.subscription); sub != nil && sub.saveMethod && !sub.terminal() && pm.customer == sub.customer {
		s.setMethod(sub, pm.id)
	}
}

// paymentError is the answer to a call whose payment has failed.
func (s *Sandbox) paymentError(pi *paymentIntent) *apiError {
	return pi.lastError.with(object{
		"charge": pi.latestCharge, "payment_intent": s.paymentIntentObject(pi),
		"payment_method": s.paymentMethodObject(s.paymentMethods.get(pi.failedMethod)),
	})
}

// payInvoiceWith pays an invoice with a method that the request names.
func (s *Sandbox) payInvoiceWith(c *call, in *invoice) (object, *apiError) {
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
		if e := s.payWith(in, pm); e != nil {
			return nil, e
		}
	}
	return s.invoiceObject(in), nil
}
