package sandbox

import (
	"net/http"
	"time"
)

// payment is what a buyer chose: a test card, or a bank debit that settles
// later. Neither means that there was nothing to pay.
type payment struct {
	card        string    // number, digits alone
	expiry      time.Time // last month of the card; some years ahead if zero
	settles     string    // "succeeds" or "fails" for a bank debit
	email, name string
}

// pay is an attempt of the buyer to complete an open session. A declined card
// leaves it open. mu is held.
func (s *Sandbox) pay(cs *session, p payment) *apiError {
	card, due := cardsByNumber[p.card], s.total(cs) > 0
	switch {
	case p.settles == "" && card == nil && (due || p.card != "" || cs.mode == "setup"):
		return unknownCard()
	case card != nil && !due && cs.mode != "setup" && card.refusesKeeping() != nil:
		return card.refuses // a card that is only kept for later is checked too
	}
	if p.email != "" || p.name != "" {
		cs.buyerEmail, cs.buyerName = p.email, p.name
	}
	return s.payBy(cs, s.methodPaid(p, cs.currency), p.settles, false)
}

// payBy pays with a method, nil for none. A card whose owner has to authenticate leaves
// the session open, waiting for that, unless the owner has done so.
func (s *Sandbox) payBy(cs *session, pm *paymentMethod, settles string, authenticated bool) *apiError {
	cs.asking = ""
	asks := pm != nil && !authenticated && pm.asks(false)
	switch {
	case cs.mode == "setup":
		return s.setUp(cs, pm, asks)
	case asks && s.total(cs) == 0:
		cs.asking = pm.id // before there is anything to pay for
		return asksOwner(cs.id)
	case !cs.attempted:
		s.prepare(cs, pm)
	}
	pi := s.paymentIntents.get(cs.paymentIntent)
	if pi != nil {
		pi.authenticated = authenticated
		if cs.subscribesLater() {
			pi.amount = s.firstDue(cs) // which may have changed since the last attempt
		}
	}
	switch {
	case pi == nil:
		s.complete(cs, "no_payment_required")
	case asks:
		cs.asking = pm.id
		s.askOwner(pi, pm, "")
		return asksOwner(cs.id)
	case settles != "":
		s.debit(cs, pi, pm, settles)
	case pm.refusal() != nil:
		s.charge(pi, pm)
		s.fail(pi, pm.refusal())
		return pm.refusal()
	default:
		s.charge(pi, pm)
		s.collected(cs, pi)
		s.complete(cs, "paid")
	}
	return nil
}

// prepare makes what the first attempt to pay makes at 2023-10-16: customer,
// subscription with its invoice, and payment intent. Later attempts use them.
func (s *Sandbox) prepare(cs *session, pm *paymentMethod) {
	cs.attempted = true
	s.prepareCustomer(cs)
	if cs.mode == "subscription" {
		if !s.prepareLater(cs) {
			s.prepareSubscription(cs, pm)
		}
		return
	}
	s.redeem(cs.discount)
	if total := s.total(cs); total > 0 {
		pi := &paymentIntent{
			customer: cs.customer, currency: cs.currency, amount: total, description: cs.dataDescription,
			metadata: cs.dataMetadata, methodTypes: cs.paymentMethodTypes,
			setupFutureUsage: cs.setupFutureUsage, shipping: cs.shipping,
		}
		s.addPaymentIntent(pi)
		cs.paymentIntent = pi.id
	}
}

func (s *Sandbox) prepareCustomer(cs *session) {
	if cu := s.customers.get(cs.customer); cu != nil {
		if cs.customerUpdate["name"] == "auto" && cs.buyerName != "" {
			before := s.customerObject(cu)
			cu.name = cs.buyerName
			s.emitUpdated("customer.updated", before, s.customerObject(cu))
		}
		return
	}
	if cs.customerCreation != "always" && !cs.invoiceCreation && cs.setupFutureUsage == "" {
		return // a guest, of whom nothing has to be kept
	}
	cu := newCustomer(s.nowUnix())
	cu.name, cu.email = cs.buyerName, cs.buyerEmail
	if cu.email == "" {
		cu.email = cs.customerEmail
	}
	s.customers.add(cu.id, cu)
	cs.customer = cu.id
	s.emit("customer.created", s.customerObject(cu), nil)
}

