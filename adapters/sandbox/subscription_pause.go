package sandbox

import "time"

// pause suspends the subscription: no service and no invoices. before is the
// subscription as it was last told.
func (s *Sandbox) pause(sub *subscription, before object) {
	if sub.status == "trialing" {
		sub.trialEnd = min(sub.trialEnd, s.nowUnix())
		sub.moveEnd(sub.trialEnd)
	}
	sub.status = "paused"
	s.emitUpdated("customer.subscription.updated", before, s.subscriptionObject(sub))
	s.emit("customer.subscription.paused", s.subscriptionObject(sub), nil)
}

func (s *Sandbox) unpause(sub *subscription) {
	sub.resuming = ""
	s.setStatus(sub, "active")
	s.emit("customer.subscription.resumed", s.subscriptionObject(sub), nil)
}

// resumeSubscription is refused what would have to be prorated.
func (s *Sandbox) resumeSubscription(c *call) (object, *apiError) {
	sub := s.subscriptions.get(c.id)
	if sub == nil {
		return nil, notFound("subscription", c.id, "id")
	}
	anchor := anchorParam(c.version)
	unchanged := c.oneOf(anchor, "now", "unchanged") == "unchanged"
	c.oneOf("proration_behavior", "always_invoice", "create_prorations", "none")
	switch {
	case c.err != nil:
		return nil, c.err
	case sub.status != "paused":
		return nil, invalid("", "", "Only a subscription that is paused can be resumed; this one is %s.", sub.status)
	case unchanged && s.nowUnix() >= sub.nextEnd():
		return nil, invalid(anchor, "", "The sandbox does not support billing_cycle_anchor=unchanged once the period has ended: it would have to be prorated. Use now.")
	}
	s.resume(sub, unchanged)
	return s.subscriptionObject(sub), nil
}

// resume starts a paused subscription again, with a new period unless the old
// one goes on. A new period has to be paid first.
func (s *Sandbox) resume(sub *subscription, unchanged bool) {
	s.abandonResumption(sub)
	if unchanged {
		s.unpause(sub)
		return
	}
	before := s.subscriptionObject(sub)
	sub.setAnchor(s.nowUnix())
	in := s.nextPeriod(sub, everyItem, sub.anchor, "subscription_update", before)
	sub.resuming = in.id
	s.collect(sub, in, later(true))
}

// abandonResumption gives up an earlier try to resume that was not paid.
func (s *Sandbox) abandonResumption(sub *subscription) {
	if in := s.invoices.get(sub.resuming); in != nil && in.payable() {
		s.voidInvoice(in)
	}
}

// readPauseCollection reads whether invoices are collected. It changes no status.
func (s *Sandbox) readPauseCollection(c *call, sub *subscription) {
	if !c.hasAny("pause_collection") {
		return
	}
	sub.pauseBehavior, sub.pauseResumesAt = "", 0
	if c.has("pause_collection") && c.form.Get("pause_collection") == "" {
		return
	}
	c.required("pause_collection[behavior]")
	sub.pauseBehavior = c.oneOf("pause_collection[behavior]", "keep_as_draft", "mark_uncollectible", "void")
	if c.has("pause_collection[resumes_at]") {
		sub.pauseResumesAt = c.integer("pause_collection[resumes_at]", s.nowUnix()+1, 1<<40)
	}
}

// scheduleCollection takes up collecting again at its time, if that still stands.
func (s *Sandbox) scheduleCollection(sub *subscription) {
	at := sub.pauseResumesAt
	s.at(time.Unix(at, 0), func() {
		if sub.pauseResumesAt != at || sub.terminal() {
			return
		}
		s.changeSubscription(sub, func() { sub.pauseBehavior, sub.pauseResumesAt = "", 0 })
	})
}

func (sub *subscription) pauseCollection() any {
	if sub.pauseBehavior == "" {
		return nil
	}
	return object{"behavior": sub.pauseBehavior, "resumes_at": orNull(sub.pauseResumesAt)}
}
