package api

import (
	"fmt"
	"slices"
	"strings"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

var subscriptionUpdateParams = []string{
	"metadata[*]", "description", "cancel_at_period_end", "cancel_at", "proration_behavior", "payment_behavior",
	"cancellation_details[comment]", "cancellation_details[feedback]",
	"pause_collection", "pause_collection[behavior]", "pause_collection[resumes_at]", "billing_cycle_anchor", "billing_cycle_anchor[type]",
	"trial_end", "trial_settings[end_behavior][missing_payment_method]",
	"coupon", "promotion_code", "discounts", "discounts[][coupon]", "discounts[][promotion_code]",
	"default_payment_method", "off_session", "payment_settings[save_default_payment_method]",
	"proration_date", "collection_method", "days_until_due", "automatic_tax[enabled]",
	"items[][id]", "items[][price]", "items[][quantity]", "items[][deleted]", "items[][clear_usage]", "items[][metadata][*]",
}

// pendingParams are what an update may change while it waits for its payment.
var pendingParams = []string{
	"items[*]", "payment_behavior", "proration_behavior", "proration_date", "trial_end", "billing_cycle_anchor", "billing_cycle_anchor[type]", "expand[]",
}

// updateSubscription changes a live subscription. What falls due by that is
// collected as payment_behavior says.
func (s *Server) updateSubscription(c *Call) (wire.Object, *wire.Error) {
	sub := s.Subscriptions.Get(c.id)
	if sub == nil {
		return nil, wire.NotFound("subscription", c.id, "id")
	}
	if sub.Terminal() {
		for _, k := range c.Names() {
			if !wire.MatchesParam("metadata[*]", k) && !wire.MatchesParam("cancellation_details[*]", k) && !wire.MatchesParam("expand[]", k) {
				return nil, wire.Invalid(k, "", "A canceled subscription can only update its cancellation_details and metadata.")
			}
		}
	}
	change := *sub
	change.Metadata = c.Metadata("metadata", sub.Metadata)
	if c.Has("description") {
		change.Description = c.Form.Get("description")
	}
	if c.HasAny("cancellation_details") {
		change.CancelComment = c.Form.Get("cancellation_details[comment]")
		change.CancelFeedback = c.Form.Get("cancellation_details[feedback]")
	}
	behavior := c.OneOf("proration_behavior", "always_invoice", "create_prorations", "none")
	payment := c.OneOf("payment_behavior", "allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete")
	if payment == "pending_if_incomplete" {
		c.refuseOthers(pendingParams, payment)
	}
	at := s.prorationDate(c, sub)
	change.DaysUntilDue = c.readCollection("subscription", change.DaysUntilDue)
	c.readAutomaticTax(&change)
	how := s.readSubscriptionMethod(c, &change)
	s.readPauseCollection(c, &change)
	change.Items = s.readItems(c, sub)
	trialEndsNow := s.readTrial(c, &change)
	anew := s.readAnchor(c, sub)
	if sub.Schedule != "" && (c.Has("cancel_at_period_end") || c.Has("cancel_at")) {
		c.Fail(wire.Invalid("", "", "The subscription is managed by the subscription schedule `%s`, and updating any cancelation behavior directly is not allowed. Please update the schedule instead.", sub.Schedule))
	}
	s.readCancelAt(c, &change)
	s.refusesProration(c, sub, behavior)
	given, discounted := s.readNewDiscount(c, sub)
	if c.Err != nil {
		return nil, c.Err
	}
	ch := s.PriceChange(sub, change.Items, behavior, at, anew)
	refused := s.RefusesChange(&change, ch, how)
	if refused != nil && payment == "error_if_incomplete" {
		return nil, refused
	}
	if sub.Update != nil && c.HasAny("items") {
		s.ReplaceUpdate(sub)
		change.Update, change.Pending = nil, sub.Pending
	}
	before, old := s.Render.Subscription(sub), *sub
	var in *state.Invoice
	*sub = change
	if refused != nil && payment == "pending_if_incomplete" {
		sub.Items = old.Items
		in = s.HoldUpdate(sub, ch)
	} else {
		in = s.ApplyChange(sub, ch)
	}
	// The end of the period may have moved, and the cancellation with it.
	if sub.CancelAtPeriodEnd {
		sub.CancelAt = sub.NextEnd()
	}
	if sub.CancelAt != 0 && sub.CancelAt != old.CancelAt {
		s.ScheduleCancel(sub)
	}
	if sub.PauseResumesAt != 0 && sub.PauseResumesAt != old.PauseResumesAt {
		s.ScheduleCollection(sub)
	}
	if discounted {
		s.GiveSubscription(sub, given)
	}
	s.EmitUpdated("customer.subscription.updated", before, s.Render.Subscription(sub))
	switch {
	case in != nil && sub.Update != nil && sub.Update.Invoice == in.ID:
		s.FinalizeInvoice(in, "Subscription update", []string{"card"})
		how.Declined = true
		s.ChargeFor(in, how)
	case in != nil:
		s.CollectChange(sub, in, payment, how)
	}
	if trialEndsNow {
		s.EndTrial(sub, func(in *state.Invoice) { s.CollectInvoice(sub, in, how) })
	}
	return s.Render.Subscription(sub), nil
}

// readNewDiscount reads the discount that a subscription is to have instead of what it
// has, nil for none, and tells whether that changes.
func (s *Server) readNewDiscount(c *Call, sub *state.Subscription) (*state.Discount, bool) {
	if !c.HasAny("coupon") && !c.HasAny("promotion_code") && !c.HasAny("discounts") {
		return nil, false
	}
	if c.HasAny("items") {
		c.Fail(wire.Invalid("items", "", "Stripe takes a discount and items at once, the sandbox does not yet: make two calls."))
	}
	for _, name := range []string{"coupon", "promotion_code", "discounts"} {
		if c.Has(name) && c.Form.Get(name) == "" {
			return nil, true
		}
	}
	ch := s.readSubscriptionChoice(c, sub.Customer, sub.Currency)
	if c.Err != nil || ch == nil {
		return nil, false
	}
	return s.NewDiscount(ch.coupon, ch.promotionCode), true
}

// prorationDate is when a change is counted from.
func (s *Server) prorationDate(c *Call, sub *state.Subscription) int64 {
	if !c.Has("proration_date") {
		return s.NowUnix()
	}
	start, _ := sub.Period()
	return c.Integer("proration_date", start, sub.NextEnd())
}

// refuseOthers refuses what cannot be changed under a payment_behavior.
func (c *Call) refuseOthers(allowed []string, behavior string) {
	for _, k := range c.Names() {
		if !slices.ContainsFunc(allowed, func(a string) bool { return wire.MatchesParam(a, k) }) {
			top, _, _ := strings.Cut(k, "[")
			c.Fail(wire.Invalid(top, "", "The following arguments are not supported when `payment_behavior=%s`: %s.", behavior, top))
		}
	}
}

// end is when a subscription is to be canceled: at a time, or with the first or the last
// of its periods.
type end struct {
	at   int64
	with string
}

// readEnd reads cancel_at, which takes words since clover.
func (s *Server) readEnd(c *Call) end {
	switch v := c.Text("cancel_at"); {
	case v == "":
		return end{}
	case c.Version >= wire.Clover && (v == "min_period_end" || v == "max_period_end"):
		return end{with: v}
	case v == "max_billed_until" && c.Version >= wire.Dahlia:
		c.Fail(wire.Invalid("cancel_at", "", "Stripe has cancel_at=max_billed_until, the sandbox does not serve it yet: use max_period_end."))
		return end{}
	}
	return end{at: c.Integer("cancel_at", s.NowUnix()+1, 1<<40)}
}

// of is the moment that it means for a subscription, 0 for none.
func (e end) of(sub *state.Subscription) int64 {
	at := e.at
	for _, it := range sub.Items {
		switch {
		case e.with == "max_period_end":
			at = max(at, it.End)
		case e.with == "min_period_end" && (at == 0 || it.End < at):
			at = it.End
		}
	}
	return at
}

func (s *Server) readCancelAt(c *Call, sub *state.Subscription) {
	if c.Has("cancel_at_period_end") && c.Has("cancel_at") {
		c.Fail(wire.Invalid("cancel_at", "parameters_exclusive", "You may only specify one of these parameters: cancel_at, cancel_at_period_end."))
	}
	switch {
	case c.Has("cancel_at_period_end"):
		sub.CancelAtPeriodEnd = c.Flag("cancel_at_period_end")
		sub.CancelAt = 0
		if sub.CancelAtPeriodEnd {
			sub.CancelAt = sub.NextEnd()
		}
	case c.Has("cancel_at"):
		sub.CancelAtPeriodEnd, sub.CancelAt = false, 0
		if c.Form.Get("cancel_at") != "" {
			sub.CancelAt = s.readEnd(c).of(sub)
		}
	default:
		return
	}
	if sub.CancelAt == 0 {
		sub.CanceledAt, sub.CancelReason = 0, ""
		return
	}
	sub.CanceledAt, sub.CancelReason = s.NowUnix(), "cancellation_requested"
}

// readAnchor tells whether the periods of a subscription begin anew.
func (s *Server) readAnchor(c *Call, sub *state.Subscription) bool {
	anchor := wire.AnchorParam(c.Version)
	anew := c.OneOf(anchor, "now", "unchanged") == "now"
	switch {
	case !anew || c.Err != nil:
	case sub.Status == "trialing" || sub.Status == "paused":
		c.Fail(wire.Invalid(anchor, "", "The sandbox has the periods of an active subscription begin anew; this one is %s.", sub.Status))
	case sub.Schedule != "":
		c.Fail(wire.Invalid(anchor, "", "The subscription is managed by the subscription schedule `%s`: the sandbox has no periods begin anew there.", sub.Schedule))
	}
	return anew && c.Err == nil
}

// readTrial moves the end of a trial and tells whether that is now.
func (s *Server) readTrial(c *Call, sub *state.Subscription) (now bool) {
	if v := c.OneOf("trial_settings[end_behavior][missing_payment_method]", "cancel", "create_invoice", "pause"); v != "" {
		sub.MissingPaymentMethod = v
	}
	if !c.Has("trial_end") {
		return false
	}
	if sub.Status != "trialing" {
		c.Fail(wire.Invalid("trial_end", "", "The sandbox moves the end of a trial that is running and starts no other; this subscription is %s.", sub.Status))
		return false
	}
	if c.Form.Get("trial_end") == "now" {
		return true
	}
	sub.TrialEnd = c.Integer("trial_end", s.NowUnix()+1, 1<<40)
	sub.SetAnchor(sub.TrialEnd)
	sub.MoveEnd(sub.TrialEnd)
	return false
}

// readItems returns the items as they will be. An entry without an id adds an
// item: that is Stripe's rule and a well-known trap.
func (s *Server) readItems(c *Call, sub *state.Subscription) []state.SubscriptionItem {
	items := append([]state.SubscriptionItem{}, sub.Items...)
	for _, i := range c.Indexes("items") {
		name := fmt.Sprintf("items[%d]", i)
		at := len(items)
		if id := c.Text(name + "[id]"); id != "" {
			at = state.IndexOfItem(items, id)
			if at < 0 {
				c.Fail(wire.MissingReference("subscription item", id, name+"[id]"))
				return items
			}
		} else {
			c.Required(name + "[price]")
			items = append(items, state.SubscriptionItem{ID: wire.NewID("si_", 14), Quantity: 1, Created: s.NowUnix()})
		}
		it := &items[at]
		clearUsage := c.Flag(name + "[clear_usage]")
		if c.Flag(name + "[deleted]") {
			if p := s.Prices.Get(it.Price); p != nil && p.Metered() && it.Usage > 0 && !clearUsage {
				c.Fail(wire.Invalid(name+"[clear_usage]", "", "Subscription item %s cannot be deleted because it has usage. Pass `clear_usage=true` to delete it with its usage.", it.ID))
			}
			items = append(items[:at:at], items[at+1:]...)
			continue
		}
		if p := c.Text(name + "[price]"); p != "" {
			it.Price = p
		}
		if c.Has(name + "[quantity]") {
			it.Quantity = c.Integer(name+"[quantity]", 0, state.MaxQuantity)
		}
		it.Metadata = c.Metadata(name+"[metadata]", it.Metadata)
		if s.Prices.Get(it.Price) == nil {
			c.Fail(wire.MissingReference("price", it.Price, name+"[price]"))
			return items
		}
		s.CheckItemPrice(c, sub, *it, name)
	}
	s.CheckItems(c, sub, items)
	return items
}

// CheckItemPrice refuses a price that the item called name cannot have.
func (s *Server) CheckItemPrice(c *Call, sub *state.Subscription, it state.SubscriptionItem, name string) {
	p := s.Prices.Get(it.Price)
	switch {
	case p == nil:
		c.Fail(wire.MissingReference("price", it.Price, name+"[price]"))
	case !p.Recurring():
		c.Fail(wire.Invalid(name+"[price]", "", "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`."))
	case !p.Active && c.Has(name+"[price]"):
		c.Fail(wire.Invalid(name+"[price]", "", "The price specified is inactive. This field only accepts active prices."))
	case p.Metered() && c.Has(name+"[quantity]"):
		c.Fail(wire.Invalid(name+"[quantity]", "", "You cannot set the quantity for metered plans."))
	case sub.Currency != "" && p.In(sub.Currency) == nil:
		c.Fail(wire.Invalid(name+"[price]", "", "%s", p.Refuses(sub.Currency)))
	}
}

// CheckItems refuses items that cannot be of one subscription.
func (s *Server) CheckItems(c *Call, sub *state.Subscription, items []state.SubscriptionItem) {
	if len(items) == 0 {
		c.Fail(wire.Invalid("items", "", "A subscription must have at least one active plan. In order to cancel a subscription, please use the cancel API endpoint."))
		return
	}
	seen := map[string]bool{}
	for _, it := range items {
		if seen[it.Price] {
			c.Fail(wire.Invalid("items", "", "Cannot add multiple subscription items with the same plan: %s", it.Price))
			return
		}
		seen[it.Price] = true
		p, first := s.Prices.Get(it.Price), s.Prices.Get(items[0].Price)
		if p == nil || first == nil || !p.Recurring() || !first.Recurring() {
			return // reported where it was read
		}
		if !sub.Flexible && !s.SameInterval(it, items[0]) {
			c.Fail(wire.Invalid("items", "", "Currently, all prices in a subscription must have the same billing interval."))
			return
		}
	}
}