func (s *Sandbox) onceLine(l sessionLine, now int64) invoiceLine {
	p := s.prices.get(l.price)
	return invoiceLine{
		price: l.price, quantity: l.quantity, amount: p.amount(l.quantity), start: now, end: now,
		description: s.products.get(p.product).name,
	}
}

// charge adds a pending charge of the method for the intent.
func (s *Sandbox) charge(pi *paymentIntent, pm *paymentMethod) *charge {
	ch := &charge{
		id: newID("ch_3", 23), paymentIntent: pi.id, invoice: pi.invoice, customer: pi.customer, currency: pi.currency,
		description: pi.description, amount: pi.amount, metadata: pi.metadata, created: s.nowUnix(),
		status: "pending", shipping: pi.shipping, email: pm.email, method: pm.id, methodType: pm.kind, billing: pm.billing(), paidWith: pm.paidWith(),
	}
	if pi.authenticated && pm.kind == "card" {
		ch.paidWith["card"].(object)["three_d_secure"] = authenticatedDetails()
	}
	pi.authenticated = false // it was for this charge
	s.charges.add(ch.id, ch)
	pi.latestCharge, pi.paymentMethod = ch.id, pm.id
	if in := s.invoices.get(pi.invoice); in != nil {
		in.charge = ch.id
		in.attempts++
	}
	return ch
}

// succeed settles the intent's latest charge.
func (s *Sandbox) succeed(pi *paymentIntent) {
	ch := s.charges.get(pi.latestCharge)
	ch.status, pi.status, pi.lastError = "succeeded", "succeeded", nil
	s.emit("charge.succeeded", s.chargeObject(ch), nil)
	s.used(pi)
	s.emit("payment_intent.succeeded", s.paymentIntentObject(pi), nil)
	s.disputeSoon(pi, s.paymentMethods.get(pi.paymentMethod).number)
}

// used keeps the method for the customer if the intent asks for that. What is not
// anybody's then cannot be used again.
func (s *Sandbox) used(pi *paymentIntent) {
	pm := s.paymentMethods.get(pi.paymentMethod)
	pm.setUp = pm.setUp || pi.setupFutureUsage == "off_session"
	switch {
	case pm.customer != "":
	case pi.customer != "" && pi.setupFutureUsage != "":
		s.attach(pm, pi.customer)
	default:
		pm.spent = true
	}
}

// fail fails the intent's latest charge; its invoice stays open.
func (s *Sandbox) fail(pi *paymentIntent, why *apiError) {
	s.failCharge(pi, why)
	if in := s.invoices.get(pi.invoice); in != nil {
		s.planAttempt(in)
		s.emit("invoice.payment_failed", s.invoiceObject(in), nil)
	}
}

func (s *Sandbox) failCharge(pi *paymentIntent, why *apiError) {
	ch := s.charges.get(pi.latestCharge)
	ch.status, ch.failureCode, ch.failureMessage, ch.declineCode = "failed", why.code, why.message, why.decline
	s.emit("charge.failed", s.chargeObject(ch), nil)
	s.refuseIntent(pi, why)
}

// refuseIntent ends an attempt to pay: the intent wants another method.
func (s *Sandbox) refuseIntent(pi *paymentIntent, why *apiError) {
	pi.status, pi.lastError, pi.failedMethod, pi.paymentMethod = "requires_payment_method", why, pi.paymentMethod, ""
	s.emit("payment_intent.payment_failed", s.paymentIntentObject(pi), nil)
}

