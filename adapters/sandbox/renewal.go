package sandbox

import "slices"

// renew ends the period of the items whose period ends first and bills their next
// one, or ends the subscription where that was scheduled. What becomes of the bill, a
// draft, is the caller's affair. mu is held.
func (s *Sandbox) renew(sub *subscription, collect func(*invoice)) {
	switch {
	case sub.status == "trialing":
		s.endTrial(sub, collect)
	case sub.endsWithPeriod():
		s.endSubscription(sub, "cancellation_requested")
	default:
		before := s.subscriptionObject(sub)
		end := sub.nextEnd()
		if s.advanceSchedule(sub, end) {
			return
		}
		ending := func(it subscriptionItem) bool { return it.end == end }
		collect(s.nextPeriod(sub, ending, end, "subscription_cycle", before))
	}
}

func (sub *subscription) endsWithPeriod() bool {
	return sub.cancelAt != 0 && sub.cancelAt <= sub.nextEnd()
}

// endTrial ends a trial, at its time or before it. Without a card it goes the
// way that trial_settings says.
func (s *Sandbox) endTrial(sub *subscription, collect func(*invoice)) {
	if sub.endsWithPeriod() {
		s.endSubscription(sub, "cancellation_requested")
		return
	}
	before := s.subscriptionObject(sub)
	sub.trialEnd = min(sub.trialEnd, s.nowUnix())
	sub.setAnchor(sub.trialEnd)
	switch {
	case s.methodOf(sub) == nil && sub.missingPaymentMethod == "cancel":
		s.endSubscription(sub, "")
	case s.methodOf(sub) == nil && sub.missingPaymentMethod == "pause":
		s.pause(sub, before)
	default:
		sub.status = "active"
		collect(s.nextPeriod(sub, everyItem, sub.trialEnd, "subscription_cycle", before))
	}
}

// setAnchor has all periods counted from t.
func (sub *subscription) setAnchor(t int64) {
	sub.anchor = t
	for i := range sub.items {
		sub.items[i].anchor = t
	}
}

func everyItem(subscriptionItem) bool { return true }

// nextPeriod starts the period of some items at start and returns its invoice, a
// draft. before is the subscription as it was last told.
func (s *Sandbox) nextPeriod(sub *subscription, which func(subscriptionItem) bool, start int64, reason string, before object) *invoice {
	in := s.nextInvoice(sub, which, start, reason)
	s.addInvoice(in)
	s.usedUp(sub, in, start)
	sub.latestInvoice = in.id
	s.emitUpdated("customer.subscription.updated", before, s.subscriptionObject(sub))
	return in
}

// nextInvoice starts the period of some items at start, and bills it. Nothing else
// changes, so that a preview can have it of a copy.
func (s *Sandbox) nextInvoice(sub *subscription, which func(subscriptionItem) bool, start int64, reason string) *invoice {
	began, _ := sub.period()
	in := &invoice{
		customer: sub.customer, subscription: sub.id, currency: sub.currency, billingReason: reason, lines: slices.Clone(sub.pending),
		subscriptionMetadata: sub.metadata, periodStart: began, periodEnd: start, automaticTax: sub.automaticTax,
		autoAdvance: true, daysUntilDue: sub.daysUntilDue,
	}
	sub.pending = nil
	in.lines = append(in.lines, s.waiting(sub.customer, sub.id, sub.currency)...)
	for i := range sub.items {
		it := &sub.items[i]
		if ended := *it; which(ended) {
			s.startPeriod(it, start)
			in.lines = append(in.lines, s.itemLine(sub, *it, ended))
		}
	}
	s.reduce(in, sub.discountAt(start))
	return in
}

// collect goes with a draft the way that the subscription goes: it is paid or
// fails, is sent, or what pause_collection says. An unpaid subscription's stay
// drafts.
func (s *Sandbox) collect(sub *subscription, in *invoice, a attempt) {
	if sub.pauseBehavior == "keep_as_draft" || sub.status == "unpaid" {
		in.autoAdvance = false
		s.announce(in)
		return
	}
	s.finalize(in, "Subscription update", []string{"card"})
	switch {
	case sub.pauseBehavior == "void":
		s.voidInvoice(in)
	case sub.pauseBehavior == "mark_uncollectible":
		s.writeOff(in)
	case in.toBeSent() && in.due() > 0:
		// The customer has until its due date.
	case s.chargeFor(in, a):
		s.settled(in)
	case sub.status == "active":
		s.setStatus(sub, "past_due")
	}
}

func (s *Sandbox) setStatus(sub *subscription, status string) {
	s.changeSubscription(sub, func() { sub.status = status })
}

// giveUp is what follows when the last attempt to collect an invoice has failed:
// canceled, unpaid or past_due, as the account's settings say.
func (s *Sandbox) giveUp(in *invoice, status string) {
	in.autoAdvance = false
	s.chargeFor(in, later(false))
	sub := s.subscriptions.get(in.subscription)
	if sub != nil && !sub.terminal() {
		s.becomes(sub, status)
	}
}
