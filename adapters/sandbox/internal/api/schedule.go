package api

import (
	"fmt"
	"slices"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

var scheduleRoutes = []route{
	{
		pattern: "POST /v1/subscription_schedules",
		params:  []string{"from_subscription", "metadata[*]"},
		do:      (*Server).createSchedule,
	},
	{pattern: "GET /v1/subscription_schedules/{id}", do: (*Server).retrieveSchedule},
	{
		pattern: "POST /v1/subscription_schedules/{id}",
		params: []string{
			"end_behavior", "metadata[*]", "proration_behavior", "phases[][start_date]", "phases[][end_date]", "phases[][iterations]",
			"phases[][duration][interval]", "phases[][duration][interval_count]",
			"phases[][proration_behavior]", "phases[][metadata][*]", "phases[][items][][price]", "phases[][items][][quantity]",
			"phases[][items][][metadata][*]",
			// of these, what changes nothing
			"phases[][trial]", "phases[][discounts]", "phases[][coupon]", "phases[][collection_method]", "phases[][automatic_tax][enabled]",
			"default_settings[collection_method]", "default_settings[billing_cycle_anchor]", "default_settings[automatic_tax][enabled]",
		},
		do: (*Server).updateSchedule,
	},
	{pattern: "POST /v1/subscription_schedules/{id}/release", params: []string{"preserve_cancel_date"}, do: (*Server).releaseSchedule},
	{pattern: "POST /v1/subscription_schedules/{id}/cancel", params: []string{"invoice_now", "prorate"}, do: (*Server).cancelSchedule},
	{
		pattern: "GET /v1/subscription_schedules",
		params:  wire.Listing("customer", "scheduled"),
		do:      (*Server).listSchedules,
	},
}

// createSchedule makes a schedule of a subscription: its current period is the one phase.
func (s *Server) createSchedule(c *Call) (wire.Object, *wire.Error) {
	id := c.Text("from_subscription")
	sub := s.Subscriptions.Get(id)
	metadata := c.Metadata("metadata", nil)
	switch {
	case c.Err != nil:
		return nil, c.Err
	case id == "":
		return nil, wire.Invalid("from_subscription", "", "Stripe schedules subscriptions that are not there yet, the sandbox does not serve that yet: use from_subscription.")
	case sub == nil:
		return nil, wire.MissingReference("subscription", id, "from_subscription")
	case sub.Schedule != "":
		return nil, wire.Invalid("from_subscription", "", "You cannot migrate a subscription that is already attached to a schedule: `%s`.", sub.Schedule)
	case sub.Status != "active" && sub.Status != "past_due":
		return nil, wire.Invalid("from_subscription", "", "The sandbox schedules a subscription that is active or past_due; this one is %s.", sub.Status)
	case s.unscheduled(sub.Items):
		return nil, wire.Invalid("from_subscription", "", "Stripe schedules metered prices and items with periods of their own, the sandbox does not yet.")
	}
	before := s.Render.Subscription(sub)
	start, end := sub.Period()
	sch := &state.Schedule{
		ID: wire.NewID("sub_sched_1", 23), Subscription: sub.ID, Customer: sub.Customer, Status: "active", EndBehavior: "release", Metadata: metadata,
		Created: s.NowUnix(), Phases: []state.Phase{{Start: start, End: end, Items: slices.Clone(sub.Items), Proration: "create_prorations", Metadata: sub.Metadata}},
	}
	if sub.CancelAtPeriodEnd {
		sch.EndBehavior = "cancel"
	}
	s.Schedules.Add(sch.ID, sch)
	sub.Schedule = sch.ID
	s.AnnounceExpiry(sch)
	s.Emit("subscription_schedule.created", s.Render.Schedule(sch), nil)
	s.EmitUpdated("customer.subscription.updated", before, s.Render.Subscription(sub))
	return s.Render.Schedule(sch), nil
}

// unscheduled tells whether there is what the sandbox cannot schedule.
func (s *Server) unscheduled(items []state.SubscriptionItem) bool {
	return slices.ContainsFunc(items, func(it state.SubscriptionItem) bool {
		return s.Prices.Get(it.Price).Metered() || !s.SameInterval(it, items[0])
	})
}

func (s *Server) retrieveSchedule(c *Call) (wire.Object, *wire.Error) {
	sch := s.Schedules.Get(c.id)
	if sch == nil {
		return nil, wire.NotFound("subscription_schedule", c.id, "schedule")
	}
	return s.Render.Schedule(sch), nil
}

func (s *Server) listSchedules(c *Call) (wire.Object, *wire.Error) {
	created, customer, scheduled := c.createdFilter(), c.equals("customer"), c.Flag("scheduled")
	return page[*state.Schedule]{
		noun: "subscription_schedule", items: s.Schedules.NewestFirst(),
		id:     func(sch *state.Schedule) string { return sch.ID },
		keep:   func(sch *state.Schedule) bool { return created(sch.Created) && customer(sch.Customer) && !scheduled },
		object: s.Render.Schedule,
	}.serve(c)
}

// open is the schedule that the path names, if it can still be changed.
func (s *Server) openSchedule(c *Call, what string) (*state.Schedule, *wire.Error) {
	sch := s.Schedules.Get(c.id)
	switch {
	case sch == nil:
		return nil, wire.NotFound("subscription_schedule", c.id, "schedule")
	case !sch.Active():
		return nil, wire.Invalid("", "", "You cannot %s a subscription schedule that is currently in the `%s` status. It must be in `not_started` or `active` status.", what, sch.Status)
	}
	return sch, nil
}

func (s *Server) updateSchedule(c *Call) (wire.Object, *wire.Error) {
	sch, e := s.openSchedule(c, "update")
	if e != nil {
		return nil, e
	}
	change := *sch
	if v := c.OneOf("end_behavior", "cancel", "release"); v != "" {
		change.EndBehavior = v
	}
	change.Metadata = c.Metadata("metadata", sch.Metadata)
	s.refuseSettings(c, s.Subscriptions.Get(sch.Subscription))
	c.OneOf("proration_behavior", "always_invoice", "create_prorations", "none")
	if c.HasAny("phases") {
		change.Phases, change.Phase = s.readPhases(c, sch), 0
	}
	if c.Err != nil {
		return nil, c.Err
	}
	before := s.Render.Schedule(sch)
	*sch = change
	s.AnnounceExpiry(sch)
	s.EmitUpdated("subscription_schedule.updated", before, s.Render.Schedule(sch))
	return s.Render.Schedule(sch), nil
}

// refuseSettings refuses what a schedule would change of its subscription beside the items.
// What says that it stays as it is can be said.
func (s *Server) refuseSettings(c *Call, sub *state.Subscription) {
	method := "charge_automatically"
	if sub.DaysUntilDue > 0 {
		method = "send_invoice"
	}
	stays := [][2]string{{"[trial]", "false"}, {"[discounts]", ""}, {"[coupon]", ""}, {"[collection_method]", method},
		{"[automatic_tax][enabled]", boolText(sub.AutomaticTax)}, {"[billing_cycle_anchor]", "automatic"}}
	places := []string{"default_settings"}
	for _, i := range c.Indexes("phases") {
		places = append(places, fmt.Sprintf("phases[%d]", i))
	}
	for _, place := range places {
		for _, stay := range stays {
			if full := place + stay[0]; c.Has(full) && c.Form.Get(full) != stay[1] {
				c.Fail(wire.Invalid(full, "", "Stripe schedules this, the sandbox does not yet: %s=%s", full, c.Form.Get(full)))
			}
		}
	}
}

// readPhases reads the phase that is under way and those that follow. The first keeps
// what it is, so that nothing changes before its end.
func (s *Server) readPhases(c *Call, sch *state.Schedule) []state.Phase {
	sub, now := s.Subscriptions.Get(sch.Subscription), sch.Phases[sch.Phase]
	var out []state.Phase
	last := sub.Items[0] // its anchor is the next phase's, unless the interval changes
	for n, i := range c.Indexes("phases") {
		name := fmt.Sprintf("phases[%d]", i)
		ph := state.Phase{Proration: c.OneOf(name+"[proration_behavior]", "always_invoice", "create_prorations", "none"), Metadata: c.Metadata(name+"[metadata]", nil)}
		if ph.Proration == "" {
			ph.Proration = "create_prorations"
		}
		ph.Items = s.readPhaseItems(c, sub, name)
		if c.Err != nil {
			return nil
		}
		begins := now.Start
		if n > 0 {
			begins = out[n-1].End
		}
		ph.Start = begins
		if c.Has(name + "[start_date]") {
			ph.Start = c.Integer(name+"[start_date]", 0, 1<<40)
		}
		switch {
		case n == 0 && !c.Has(name+"[start_date]"):
			c.Fail(wire.Invalid(name+"[start_date]", "parameter_missing", "The current phase must be included, with its start_date, when the phases of an active schedule are updated."))
		case n == 0 && ph.Start != begins:
			c.Fail(wire.Invalid(name+"[start_date]", "", "You can not modify the start date of the current phase."))
		case ph.Start != begins:
			c.Fail(wire.Invalid(name+"[start_date]", "", "The start date of a phase has to be the end date of the one before it."))
		case n == 0 && !samePhaseItems(ph.Items, sub.Items):
			c.Fail(wire.Invalid(name+"[items]", "", "Stripe changes the subscription at once when its current phase is changed, the sandbox does not: update the subscription."))
		}
		first := ph.Items[0]
		if first.Anchor = ph.Start; s.SameInterval(first, last) {
			first.Anchor = last.Anchor
		}
		last = first
		ph.End = s.phaseEnd(c, name, first, ph.Start)
		if c.Err != nil {
			return nil
		}
		out = append(out, ph)
	}
	return out
}

// phaseEnd reads where a phase ends: after some periods, or at a date or after a time with
// which one ends. It is one period unless the request says.
func (s *Server) phaseEnd(c *Call, name string, it state.SubscriptionItem, start int64) int64 {
	end, n := c.Integer(name+"[end_date]", 0, 1<<40), c.Integer(name+"[iterations]", 1, 1000)
	param := name + "[end_date]"
	switch lasts := c.HasAny(name + "[duration]"); {
	case end != 0 && n != 0:
		c.Fail(wire.Invalid(name+"[iterations]", "parameters_exclusive", "You may only specify one of these parameters: end_date, iterations."))
		return 0
	case lasts && (end != 0 || n != 0):
		c.Fail(wire.Invalid(name+"[duration]", "parameters_exclusive", "You may only specify one of these parameters: duration, end_date, iterations."))
		return 0
	case lasts:
		param = name + "[duration]"
		end = c.readDuration(param, it.Anchor, start)
	}
	if latest := s.Latest().Unix(); end > latest {
		c.Fail(wire.Invalid(param, "", "The sandbox's time ends with the year 2199, at %d.", latest))
	}
	if c.Err != nil {
		return 0
	}
	if n == 0 {
		n = 1
	}
	t := start
	for i := int64(0); end == 0 && i < n || t < end; i++ {
		t = s.Prices.Get(it.Price).PeriodEnd(it.Anchor, t)
	}
	if end != 0 && t != end {
		c.Fail(wire.Invalid(param, "", "Stripe can end a phase within a period, the sandbox ends it with one: the next is at %d.", t))
	}
	return t
}

// readDuration reads how long a phase lasts and returns when it ends. Months are counted as
// those of periods are, from the anchor.
func (c *Call) readDuration(name string, anchor, start int64) int64 {
	c.Required(name + "[interval]")
	each := state.Price{Interval: c.OneOf(name+"[interval]", "day", "month", "week", "year"), IntervalCount: 1}
	n := int64(1)
	if c.Has(name + "[interval_count]") {
		n = c.Integer(name+"[interval_count]", 1, 1000)
	}
	switch each.Interval {
	case "year":
		each.Interval, n = "month", 12*n
	case "day", "week":
		anchor = start
	}
	end := start
	for i := int64(0); c.Err == nil && i < n; i++ {
		end = each.PeriodEnd(anchor, end)
	}
	return end
}

func (s *Server) readPhaseItems(c *Call, sub *state.Subscription, name string) []state.SubscriptionItem {
	if !c.HasAny(name + "[items]") {
		c.Fail(wire.MissingParam(name + "[items]"))
		return nil
	}
	var items []state.SubscriptionItem
	for _, i := range c.Indexes(name + "[items]") {
		inner := fmt.Sprintf("%s[items][%d]", name, i)
		it := state.SubscriptionItem{Price: c.Required(inner + "[price]"), Quantity: 1, Metadata: c.Metadata(inner+"[metadata]", nil)}
		if c.Has(inner + "[quantity]") {
			it.Quantity = c.Integer(inner+"[quantity]", 0, state.MaxQuantity)
		}
		s.CheckItemPrice(c, sub, it, inner)
		items = append(items, it)
	}
	s.CheckItems(c, sub, items)
	if c.Err == nil && s.unscheduled(items) {
		c.Fail(wire.Invalid(name+"[items]", "", "Stripe schedules metered prices and items with periods of their own, the sandbox does not yet."))
	}
	return items
}

func samePhaseItems(a, b []state.SubscriptionItem) bool {
	return slices.EqualFunc(a, b, func(x, y state.SubscriptionItem) bool { return x.SameAs(y) })
}

func (s *Server) releaseSchedule(c *Call) (wire.Object, *wire.Error) {
	c.Flag("preserve_cancel_date")
	sch, e := s.openSchedule(c, "release")
	switch {
	case c.Err != nil:
		return nil, c.Err
	case e != nil:
		return nil, e
	}
	sub := s.Subscriptions.Get(sch.Subscription)
	s.ChangeSubscription(sub, func() { s.ReleaseSchedule(sch, sub) })
	return s.Render.Schedule(sch), nil
}

// cancelSchedule ends the subscription too, at once.
func (s *Server) cancelSchedule(c *Call) (wire.Object, *wire.Error) {
	c.refuseFinalBill()
	sch, e := s.openSchedule(c, "cancel")
	switch {
	case c.Err != nil:
		return nil, c.Err
	case e != nil:
		return nil, e
	}
	s.CancelNow(s.Subscriptions.Get(sch.Subscription))
	return s.Render.Schedule(sch), nil
}
