package sandbox

// daysToAct is how long the buyer has to say where the money is to go.
const daysToAct = 45

// refund gives back a part of a charge. A card has it at once; a bank transfer
// is on its way for the time of WithDelayedAfter. The charge counts it from the
// beginning. mu is held.
func (s *Sandbox) refund(ch *charge, amount int64, reason string, metadata map[string]string) *refund {
	r := &refund{
		id: newID("re_3", 23), charge: ch.id, paymentIntent: ch.paymentIntent, currency: ch.currency, status: "succeeded",
		reason: reason, amount: amount, metadata: metadata, created: s.nowUnix(), toCard: ch.methodType == "card", email: ch.email,
	}
	if !r.toCard {
		r.status = "pending"
	}
	s.refunds.add(r.id, r)
	s.emit("refund.created", s.refundObject(r), nil)
	before := s.chargeObject(ch)
	ch.refunded += amount
	s.emitUpdated("charge.refunded", before, s.chargeObject(ch))
	if !r.toCard {
		s.at(s.now().Add(s.delayedAfter), func() { s.settleRefund(r) })
	}
	return r
}

// settleRefund lets a pending refund arrive, unless it was brought to another
// end before.
func (s *Sandbox) settleRefund(r *refund) {
	if r.status == "pending" {
		s.changeRefund(r, func() { r.status = "succeeded" })
	}
}

// undoRefund ends a refund that does not reach the buyer, failed or canceled.
// What the charge says was refunded goes down again; Stripe has no event for
// that.
func (s *Sandbox) undoRefund(r *refund, status, why string) {
	s.charges.get(r.charge).refunded -= r.amount
	s.changeRefund(r, func() { r.status, r.failureReason = status, why })
	if status == "failed" {
		s.emit("refund.failed", s.refundObject(r), nil)
	}
}

// changeRefund announces a change under both names that Stripe has for it.
func (s *Sandbox) changeRefund(r *refund, change func()) {
	before := s.refundObject(r)
	change()
	s.emitUpdated("refund.updated", before, s.refundObject(r))
	s.emitUpdated("charge.refund.updated", before, s.refundObject(r))
}