// collected is what follows from the money being there.
func (s *Sandbox) collected(cs *session, pi *paymentIntent) {
	if cs.invoiceCreation {
		// The invoice of a one-time payment is made once it is paid.
		in := &invoice{customer: cs.customer, currency: cs.currency, billingReason: "manual", periodStart: s.nowUnix(), periodEnd: s.nowUnix()}
		for _, l := range cs.lines {
			in.lines = append(in.lines, s.onceLine(l, s.nowUnix()))
		}
		s.reduce(in, cs.discount)
		in.pay(pi.id, s.nowUnix())
		in.charge = pi.latestCharge
		s.addInvoice(in)
		cs.invoice, pi.invoice = in.id, in.id
		if cs.discount != nil {
			cs.discount.invoiced, cs.discount.customer = in.id, in.customer
		}
		s.charges.get(pi.latestCharge).invoice = in.id
		s.finalize(in, "", nil)
	}
	s.succeed(pi)
	s.subscribe(cs, pi)
	if in := s.invoices.get(pi.invoice); in != nil {
		s.markPaid(in)
	}
	s.start(cs)
}

// start makes the session's subscription live, unless it is so or ended, with what
// paid for it as its payment method.
func (s *Sandbox) start(cs *session) {
	sub := s.subscriptions.get(cs.subscription)
	if sub == nil || sub.status != "incomplete" {
		return
	}
	s.changeSubscription(sub, func() {
		sub.status, sub.defaultMethod = sub.startStatus(), s.paymentIntents.get(cs.paymentIntent).paymentMethod
	})
}

func (s *Sandbox) complete(cs *session, paymentStatus string) {
	cs.status, cs.paymentStatus, cs.url = "complete", paymentStatus, ""
	cs.completed = s.emit("checkout.session.completed", s.sessionObject(cs), nil)
}

// debit completes the session before the money is there: the subscription is
// active at once, as it is at Stripe.
func (s *Sandbox) debit(cs *session, pi *paymentIntent, pm *paymentMethod, settles string) {
	ch := s.charge(pi, pm)
	pi.status = "processing"
	s.emit("charge.pending", s.chargeObject(ch), nil)
	s.used(pi)
	s.emit("payment_intent.processing", s.paymentIntentObject(pi), nil)
	s.subscribe(cs, pi)
	s.start(cs)
	cs.settles = settles
	s.complete(cs, "unpaid")
	s.at(s.now().Add(s.delayedAfter), func() { s.settleDelayed(cs) })
}

// settleDelayed brings a bank debit to the end that was chosen for it, once.
func (s *Sandbox) settleDelayed(cs *session) {
	outcome := cs.settles
	if outcome == "" {
		return
	}
	cs.settles = ""
	pi := s.paymentIntents.get(cs.paymentIntent)
	if outcome == "succeeds" {
		s.collected(cs, pi)
		cs.paymentStatus = "paid"
		s.emit("checkout.session.async_payment_succeeded", s.sessionObject(cs), nil)
		return
	}
	s.fail(pi, debitReturned())
	if sub := s.subscriptions.get(cs.subscription); sub != nil && !sub.terminal() {
		s.endSubscription(sub, "payment_failed")
	}
	s.emit("checkout.session.async_payment_failed", s.sessionObject(cs), nil)
}

func debitReturned() *apiError {
	return &apiError{status: http.StatusPaymentRequired, kind: "invalid_request_error", code: "payment_intent_payment_attempt_failed",
		message: "The customer's bank account could not be debited."}
}

// abandonAttempt ends what a declined attempt left behind.
func (s *Sandbox) abandonAttempt(cs *session) {
	if in := s.invoices.get(cs.invoice); in != nil {
		s.voidInvoice(in)
	} else {
		s.cancelIntent(s.paymentIntents.get(cs.paymentIntent))
	}
	if sub := s.subscriptions.get(cs.subscription); sub != nil && !sub.terminal() {
		s.neverBegan(sub)
	}
}

// openUntil tells whether the session still takes a payment; the timer that
// expires it may be a moment late.
func (cs *session) openUntil(now time.Time) bool {
	return cs.status == "open" && now.Before(time.Unix(cs.expiresAt, 0))
}
