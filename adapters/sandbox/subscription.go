package sandbox

import "time"

type subscription struct {
	id, customer, status, currency, description string
	items                                       []subscriptionItem
	metadata                                    map[string]string
	created, anchor                             int64
	trialStart, trialEnd                        int64
	cancelAtPeriodEnd                           bool
	cancelAt, canceledAt, endedAt               int64
	cancelReason, cancelComment, cancelFeedback string
	latestInvoice, missingPaymentMethod         string
	automaticTax                                bool
	flexible                                    bool           // billing_mode
	defaultMethod                               string         // the payment method that is charged; empty for the customer's
	saveMethod                                  bool           // what pays becomes the default
	daysUntilDue                                int64          // of invoices that are sent; 0 where the card is charged
	pauseBehavior                               string         // of pause_collection
	pauseResumesAt                              int64          // of pause_collection
	resuming                                    string         // the invoice that resumes a paused one
	pending                                     []invoiceLine  // for the next invoice
	update                                      *pendingUpdate // that waits for its payment
	discount                                    *discount
	schedule                                    string // that plans its phases
	pendingSetup                                string // the setup intent that waits for a payment method
	next                                        int64  // when something happens by itself that is planned
	noticed                                     bool   // that the trial will end
	announced                                   int64  // the end of the period whose next invoice was announced
}

// terminal tells whether the subscription has ended for good.
func (sub *subscription) terminal() bool {
	return sub.status == "canceled" || sub.status == "incomplete_expired"
}

var subscriptionRoutes = []route{
	{pattern: "GET /v1/subscriptions/{id}", do: (*Sandbox).retrieveSubscription},
	{
		pattern: "GET /v1/subscriptions",
		params:  listing("customer", "status", "price"),
		do:      (*Sandbox).listSubscriptions,
	},
	{pattern: "POST /v1/subscriptions", params: subscriptionCreateParams, do: (*Sandbox).createSubscription},
	{pattern: "POST /v1/subscriptions/{id}", params: subscriptionUpdateParams, do: (*Sandbox).updateSubscription},
	{
		pattern: "DELETE /v1/subscriptions/{id}",
		params:  []string{"cancellation_details[comment]", "cancellation_details[feedback]"},
		do:      (*Sandbox).cancelSubscription,
	},
	{pattern: "DELETE /v1/subscriptions/{id}/discount", do: (*Sandbox).deleteSubscriptionDiscount},
	{
		pattern: "POST /v1/subscriptions/{id}/resume",
		params:  []string{"billing_cycle_anchor", "billing_cycle_anchor[type]", "proration_behavior"},
		do:      (*Sandbox).resumeSubscription,
	},
}

func (s *Sandbox) retrieveSubscription(c *call) (object, *apiError) {
	sub := s.subscriptions.get(c.id)
	if sub == nil {
		return nil, notFound("subscription", c.id, "id")
	}
	return s.subscriptionObject(sub), nil
}

// listSubscriptions leaves out canceled ones unless they are asked for.
func (s *Sandbox) listSubscriptions(c *call) (object, *apiError) {
	created, customer := c.createdFilter(), c.equals("customer")
	status := c.oneOf("status", "active", "all", "canceled", "ended", "incomplete", "incomplete_expired", "past_due", "paused", "trialing", "unpaid")
	price := c.text("price")
	return page[*subscription]{
		noun: "subscription", items: s.subscriptions.newestFirst(),
		id: func(sub *subscription) string { return sub.id },
		keep: func(sub *subscription) bool {
			switch {
			case status == "" && sub.status == "canceled",
				status == "ended" && !sub.terminal(),
				status != "" && status != "all" && status != "ended" && status != sub.status,
				price != "" && !sub.has(price):
				return false
			}
			return created(sub.created) && customer(sub.customer)
		},
		object: s.subscriptionObject,
	}.serve(c)
}

func (sub *subscription) has(price string) bool {
	for _, it := range sub.items {
		if it.price == price {
			return true
		}
	}
	return false
}

func (s *Sandbox) cancelSubscription(c *call) (object, *apiError) {
	sub := s.subscriptions.get(c.id)
	if sub == nil || sub.terminal() {
		return nil, notFound("subscription", c.id, "id") // Stripe no longer knows an ended one here
	}
	comment, feedback := c.text("cancellation_details[comment]"), c.text("cancellation_details[feedback]")
	if c.err != nil {
		return nil, c.err
	}
	sub.cancelComment, sub.cancelFeedback = comment, feedback
	s.cancelNow(sub)
	return s.subscriptionObject(sub), nil
}

