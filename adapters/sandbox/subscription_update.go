package sandbox

import "fmt"

var subscriptionUpdateParams = []string{
	"metadata[*]", "description", "cancel_at_period_end", "cancel_at", "proration_behavior", "payment_behavior",
	"cancellation_details[comment]", "cancellation_details[feedback]",
	"pause_collection", "pause_collection[behavior]", "pause_collection[resumes_at]",
	"trial_end", "trial_settings[end_behavior][missing_payment_method]",
	"items[][id]", "items[][price]", "items[][quantity]", "items[][deleted]", "items[][metadata][*]",
}

var subscriptionUpdateUnsupported = []string{
	"add_invoice_items", "application_fee_percent", "automatic_tax", "billing_cycle_anchor", "billing_thresholds",
	"collection_method", "coupon", "days_until_due", "default_payment_method", "default_source", "default_tax_rates",
	"invoice_settings", "items", "off_session", "on_behalf_of", "payment_settings",
	"pending_invoice_item_interval", "promotion_code", "proration_date", "transfer_data", "trial_from_plan",
}

// updateSubscription changes a live subscription. The buyer's card pays
// whatever falls due, so payment_behavior makes no difference here.
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
	before := s.subscriptionObject(sub)
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
	c.oneOf("payment_behavior", "allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete")
	s.readPauseCollection(c, &change)
	trialEndsNow := s.readTrial(c, &change)
	s.readCancelAt(c, &change)
	change.items = s.readItems(c, sub)
	if c.err != nil {
		return nil, c.err
	}
	old := *sub
	*sub = change
	s.bill(&old, sub, behavior)
	// The end of the period may have moved, and the cancellation with it.
	if sub.cancelAtPeriodEnd {
		sub.cancelAt = sub.periodEnd
	}
	if sub.cancelAt != 0 && sub.cancelAt != old.cancelAt {
		s.scheduleCancel(sub)
	}
	if sub.pauseResumesAt != 0 && sub.pauseResumesAt != old.pauseResumesAt {
		s.scheduleCollection(sub)
	}
	s.emitUpdated("customer.subscription.updated", before, s.subscriptionObject(sub))
	if trialEndsNow {
		s.endTrial(sub, true)
	}
	return s.subscriptionObject(sub), nil
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
			sub.cancelAt = sub.periodEnd
		}
	case c.has("cancel_at"):
		sub.cancelAtPeriodEnd, sub.cancelAt = false, 0
		if c.form.Get("cancel_at") != "" {
			sub.cancelAt = c.integer("cancel_at", s.nowUnix()+1, 1<<40)
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
	sub.anchor, sub.periodEnd = sub.trialEnd, sub.trialEnd
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
		if c.flag(name + "[deleted]") {
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
		p := s.prices.get(it.price)
		switch {
		case p == nil:
			c.fail(missingReference("price", it.price, name+"[price]"))
			return items
		case !p.recurring():
			c.fail(invalid(name+"[price]", "", "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`."))
		case !p.active && c.has(name+"[price]"):
			c.fail(invalid(name+"[price]", "", "The price specified is inactive. This field only accepts active prices."))
		case p.currency != sub.currency:
			c.fail(invalid(name+"[price]", "", "The price specified only supports `%s`. This doesn't match the expected currency: `%s`.", p.currency, sub.currency))
		}
	}
	s.checkItems(c, items)
	return items
}

func (s *Sandbox) checkItems(c *call, items []subscriptionItem) {
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
		if p == nil || first == nil {
			return // reported where it was read
		}
		if p.interval != first.interval || p.intervalCount != first.intervalCount {
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

// bill invoices what a change of items costs now: the new period, where the
// interval changes or a free subscription becomes a paid one, else the
// prorations if always_invoice asks for them.
func (s *Sandbox) bill(old, sub *subscription, behavior string) {
	now := s.nowUnix()
	before, after := s.prices.get(old.items[0].price), s.prices.get(sub.items[0].price)
	restart := before.interval != after.interval || before.intervalCount != after.intervalCount ||
		(s.periodAmount(old) == 0) != (s.periodAmount(sub) == 0)
	if sub.terminal() || sub.status == "trialing" || sub.status == "paused" {
		return // a trial costs nothing, whatever it is a trial of, and a pause bills nothing
	}
	if behavior != "none" {
		sub.pending = append(sub.pending, s.prorations(old, sub, now, restart)...)
	}
	lines := sub.pending
	switch {
	case restart:
		sub.anchor, sub.periodStart, sub.periodEnd = now, now, after.periodEnd(now, now)
		for _, it := range sub.items {
			lines = append(lines, s.periodLine(sub, it))
		}
	case behavior != "always_invoice" || len(lines) == 0:
		return // what is pending waits for the next invoice
	}
	sub.pending = nil
	in := &invoice{
		customer: sub.customer, subscription: sub.id, currency: sub.currency, billingReason: "subscription_update",
		lines: lines, subscriptionMetadata: sub.metadata, periodStart: now, periodEnd: now,
	}
	s.addInvoice(in)
	sub.latestInvoice = in.id
	s.finalize(in, "Subscription update", []string{"card"})
	s.chargeFor(in, false, true)
}

func (s *Sandbox) periodAmount(sub *subscription) int64 {
	var sum int64
	for _, it := range sub.items {
		sum += s.prices.get(it.price).unitAmount * it.quantity
	}
	return sum
}

// prorations credit what is unused of each old item and, unless a new period
// starts anyway, charge the rest of the period for each new one.
func (s *Sandbox) prorations(old, sub *subscription, now int64, restart bool) []invoiceLine {
	var lines []invoiceLine
	left := old.periodEnd - min(max(now, old.periodStart), old.periodEnd) // the period may have been moved past the clock
	share := func(it subscriptionItem, sign int64, what string) {
		p := s.prices.get(it.price)
		amount := sign * (p.unitAmount * it.quantity * left / (old.periodEnd - old.periodStart))
		if amount == 0 {
			return
		}
		lines = append(lines, invoiceLine{
			price: it.price, item: it.id, quantity: it.quantity, amount: amount, start: now, end: old.periodEnd, proration: true,
			description: fmt.Sprintf("%s time on %s", what, s.products.get(p.product).name),
		})
	}
	for _, it := range old.items {
		if i := indexOfItem(sub.items, it.id); restart || i < 0 || sub.items[i].price != it.price || sub.items[i].quantity != it.quantity {
			share(it, -1, "Unused")
		}
	}
	if restart {
		return lines
	}
	for _, it := range sub.items {
		if i := indexOfItem(old.items, it.id); i < 0 || old.items[i].price != it.price || old.items[i].quantity != it.quantity {
			share(it, 1, "Remaining")
		}
	}
	return lines
}
