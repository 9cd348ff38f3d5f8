package sandbox

import (
	"fmt"
	"slices"
	"strings"
)

var subscriptionUpdateParams = []string{
	"metadata[*]", "description", "cancel_at_period_end", "cancel_at", "proration_behavior", "payment_behavior",
	"cancellation_details[comment]", "cancellation_details[feedback]",
	"pause_collection", "pause_collection[behavior]", "pause_collection[resumes_at]",
	"trial_end", "trial_settings[end_behavior][missing_payment_method]",
	"coupon", "promotion_code", "discounts", "discounts[][coupon]", "discounts[][promotion_code]",
	"default_payment_method", "off_session", "payment_settings[save_default_payment_method]",
	"proration_date", "collection_method", "days_until_due",
	"items[][id]", "items[][price]", "items[][quantity]", "items[][deleted]", "items[][clear_usage]", "items[][metadata][*]",
}

// pendingParams are what an update may change while it waits for its payment.
var pendingParams = []string{
	"items[*]", "payment_behavior", "proration_behavior", "proration_date", "trial_end", "expand[]",
}

// updateSubscription changes a live subscription. What falls due by that is
// collected as payment_behavior says.
func (s *Sandbox) updateSubscription(c *call) (object, *apiError) {
	sub := s.subscriptions.get(c.id)
	if sub == nil {
		return nil, notFound("subscription", c.id, "id")
	}
	if sub.terminal() {
		for k := range c.form {
			if !matchesParam("metadata[*]", k) && !matchesParam("cancellation_details[*]", k) && !matchesParam("expand[]", k) {
				return nil, invalid(k, "", "A canceled subscription can only update its cancellation_details and metadata.")
			}
		}
	}
	change := *sub
	change.metadata = c.metadata("metadata", sub.metadata)
	if c.has("description") {
		change.description = c.form.Get("description")
	}
	if c.hasAny("cancellation_details") {
		change.cancelComment = c.form.Get("cancellation_details[comment]")
		change.cancelFeedback = c.form.Get("cancellation_details[feedback]")
	}
	behavior := c.oneOf("proration_behavior", "always_invoice", "create_prorations", "none")
	payment := c.oneOf("payment_behavior", "allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete")
	if payment == "pending_if_incomplete" {
		c.refuseOthers(pendingParams, payment)
	}
	at := s.prorationDate(c, sub)
	change.daysUntilDue = c.readCollection("subscription", change.daysUntilDue)
	how := s.readSubscriptionMethod(c, &change)
	s.readPauseCollection(c, &change)
	change.items = s.readItems(c, sub)
	trialEndsNow := s.readTrial(c, &change)
	if sub.schedule != "" && (c.has("cancel_at_period_end") || c.has("cancel_at")) {
		c.fail(invalid("", "", "The subscription is managed by the subscription schedule `%s`, and updating any cancelation behavior directly is not allowed. Please update the schedule instead.", sub.schedule))
	}
	s.readCancelAt(c, &change)
	s.refusesProration(c, sub, behavior)
	given, discounted := s.readNewDiscount(c, sub)
	if c.err != nil {
		return nil, c.err
	}
	ch := s.priceChange(sub, change.items, behavior, at)
	refused := s.refusesChange(&change, ch, how)
	if refused != nil && payment == "error_if_incomplete" {
		return nil, refused
	}
	if sub.update != nil && c.hasAny("items") {
		s.replaceUpdate(sub)
		change.update, change.pending = nil, sub.pending
	}
	before, old := s.subscriptionObject(sub), *sub
	var in *invoice
	*sub = change
	if refused != nil && payment == "pending_if_incomplete" {
		sub.items = old.items
		in = s.holdUpdate(sub, ch)
	} else {
		in = s.applyChange(sub, ch)
	}
	// The end of the period may have moved, and the cancellation with it.
	if sub.cancelAtPeriodEnd {
		sub.cancelAt = sub.nextEnd()
	}
	if sub.cancelAt != 0 && sub.cancelAt != old.cancelAt {
		s.scheduleCancel(sub)
	}
	if sub.pauseResumesAt != 0 && sub.pauseResumesAt != old.pauseResumesAt {
		s.scheduleCollection(sub)
	}
	if discounted {
		s.giveSubscription(sub, given)
	}
	s.emitUpdated("customer.subscription.updated", before, s.subscriptionObject(sub))
	switch {
	case in != nil && sub.update != nil && sub.update.invoice == in.id:
		s.finalize(in, "Subscription update", []string{"card"})
		how.declined = true
		s.chargeFor(in, how)
	case in != nil:
		s.collectChange(sub, in, payment, how)
	}
	if trialEndsNow {
		s.endTrial(sub, func(in *invoice) { s.collect(sub, in, how) })
	}
	return s.subscriptionObject(sub), nil
}

