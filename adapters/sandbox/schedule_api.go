package sandbox

import (
	"fmt"
	"slices"
)

var scheduleRoutes = []route{
	{
		pattern: "POST /v1/subscription_schedules",
		params:  []string{"from_subscription", "metadata[*]"},
		do:      (*Sandbox).createSchedule,
	},
	{pattern: "GET /v1/subscription_schedules/{id}", do: (*Sandbox).retrieveSchedule},
	{
		pattern: "POST /v1/subscription_schedules/{id}",
		params: []string{
			"end_behavior", "metadata[*]", "proration_behavior", "phases[][start_date]", "phases[][end_date]", "phases[][iterations]",
			"phases[][proration_behavior]", "phases[][metadata][*]", "phases[][items][][price]", "phases[][items][][quantity]",
			"phases[][items][][metadata][*]",
		},
		do: (*Sandbox).updateSchedule,
	},
	{pattern: "POST /v1/subscription_schedules/{id}/release", params: []string{"preserve_cancel_date"}, do: (*Sandbox).releaseSchedule},
	{pattern: "POST /v1/subscription_schedules/{id}/cancel", do: (*Sandbox).cancelSchedule},
	{
		pattern: "GET /v1/subscription_schedules",
		params:  listing("customer", "scheduled"),
		do:      (*Sandbox).listSchedules,
	},
}

// createSchedule makes a schedule of a subscription: its current period is the one phase.
func (s *Sandbox) createSchedule(c *call) (object, *apiError) {
	id := c.text("from_subscription")
	sub := s.subscriptions.get(id)
	metadata := c.metadata("metadata", nil)
	switch {
	case c.err != nil:
		return nil, c.err
	case id == "":
		return nil, invalid("from_subscription", "", "Stripe schedules subscriptions that are not there yet, the sandbox does not serve that yet: use from_subscription.")
	case sub == nil:
		return nil, missingReference("subscription", id, "from_subscription")
	case sub.schedule != "":
		return nil, invalid("from_subscription", "", "You cannot migrate a subscription that is already attached to a schedule: `%s`.", sub.schedule)
	case sub.status != "active" && sub.status != "past_due":
		return nil, invalid("from_subscription", "", "The sandbox schedules a subscription that is active or past_due; this one is %s.", sub.status)
	case s.unscheduled(sub.items):
		return nil, invalid("from_subscription", "", "Stripe schedules metered prices and items with periods of their own, the sandbox does not yet.")
	}
	before := s.subscriptionObject(sub)
	start, end := sub.period()
	sch := &schedule{
		id: newID("sub_sched_1", 23), subscription: sub.id, customer: sub.customer, status: "active", endBehavior: "release", metadata: metadata,
		created: s.nowUnix(), phases: []phase{{start: start, end: end, items: slices.Clone(sub.items), proration: "create_prorations", metadata: sub.metadata}},
	}
	if sub.cancelAtPeriodEnd {
		sch.endBehavior = "cancel"
	}
	s.schedules.add(sch.id, sch)
	sub.schedule = sch.id
	s.emit("subscription_schedule.created", s.scheduleObject(sch), nil)
	s.emitUpdated("customer.subscription.updated", before, s.subscriptionObject(sub))
	return s.scheduleObject(sch), nil
}

// unscheduled tells whether there is what the sandbox cannot schedule.
func (s *Sandbox) unscheduled(items []subscriptionItem) bool {
	return slices.ContainsFunc(items, func(it subscriptionItem) bool {
		return s.prices.get(it.price).metered() || !s.sameInterval(it, items[0])
	})
}

func (s *Sandbox) retrieveSchedule(c *call) (object, *apiError) {
	sch := s.schedules.get(c.id)
	if sch == nil {
		return nil, notFound("subscription_schedule", c.id, "schedule")
	}
	return s.scheduleObject(sch), nil
}

func (s *Sandbox) listSchedules(c *call) (object, *apiError) {
	created, customer, scheduled := c.createdFilter(), c.equals("customer"), c.flag("scheduled")
	return page[*schedule]{
		noun: "subscription_schedule", items: s.schedules.newestFirst(),
		id:     func(sch *schedule) string { return sch.id },
		keep:   func(sch *schedule) bool { return created(sch.created) && customer(sch.customer) && !scheduled },
		object: s.scheduleObject,
	}.serve(c)
}

// open is the schedule that the path names, if it can still be changed.
func (s *Sandbox) openSchedule(c *call, what string) (*schedule, *apiError) {
	sch := s.schedules.get(c.id)
	switch {
	case sch == nil:
		return nil, notFound("subscription_schedule", c.id, "schedule")
	case !sch.active():
		return nil, invalid("", "", "You cannot %s a subscription schedule that is currently in the `%s` status. It must be in `not_started` or `active` status.", what, sch.status)
	}
	return sch, nil
}

func (s *Sandbox) updateSchedule(c *call) (object, *apiError) {
	sch, e := s.openSchedule(c, "update")
	if e != nil {
		return nil, e
	}
	change := *sch
	if v := c.oneOf("end_behavior", "cancel", "release"); v != "" {
		change.endBehavior = v
	}
	change.metadata = c.metadata("metadata", sch.metadata)
	c.oneOf("proration_behavior", "always_invoice", "create_prorations", "none")
	if c.hasAny("phases") {
		change.phases, change.phase = s.readPhases(c, sch), 0
	}
	if c.err != nil {
		return nil, c.err
	}
	before := s.scheduleObject(sch)
	*sch = change
	s.emitUpdated("subscription_schedule.updated", before, s.scheduleObject(sch))
	return s.scheduleObject(sch), nil
}