// cancelNow ends a subscription before the end of its period. A cancellation that was to
// come is none any more.
func (s *Sandbox) cancelNow(sub *subscription) {
	sub.cancelAtPeriodEnd, sub.cancelAt, sub.canceledAt = false, 0, 0
	s.endSubscription(sub, "cancellation_requested")
}

// endSubscription cancels at once; reason is one of cancellation_details'.
func (s *Sandbox) endSubscription(sub *subscription, reason string) {
	now := s.nowUnix()
	sub.status, sub.endedAt = "canceled", now
	if sub.canceledAt == 0 {
		sub.canceledAt = now // else the time of the request, which was earlier
	}
	sub.cancelReason = reason
	sub.update = nil
	s.dropSchedule(sub)
	s.emit("customer.subscription.deleted", s.subscriptionObject(sub), nil)
}

func (sub *subscription) billingMode() string {
	if sub.flexible {
		return "flexible"
	}
	return "classic"
}

// changeSubscription tells of a change, if it is one.
func (s *Sandbox) changeSubscription(sub *subscription, change func()) {
	before := s.subscriptionObject(sub)
	change()
	s.emitUpdated("customer.subscription.updated", before, s.subscriptionObject(sub))
}

// neverBegan ends a subscription whose first payment did not come.
func (s *Sandbox) neverBegan(sub *subscription) {
	s.changeSubscription(sub, func() { sub.status, sub.endedAt = "incomplete_expired", s.nowUnix() })
}

// scheduleCancel ends the subscription at sub.cancelAt, if that still stands
// when the time comes.
func (s *Sandbox) scheduleCancel(sub *subscription) {
	at := sub.cancelAt
	s.at(time.Unix(at, 0), func() {
		if sub.cancelAt == at && !sub.terminal() {
			s.endSubscription(sub, "cancellation_requested")
		}
	})
}

func (s *Sandbox) subscriptionObject(sub *subscription) object {
	start, end := sub.period()
	items := s.subscriptionItemObjects(sub, sub.items)
	method := "charge_automatically"
	if sub.daysUntilDue > 0 {
		method = "send_invoice"
	}
	saves := "off"
	if sub.saveMethod {
		saves = "on_subscription"
	}
	missing := sub.missingPaymentMethod
	if missing == "" {
		missing = "create_invoice"
	}
	return object{
		"id": sub.id, "object": "subscription", "application": nil, "application_fee_percent": nil,
		"automatic_tax":        object{"enabled": sub.automaticTax, "liability": nil},
		"billing_cycle_anchor": sub.anchor, "billing_cycle_anchor_config": nil,
		"billing_mode": object{"type": sub.billingMode()}, "billing_schedules": []object{}, "billing_thresholds": nil,
		"cancel_at": orNull(sub.cancelAt), "cancel_at_period_end": sub.cancelAtPeriodEnd, "canceled_at": orNull(sub.canceledAt),
		"cancellation_details": object{"comment": orNull(sub.cancelComment), "feedback": orNull(sub.cancelFeedback), "reason": orNull(sub.cancelReason)},
		"collection_method":    method, "created": sub.created, "currency": sub.currency,
		"current_period_end": end, "current_period_start": start, "customer": sub.customer,
		"days_until_due": orNull(sub.daysUntilDue), "default_payment_method": orNull(sub.defaultMethod), "default_source": nil, "default_tax_rates": []object{},
		"description": orNull(sub.description), "discount": s.discountOrNull(sub.discount), "discounts": sub.discount.ids(), "ended_at": orNull(sub.endedAt),
		"invoice_settings": object{"account_tax_ids": nil, "issuer": object{"type": "self"}},
		"items":            listOf(items, false, "/v1/subscription_items?subscription="+sub.id),
		"latest_invoice":   orNull(sub.latestInvoice), "livemode": false, "metadata": metadataObject(sub.metadata),
		"next_pending_invoice_item_invoice": nil, "on_behalf_of": nil, "pause_collection": sub.pauseCollection(),
		"payment_settings":              object{"payment_method_options": nil, "payment_method_types": nil, "save_default_payment_method": saves},
		"pending_invoice_item_interval": nil, "pending_setup_intent": orNull(sub.pendingSetup), "pending_update": s.pendingUpdateObject(sub), "schedule": orNull(sub.schedule),
		"start_date": sub.created, "status": sub.status, "test_clock": s.testClockOf(sub.customer), "transfer_data": nil,
		"trial_end": orNull(sub.trialEnd), "trial_settings": object{"end_behavior": object{"missing_payment_method": missing}},
		"trial_start": orNull(sub.trialStart),
	}
}