// readNewDiscount reads the discount that a subscription is to have instead of what it
// has, nil for none, and tells whether that changes.
func (s *Sandbox) readNewDiscount(c *call, sub *subscription) (*discount, bool) {
	if !c.hasAny("coupon") && !c.hasAny("promotion_code") && !c.hasAny("discounts") {
		return nil, false
	}
	if c.hasAny("items") {
		c.fail(invalid("items", "", "Stripe takes a discount and items at once, the sandbox does not yet: make two calls."))
	}
	for _, name := range []string{"coupon", "promotion_code", "discounts"} {
		if c.has(name) && c.form.Get(name) == "" {
			return nil, true
		}
	}
	ch := s.readSubscriptionChoice(c, sub.customer, sub.currency)
	if c.err != nil || ch == nil {
		return nil, false
	}
	return s.given(ch.coupon, ch.promotionCode), true
}

// prorationDate is when a change is counted from.
func (s *Sandbox) prorationDate(c *call, sub *subscription) int64 {
	if !c.has("proration_date") {
		return s.nowUnix()
	}
	start, _ := sub.period()
	return c.integer("proration_date", start, sub.nextEnd())
}

// refuseOthers refuses what cannot be changed under a payment_behavior.
func (c *call) refuseOthers(allowed []string, behavior string) {
	for k := range c.form {
		if !slices.ContainsFunc(allowed, func(a string) bool { return matchesParam(a, k) }) {
			top, _, _ := strings.Cut(k, "[")
			c.fail(invalid(top, "", "The following arguments are not supported when `payment_behavior=%s`: %s.", behavior, top))
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
func (s *Sandbox) readEnd(c *call) end {
	switch v := c.text("cancel_at"); {
	case v == "":
		return end{}
	case c.version >= clover && (v == "min_period_end" || v == "max_period_end"):
		return end{with: v}
	case v == "max_billed_until" && c.version >= dahlia:
		c.fail(invalid("cancel_at", "", "Stripe has cancel_at=max_billed_until, the sandbox does not serve it yet: use max_period_end."))
		return end{}
	}
	return end{at: c.integer("cancel_at", s.nowUnix()+1, 1<<40)}
}

// of is the moment that it means for a subscription, 0 for none.
func (e end) of(sub *subscription) int64 {
	at := e.at
	for _, it := range sub.items {
		switch {
		case e.with == "max_period_end":
			at = max(at, it.end)
		case e.with == "min_period_end" && (at == 0 || it.end < at):
			at = it.end
		}
	}
	return at
}

func (s *Sandbox) readCancelAt(c *call, sub *subscription) {
	if c.has("cancel_at_period_end") && c.has("cancel_at") {
		c.fail(invalid("cancel_at", "parameters_exclusive", "You may only specify one of these parameters: cancel_at, cancel_at_period_end."))
	}
	switch {
	case c.has("cancel_at_period_end"):
		sub.cancelAtPeriodEnd = c.flag("cancel_at_period_end")
		sub.cancelAt = 0
		if sub.cancelAtPeriodEnd {
			sub.cancelAt = sub.nextEnd()
		}
	case c.has("cancel_at"):
		sub.cancelAtPeriodEnd, sub.cancelAt = false, 0
		if c.form.Get("cancel_at") != "" {
			sub.cancelAt = s.readEnd(c).of(sub)
		}
	default:
		return
	}
	if sub.cancelAt == 0 {
		sub.canceledAt, sub.cancelReason = 0, ""
		return
	}
	sub.canceledAt, sub.cancelReason = s.nowUnix(), "cancellation_requested"
}

// readTrial moves the end of a trial and tells whether that is now.
func (s *Sandbox) readTrial(c *call, sub *subscription) (now bool) {
	if v := c.oneOf("trial_settings[end_behavior][missing_payment_method]", "cancel", "create_invoice", "pause"); v != "" {
		sub.missingPaymentMethod = v
	}
	if !c.has("trial_end") {
		return false
	}
	if sub.status != "trialing" {
		c.fail(invalid("trial_end", "", "The sandbox moves the end of a trial that is running and starts no other; this subscription is %s.", sub.status))
		return false
	}
	if c.form.Get("trial_end") == "now" {
		return true
	}
	sub.trialEnd = c.integer("trial_end", s.nowUnix()+1, 1<<40)
	sub.setAnchor(sub.trialEnd)
	sub.moveEnd(sub.trialEnd)
	return false
}

// readItems returns the items as they will be. An entry without an id adds an
// item: that is Stripe's rule and a well-known trap.
func (s *Sandbox) readItems(c *call, sub *subscription) []subscriptionItem {
	items := append([]subscriptionItem{}, sub.items...)
	for _, i := range c.indexes("items") {
		name := fmt.Sprintf("items[%d]", i)
		at := len(items)
		if id := c.text(name + "[id]"); id != "" {
			at = indexOfItem(items, id)
			if at < 0 {
				c.fail(missingReference("subscription item", id, name+"[id]"))
				return items
			}
		} else {
			c.required(name + "[price]")
			items = append(items, subscriptionItem{id: newID("si_", 14), quantity: 1, created: s.nowUnix()})
		}
		it := &items[at]
		clearUsage := c.flag(name + "[clear_usage]")
		if c.flag(name + "[deleted]") {
			if p := s.prices.get(it.price); p != nil && p.metered() && it.usage > 0 && !clearUsage {
				c.fail(invalid(name+"[clear_usage]", "", "Subscription item %s cannot be deleted because it has usage. Pass `clear_usage=true` to delete it with its usage.", it.id))
			}
			items = append(items[:at:at], items[at+1:]...)
			continue
		}
		if p := c.text(name + "[price]"); p != "" {
			it.price = p
		}
		if c.has(name + "[quantity]") {
			it.quantity = c.integer(name+"[quantity]", 0, maxQuantity)
		}
		it.metadata = c.metadata(name+"[metadata]", it.metadata)
		if s.prices.get(it.price) == nil {
			c.fail(missingReference("price", it.price, name+"[price]"))
			return items
		}
		s.checkItemPrice(c, sub, *it, name)
	}
	s.checkItems(c, sub, items)
	return items
}

// checkItemPrice refuses a price that the item called name cannot have.
func (s *Sandbox) checkItemPrice(c *call, sub *subscription, it subscriptionItem, name string) {
	p := s.prices.get(it.price)
	switch {
	case p == nil:
		c.fail(missingReference("price", it.price, name+"[price]"))
	case !p.recurring():
		c.fail(invalid(name+"[price]", "", "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`."))
	case !p.active && c.has(name+"[price]"):
		c.fail(invalid(name+"[price]", "", "The price specified is inactive. This field only accepts active prices."))
	case p.metered() && c.has(name+"[quantity]"):
		c.fail(invalid(name+"[quantity]", "", "You cannot set the quantity for metered plans."))
	case sub.currency != "" && p.currency != sub.currency:
		c.fail(invalid(name+"[price]", "", "The price specified only supports `%s`. This doesn't match the expected currency: `%s`.", p.currency, sub.currency))
	}
}

func (s *Sandbox) checkItems(c *call, sub *subscription, items []subscriptionItem) {
	if len(items) == 0 {
		c.fail(invalid("items", "", "A subscription must have at least one active plan. In order to cancel a subscription, please use the cancel API endpoint."))
		return
	}
	seen := map[string]bool{}
	for _, it := range items {
		if seen[it.price] {
			c.fail(invalid("items", "", "Cannot add multiple subscription items with the same plan: %s", it.price))
			return
		}
		seen[it.price] = true
		p, first := s.prices.get(it.price), s.prices.get(items[0].price)
		if p == nil || first == nil || !p.recurring() || !first.recurring() {
			return // reported where it was read
		}
		if !sub.flexible && !s.sameInterval(it, items[0]) {
			c.fail(invalid("items", "", "Currently, all prices in a subscription must have the same billing interval."))
			return
		}
	}
}

func indexOfItem(items []subscriptionItem, id string) int {
	for i, it := range items {
		if it.id == id {
			return i
		}
	}
	return -1
}
