package sandbox

// The subscription of a session. Up to acacia the first attempt to pay makes it, and its
// invoice, incomplete; since basil it is made once it is paid for, or on its way to be.

// subscribesLater tells whether the session's subscription comes after its payment.
func (cs *session) subscribesLater() bool { return cs.mode == "subscription" && cs.version >= basil }

// fixed tells whether what is bought is settled: an attempt to pay has made the invoice.
func (cs *session) fixed() bool { return cs.attempted && !cs.subscribesLater() }

// subscriptionOf is the subscription that the session will make, and how that begins.
func (s *Sandbox) subscriptionOf(cs *session) (*subscription, firstInvoice) {
	sub := &subscription{
		customer: cs.customer, currency: cs.currency, description: cs.dataDescription, metadata: cs.dataMetadata,
		automaticTax: cs.automaticTax, missingPaymentMethod: cs.missingPaymentMethod, flexible: cs.flexible,
	}
	first := firstInvoice{discount: cs.discount, trialDays: cs.trialDays, methodTypes: cs.paymentMethodTypes}
	for _, l := range cs.lines {
		if s.prices.get(l.price).recurring() {
			sub.items = append(sub.items, subscriptionItem{price: l.price, quantity: l.quantity})
		} else {
			first.once = append(first.once, s.onceLine(l, s.nowUnix()))
		}
	}
	return sub, first
}

// prepareSubscription makes the subscription before it is paid for. One that costs nothing
// yet has its payment method at once; else the first payment gives it.
func (s *Sandbox) prepareSubscription(cs *session, pm *paymentMethod) {
	sub, first := s.subscriptionOf(cs)
	if pm != nil && s.total(cs) == 0 {
		s.attach(pm, cs.customer)
		sub.defaultMethod = pm.id
	}
	in := s.addSubscription(sub, first)
	cs.subscription, cs.invoice, cs.paymentIntent = sub.id, in.id, in.paymentIntent
}

// prepareLater makes the payment alone of a subscription that comes after it, and tells
// whether that is the way: not of one that costs nothing yet.
func (s *Sandbox) prepareLater(cs *session) bool {
	if !cs.subscribesLater() || s.firstDue(cs) == 0 {
		return false
	}
	pi := &paymentIntent{
		customer: cs.customer, currency: cs.currency, amount: s.firstDue(cs), description: "Subscription creation",
		methodTypes: cs.paymentMethodTypes, setupFutureUsage: "off_session",
	}
	s.addPaymentIntent(pi)
	cs.paymentIntent = pi.id
	return true
}

// firstDue is what the first invoice of the session's subscription will come to.
func (s *Sandbox) firstDue(cs *session) int64 {
	sub, first := s.subscriptionOf(cs)
	in := s.firstInvoiceOf(sub, first)
	if cu := s.customers.get(cs.customer); cu != nil {
		in.startingBalance = cu.balance
	}
	return in.due()
}

// subscribe makes the subscription that an intent pays for, or is about to, unless it is
// there.
func (s *Sandbox) subscribe(cs *session, pi *paymentIntent) {
	if !cs.subscribesLater() || cs.subscription != "" {
		return
	}
	sub, first := s.subscriptionOf(cs)
	first.paidBy, sub.defaultMethod = pi, pi.paymentMethod
	in := s.addSubscription(sub, first)
	cs.subscription, cs.invoice = sub.id, in.id
}
