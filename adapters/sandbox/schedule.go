package sandbox

import "slices"

// schedule plans what a subscription is to be, phase by phase. Phases end where periods
// end.
type schedule struct {
	id, subscription, customer, status, endBehavior string
	phases                                          []phase
	phase                                           int // that is under way
	metadata                                        map[string]string
	created, canceledAt, completedAt, releasedAt    int64
}

// phase is a time of a subscription with some items.
type phase struct {
	start, end int64
	items      []subscriptionItem // price, quantity and metadata alone
	proration  string
	metadata   map[string]string
}

// active tells whether the schedule still governs its subscription.
func (sch *schedule) active() bool { return sch.status == "active" }

// scheduledItems are the items that the subscription has from t on, where a phase ends
// then; nil if nothing changes.
func (s *Sandbox) scheduledItems(sub *subscription, t int64) []subscriptionItem {
	sch := s.schedules.get(sub.schedule)
	if sch == nil || !sch.active() || sch.phases[sch.phase].end > t || sch.phase+1 == len(sch.phases) {
		return nil
	}
	var items []subscriptionItem
	for _, next := range sch.phases[sch.phase+1].items {
		i := slices.IndexFunc(sub.items, func(it subscriptionItem) bool { return it.price == next.price })
		if i >= 0 {
			kept := sub.items[i]
			kept.quantity = next.quantity
			items = append(items, kept)
			continue
		}
		it := subscriptionItem{id: newID("si_", 14), price: next.price, quantity: next.quantity, metadata: next.metadata, created: t, anchor: t, start: t, end: t}
		if peer := s.peer(sub.items, it); peer >= 0 {
			it.anchor = sub.items[peer].anchor
		}
		items = append(items, it)
	}
	return items
}

// endsSubscription tells whether the schedule ends the subscription at t.
func (s *Sandbox) endsSubscription(sub *subscription, t int64) bool {
	sch := s.schedules.get(sub.schedule)
	return sch != nil && sch.active() && sch.phase+1 == len(sch.phases) && sch.phases[sch.phase].end <= t && sch.endBehavior == "cancel"
}

// advanceSchedule is called when a subscription's period ends at t. It takes the next
// phase's items, or ends the schedule after its last phase, and tells whether the
// subscription has ended with it. mu is held.
func (s *Sandbox) advanceSchedule(sub *subscription, t int64) (ended bool) {
	sch := s.schedules.get(sub.schedule)
	if sch == nil || !sch.active() || sch.phases[sch.phase].end > t {
		return false
	}
	before := s.scheduleObject(sch)
	switch items := s.scheduledItems(sub, t); {
	case items != nil:
		sch.phases[sch.phase].items = slices.Clone(sub.items) // as it was at last
		sub.items, sub.anchor = items, items[0].anchor
		sch.phase++
		s.emitUpdated("subscription_schedule.updated", before, s.scheduleObject(sch))
	case sch.endBehavior == "cancel":
		sch.status, sch.completedAt = "completed", s.nowUnix()
		s.emit("subscription_schedule.completed", s.scheduleObject(sch), nil)
		s.endSubscription(sub, "cancellation_requested")
		return true
	default:
		s.release(sch, sub)
	}
	return false
}

// release ends the schedule and lets the subscription go on. The caller tells of the
// subscription.
func (s *Sandbox) release(sch *schedule, sub *subscription) {
	sch.status, sch.releasedAt = "released", s.nowUnix()
	sub.schedule = ""
	s.emit("subscription_schedule.released", s.scheduleObject(sch), nil)
}

// dropSchedule cancels the schedule of a subscription that has ended.
func (s *Sandbox) dropSchedule(sub *subscription) {
	if sch := s.schedules.get(sub.schedule); sch != nil && sch.active() {
		sch.status, sch.canceledAt = "canceled", s.nowUnix()
		s.emit("subscription_schedule.canceled", s.scheduleObject(sch), nil)
	}
}

func (s *Sandbox) scheduleObject(sch *schedule) object {
	sub := s.subscriptions.get(sch.subscription)
	method := "charge_automatically"
	if sub.daysUntilDue > 0 {
		method = "send_invoice"
	}
	phases := []object{}
	var current any
	for i, ph := range sch.phases {
		items := ph.items
		if sch.active() && i == sch.phase {
			items = sub.items
			current = object{"start_date": ph.start, "end_date": ph.end}
		}
		phases = append(phases, s.phaseObject(sub, ph, items))
	}
	var runs, released any = sch.subscription, nil
	if sch.status == "released" {
		runs, released = nil, sch.subscription
	}
	return object{
		"id": sch.id, "object": "subscription_schedule", "application": nil, "billing_mode": object{"type": sub.billingMode()},
		"canceled_at": orNull(sch.canceledAt), "completed_at": orNull(sch.completedAt), "created": sch.created, "current_phase": current,
		"customer": sch.customer,
		"default_settings": object{
			"application_fee_percent": nil, "automatic_tax": object{"enabled": sub.automaticTax, "liability": nil}, "billing_cycle_anchor": "automatic",
			"billing_thresholds": nil, "collection_method": method, "default_payment_method": orNull(sub.defaultMethod), "description": orNull(sub.description),
			"invoice_settings": object{"account_tax_ids": nil, "days_until_due": orNull(sub.daysUntilDue), "issuer": object{"type": "self"}},
			"on_behalf_of":     nil, "transfer_data": nil,
		},
		"end_behavior": sch.endBehavior, "livemode": false, "metadata": metadataObject(sch.metadata), "phases": phases,
		"released_at": orNull(sch.releasedAt), "released_subscription": released, "status": sch.status, "subscription": runs, "test_clock": nil,
	}
}

func (s *Sandbox) phaseObject(sub *subscription, ph phase, items []subscriptionItem) object {
	list := []object{}
	for _, it := range items {
		list = append(list, object{"billing_thresholds": nil, "discounts": []object{}, "metadata": metadataObject(it.metadata), "price": it.price,
			"quantity": it.quantity, "tax_rates": []object{}})
	}
	return object{
		"add_invoice_items": []object{}, "application_fee_percent": nil, "billing_cycle_anchor": nil, "billing_thresholds": nil, "collection_method": nil,
		"coupon": nil, "currency": sub.currency, "default_payment_method": nil, "default_tax_rates": []object{}, "description": nil, "discounts": []object{},
		"end_date": ph.end, "invoice_settings": nil, "items": list, "metadata": metadataObject(ph.metadata), "on_behalf_of": nil,
		"proration_behavior": ph.proration, "start_date": ph.start, "transfer_data": nil, "trial_end": nil,
	}
}