// readPhases reads the phase that is under way and those that follow. The first keeps
// what it is, so that nothing changes before its end.
func (s *Sandbox) readPhases(c *call, sch *schedule) []phase {
	sub, now := s.subscriptions.get(sch.subscription), sch.phases[sch.phase]
	var out []phase
	last := sub.items[0] // its anchor is the next phase's, unless the interval changes
	for n, i := range c.indexes("phases") {
		name := fmt.Sprintf("phases[%d]", i)
		ph := phase{proration: c.oneOf(name+"[proration_behavior]", "always_invoice", "create_prorations", "none"), metadata: c.metadata(name+"[metadata]", nil)}
		if ph.proration == "" {
			ph.proration = "create_prorations"
		}
		ph.items = s.readPhaseItems(c, sub, name)
		if c.err != nil {
			return nil
		}
		begins := now.start
		if n > 0 {
			begins = out[n-1].end
		}
		ph.start = begins
		if c.has(name + "[start_date]") {
			ph.start = c.integer(name+"[start_date]", 0, 1<<40)
		}
		switch {
		case n == 0 && !c.has(name+"[start_date]"):
			c.fail(invalid(name+"[start_date]", "parameter_missing", "The current phase must be included, with its start_date, when the phases of an active schedule are updated."))
		case n == 0 && ph.start != begins:
			c.fail(invalid(name+"[start_date]", "", "You can not modify the start date of the current phase."))
		case ph.start != begins:
			c.fail(invalid(name+"[start_date]", "", "The start date of a phase has to be the end date of the one before it."))
		case n == 0 && !samePhaseItems(ph.items, sub.items):
			c.fail(invalid(name+"[items]", "", "Stripe changes the subscription at once when its current phase is changed, the sandbox does not: update the subscription."))
		}
		first := ph.items[0]
		if first.anchor = ph.start; s.sameInterval(first, last) {
			first.anchor = last.anchor
		}
		last = first
		ph.end = s.phaseEnd(c, name, first, ph.start)
		if c.err != nil {
			return nil
		}
		out = append(out, ph)
	}
	return out
}

// phaseEnd reads where a phase ends: after some periods, or at a date where one ends. It
// is one period unless the request says.
func (s *Sandbox) phaseEnd(c *call, name string, it subscriptionItem, start int64) int64 {
	end, n := c.integer(name+"[end_date]", 0, 1<<40), c.integer(name+"[iterations]", 1, 1000)
	if end != 0 && n != 0 {
		c.fail(invalid(name+"[iterations]", "parameters_exclusive", "You may only specify one of these parameters: end_date, iterations."))
		return 0
	}
	if n == 0 {
		n = 1
	}
	t := start
	for i := int64(0); end == 0 && i < n || t < end; i++ {
		t = s.prices.get(it.price).periodEnd(it.anchor, t)
	}
	if end != 0 && t != end {
		c.fail(invalid(name+"[end_date]", "", "Stripe can end a phase within a period, the sandbox ends it with one: the next is at %d.", t))
	}
	return t
}

func (s *Sandbox) readPhaseItems(c *call, sub *subscription, name string) []subscriptionItem {
	if !c.hasAny(name + "[items]") {
		c.fail(missingParam(name + "[items]"))
		return nil
	}
	var items []subscriptionItem
	for _, i := range c.indexes(name + "[items]") {
		inner := fmt.Sprintf("%s[items][%d]", name, i)
		it := subscriptionItem{price: c.required(inner + "[price]"), quantity: 1, metadata: c.metadata(inner+"[metadata]", nil)}
		if c.has(inner + "[quantity]") {
			it.quantity = c.integer(inner+"[quantity]", 0, maxQuantity)
		}
		s.checkItemPrice(c, sub, it, inner)
		items = append(items, it)
	}
	s.checkItems(c, sub, items)
	if c.err == nil && s.unscheduled(items) {
		c.fail(invalid(name+"[items]", "", "Stripe schedules metered prices and items with periods of their own, the sandbox does not yet."))
	}
	return items
}

func samePhaseItems(a, b []subscriptionItem) bool {
	return slices.EqualFunc(a, b, func(x, y subscriptionItem) bool { return x.sameAs(y) })
}

func (s *Sandbox) releaseSchedule(c *call) (object, *apiError) {
	c.flag("preserve_cancel_date")
	sch, e := s.openSchedule(c, "release")
	switch {
	case c.err != nil:
		return nil, c.err
	case e != nil:
		return nil, e
	}
	sub := s.subscriptions.get(sch.subscription)
	s.changeSubscription(sub, func() { s.release(sch, sub) })
	return s.scheduleObject(sch), nil
}

// cancelSchedule ends the subscription too, at once.
func (s *Sandbox) cancelSchedule(c *call) (object, *apiError) {
	sch, e := s.openSchedule(c, "cancel")
	if e != nil {
		return nil, e
	}
	s.cancelNow(s.subscriptions.get(sch.subscription))
	return s.scheduleObject(sch), nil
}
