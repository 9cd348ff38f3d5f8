package sandbox

// renew ends the period of a subscription and bills the next one, or ends the
// subscription where that was scheduled. pays says how its card takes it. mu is
// held.
func (s *Sandbox) renew(sub *subscription, pays bool) {
	switch {
	case sub.status == "trialing":
		s.endTrial(sub, pays)
	case sub.endsWithPeriod():
		s.endSubscription(sub, "cancellation_requested")
	default:
		before := s.subscriptionObject(sub)
		s.collect(sub, s.nextPeriod(sub, sub.periodEnd, "subscription_cycle", before), pays)
	}
}

func (sub *subscription) endsWithPeriod() bool {
	return sub.cancelAt != 0 && sub.cancelAt <= sub.periodEnd
}

// endTrial ends a trial, at its time or before it. Without a card it goes the
// way that trial_settings says.
func (s *Sandbox) endTrial(sub *subscription, pays bool) {
	if sub.endsWithPeriod() {
		s.endSubscription(sub, "cancellation_requested")
		return
	}
	before := s.subscriptionObject(sub)
	sub.trialEnd = min(sub.trialEnd, s.nowUnix())
	sub.anchor = sub.trialEnd
	switch {
	case sub.noMethod && sub.missingPaymentMethod == "cancel":
		s.endSubscription(sub, "")
	case sub.noMethod && sub.missingPaymentMethod == "pause":
		s.pause(sub, before)
	default:
		sub.status = "active"
		s.collect(sub, s.nextPeriod(sub, sub.trialEnd, "subscription_cycle", before), pays)
	}
}

// nextPeriod starts the period at start and returns its invoice, a draft. before
// is the subscription as it was last told.
func (s *Sandbox) nextPeriod(sub *subscription, start int64, reason string, before object) *invoice {
	in := &invoice{
		customer: sub.customer, subscription: sub.id, currency: sub.currency, billingReason: reason, lines: sub.pending,
		subscriptionMetadata: sub.metadata, periodStart: sub.periodStart, periodEnd: start, automaticTax: sub.automaticTax,
	}
	sub.pending = nil
	sub.periodStart, sub.periodEnd = start, s.prices.get(sub.items[0].price).periodEnd(sub.anchor, start)
	for _, it := range sub.items {
		in.lines = append(in.lines, s.periodLine(sub, it))
	}
	s.addInvoice(in)
	sub.latestInvoice = in.id
	s.emitUpdated("customer.subscription.updated", before, s.subscriptionObject(sub))
	return in
}

// collect goes with a draft the way that the subscription goes: it is paid or
// fails, or what pause_collection says.
func (s *Sandbox) collect(sub *subscription, in *invoice, pays bool) {
	if sub.pauseBehavior == "keep_as_draft" {
		s.emit("invoice.created", s.invoiceObject(in), nil)
		return
	}
	s.finalize(in, "Subscription update", []string{"card"})
	switch sub.pauseBehavior {
	case "void":
		s.voidInvoice(in)
	case "mark_uncollectible":
		in.status, in.uncollectibleAt = "uncollectible", s.nowUnix()
		s.emit("invoice.marked_uncollectible", s.invoiceObject(in), nil)
	default:
		if s.chargeFor(in, sub.noMethod, pays) {
			s.settled(in)
			return
		}
		if sub.status == "active" {
			s.setStatus(sub, "past_due")
		}
	}
}

// chargeFor charges the buyer's card for an open invoice and tells whether it is
// paid.
func (s *Sandbox) chargeFor(in *invoice, noMethod, pays bool) bool {
	pi := s.paymentIntents.get(in.paymentIntent)
	switch {
	case pi == nil: // nothing is due
	case noMethod:
		in.attempts++
		s.emit("invoice.payment_failed", s.invoiceObject(in), nil)
		return false
	default:
		s.charge(pi, payment{card: goodCard})
		if !pays {
			s.fail(pi, testCards[declinedCard])
			return false
		}
		s.succeed(pi)
	}
	s.markPaid(in)
	return true
}

// settled is what the payment of a subscription's newest invoice mends.
func (s *Sandbox) settled(in *invoice) {
	sub := s.subscriptions.get(in.subscription)
	switch {
	case sub == nil || sub.latestInvoice != in.id:
	case sub.status == "past_due" || sub.status == "unpaid":
		s.setStatus(sub, "active")
	case sub.status == "paused" && sub.resuming == in.id:
		s.unpause(sub)
	}
}

func (s *Sandbox) setStatus(sub *subscription, status string) {
	before := s.subscriptionObject(sub)
	sub.status = status
	s.emitUpdated("customer.subscription.updated", before, s.subscriptionObject(sub))
}

// voidInvoice ends an open invoice, and with it the attempt to collect it.
func (s *Sandbox) voidInvoice(in *invoice) {
	s.cancelIntent(s.paymentIntents.get(in.paymentIntent))
	in.status, in.voidedAt = "void", s.nowUnix()
	s.emit("invoice.voided", s.invoiceObject(in), nil)
}

func (s *Sandbox) cancelIntent(pi *paymentIntent) {
	if pi == nil {
		return
	}
	pi.status, pi.canceledAt, pi.cancelReason = "canceled", s.nowUnix(), "automatic"
	s.emit("payment_intent.canceled", s.paymentIntentObject(pi), nil)
}

// payable tells whether the invoice still takes a payment.
func (in *invoice) payable() bool { return in.status == "open" || in.status == "uncollectible" }

func (s *Sandbox) payInvoice(c *call) (object, *apiError) {
	in := s.invoices.get(c.id)
	switch {
	case in == nil:
		return nil, notFound("invoice", c.id, "invoice")
	case in.status == "paid":
		return nil, invalid("", "", "Invoice is already paid")
	case !in.payable():
		return nil, invalid("", "", "You can only pay an open invoice; this one is %s.", in.status)
	}
	if sub := s.subscriptions.get(in.subscription); sub != nil && sub.noMethod {
		return nil, invalid("", "resource_missing", "This customer has no attached payment source or default payment method.")
	}
	s.chargeFor(in, false, true)
	s.settled(in)
	return s.invoiceObject(in), nil
}
