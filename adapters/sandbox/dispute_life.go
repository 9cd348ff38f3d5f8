package sandbox

// disputeOptions say what kind of dispute it is.
type disputeOptions struct {
	Inquiry bool   // the bank asks first, and takes no money yet
	Reason  string // one of Stripe's; "fraudulent" if empty
	Amount  int64  // minor units; the whole charge if 0
}

// disputeSoon has the bank dispute a payment by one of the cards that are there
// for that, after the time of WithDelayedAfter. mu is held.
func (s *Sandbox) disputeSoon(pi *paymentIntent, card string) {
	known := cardsByNumber[card]
	if known == nil || known.disputes == nil {
		return
	}
	ch := s.charges.get(pi.latestCharge)
	s.at(s.now().Add(s.delayedAfter), func() {
		if !s.disputable(ch) {
			return // a test was faster
		}
		s.openDispute(ch, *known.disputes)
	})
}

// disputable tells whether the bank can take the charge's money back.
func (s *Sandbox) disputable(ch *charge) bool {
	if ch.status != "succeeded" || s.chargedBack(ch) {
		return false
	}
	for _, d := range s.disputes.order {
		if d.charge == ch.id && d.open() {
			return false
		}
	}
	return true
}

func (s *Sandbox) openDispute(ch *charge, o disputeOptions) *dispute {
	d := &dispute{
		id: newID("dp_1", 23), charge: ch.id, paymentIntent: ch.paymentIntent, currency: ch.currency, status: "needs_response",
		reason: o.Reason, amount: o.Amount, created: s.nowUnix(), asked: s.nowUnix(),
	}
	if o.Inquiry {
		d.status = "warning_needs_response"
	}
	if d.reason == "" {
		d.reason = "fraudulent"
	}
	if d.amount == 0 {
		d.amount = ch.amount
	}
	ch.disputed = true
	s.disputes.add(d.id, d)
	s.emit("charge.dispute.created", s.disputeObject(d), nil)
	if !o.Inquiry {
		s.emit("charge.dispute.funds_withdrawn", s.disputeObject(d), nil)
	}
	s.ages(d)
	return d
}

// escalateDispute makes a chargeback of an inquiry: the money goes now.
func (s *Sandbox) escalateDispute(d *dispute) {
	before := s.disputeObject(d)
	d.status, d.asked = "needs_response", s.nowUnix()
	s.emitUpdated("charge.dispute.updated", before, s.disputeObject(d))
	s.emit("charge.dispute.funds_withdrawn", s.disputeObject(d), nil)
	s.ages(d)
}

// decideDispute closes it as won, lost or warning_closed. A lost one can still
// be won; it was closed before, so that is an update.
func (s *Sandbox) decideDispute(d *dispute, status string) {
	before, late := s.disputeObject(d), !d.open()
	d.status = status
	if late {
		s.emitUpdated("charge.dispute.updated", before, s.disputeObject(d))
	} else {
		s.emit("charge.dispute.closed", s.disputeObject(d), nil)
	}
	if status == "won" {
		s.emit("charge.dispute.funds_reinstated", s.disputeObject(d), nil)
	}
}
