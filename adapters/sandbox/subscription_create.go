package sandbox

import (
	"cmp"
	"fmt"
	"time"
)

var subscriptionCreateParams = []string{
	"trial_settings[end_behavior][missing_payment_method]", "trial_end", "cancel_at",
	"customer", "description", "metadata[*]", "collection_method", "days_until_due", "payment_behavior", "trial_period_days",
	"cancel_at_period_end", "items[][price]", "items[][quantity]", "items[][metadata][*]", "billing_mode[type]",
	"default_payment_method", "off_session", "payment_settings[save_default_payment_method]",
	"coupon", "promotion_code", "discounts[][coupon]", "discounts[][promotion_code]",
}

// createSubscription is the way past Checkout: the customer's card pays at once, or
// an invoice is sent.
func (s *Sandbox) createSubscription(c *call) (object, *apiError) {
	sub := &subscription{
		customer: c.required("customer"), description: c.limited("description", 500), metadata: c.metadata("metadata", nil),
		cancelAtPeriodEnd: c.flag("cancel_at_period_end"), flexible: c.flexible("billing_mode"),
	}
	sub.daysUntilDue = c.readCollection("subscription", sub.daysUntilDue)
	behavior := c.oneOf("payment_behavior", "allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete")
	trialDays := c.integer("trial_period_days", 1, 730)
	sub.missingPaymentMethod = c.oneOf("trial_settings[end_behavior][missing_payment_method]", "cancel", "create_invoice", "pause")
	trialEnd := s.readTrialEnd(c)
	ends := s.readEnd(c)
	cu := s.liveCustomer(sub.customer)
	how := s.readSubscriptionMethod(c, sub)
	if cu == nil {
		c.fail(missingReference("customer", sub.customer, "customer"))
	}
	if !c.hasAny("items") {
		c.fail(missingParam("items"))
	}
	for _, i := range c.indexes("items") {
		name := fmt.Sprintf("items[%d]", i)
		it := subscriptionItem{price: c.required(name + "[price]"), quantity: 1, metadata: c.metadata(name+"[metadata]", nil)}
		if c.has(name + "[quantity]") {
			it.quantity = c.integer(name+"[quantity]", 0, maxQuantity)
		}
		if p := s.prices.get(it.price); p != nil && sub.currency == "" {
			sub.currency = p.currency
		}
		s.checkItemPrice(c, sub, it, name)
		sub.items = append(sub.items, it)
	}
	s.checkItems(c, sub, sub.items)
	chosen := s.readSubscriptionChoice(c, sub.customer, sub.currency)
	if c.err != nil {
		return nil, c.err
	}
	var given *discount
	if chosen != nil {
		given = s.given(chosen.coupon, chosen.promotionCode)
	}
	due := cu.balance
	for _, l := range s.waiting(cu.id, "", sub.currency) {
		due += l.amount
	}
	var amounts []int64
	for _, it := range sub.items {
		if p := s.prices.get(it.price); trialDays == 0 && trialEnd == 0 && !p.metered() {
			due += p.amount(it.quantity)
			amounts = append(amounts, p.amount(it.quantity))
		}
	}
	for _, off := range s.off(given, amounts) {
		due -= off
	}
	if due > 0 && sub.daysUntilDue == 0 && behavior != "default_incomplete" {
		if e := s.refusesPayment(sub, how); e != nil && (behavior == "error_if_incomplete" || s.methodOf(sub) == nil) {
			return nil, e
		}
	}
	if due <= 0 && sub.daysUntilDue == 0 && behavior == "default_incomplete" && s.methodOf(sub) == nil {
		// Nothing is to be paid now: the buyer is asked for what is to pay later.
		si := &setupIntent{customer: cu.id, methodTypes: []string{"card"}, subscription: sub}
		s.addSetupIntent(si)
		sub.pendingSetup = si.id
	}
	in := s.addSubscription(sub, firstInvoice{trialDays: trialDays, trialEnd: trialEnd, discount: given, methodTypes: []string{"card"}})
	if behavior != "default_incomplete" {
		s.payFirst(sub, in, how)
	}
	s.expireIncomplete(sub, in)
	if at := ends.of(sub); at != 0 {
		sub.cancelAt, sub.canceledAt, sub.cancelReason = at, sub.created, "cancellation_requested"
		s.scheduleCancel(sub)
	}
	if sub.cancelAtPeriodEnd {
		sub.cancelAt, sub.canceledAt, sub.cancelReason = sub.nextEnd(), sub.created, "cancellation_requested"
		s.scheduleCancel(sub)
	}
	return s.subscriptionObject(sub), nil
}

// readSubscriptionMethod reads what is charged, and whether its owner is there.
func (s *Sandbox) readSubscriptionMethod(c *call, sub *subscription) attempt {
	sub.defaultMethod = s.readMethod(c, "default_payment_method", sub.customer, sub.defaultMethod)
	if v := c.oneOf("payment_settings[save_default_payment_method]", "off", "on_subscription"); v != "" {
		sub.saveMethod = v == "on_subscription"
	}
	return attempt{offSession: c.flag("off_session")}
}

// readTrialEnd reads when the trial of a new subscription ends; 0 for none.
func (s *Sandbox) readTrialEnd(c *call) int64 {
	switch {
	case !c.has("trial_end") || c.form.Get("trial_end") == "now":
		return 0
	case c.has("trial_period_days"):
		c.fail(invalid("trial_end", "parameters_exclusive", "You may only specify one of these parameters: trial_end, trial_period_days."))
	}
	return c.integer("trial_end", s.nowUnix()+1, 1<<40)
}

// readCollection reads whether invoices are charged or sent: the days until they are due, 0
// if they are charged. whose says what they are of, in Stripe's errors.
func (c *call) readCollection(whose string, was int64) int64 {
	method := c.oneOf("collection_method", "charge_automatically", "send_invoice")
	days := c.integer("days_until_due", 1, 3650)
	switch {
	case method == "send_invoice" && days == 0 && was == 0:
		c.fail(invalid("days_until_due", "", "If the %s's collection_method is set to 'send_invoice', you must set days_until_due.", whose))
	case days != 0 && method != "send_invoice" && was == 0:
		c.fail(invalid("days_until_due", "", "You can only set 'days_until_due' if the %s's collection_method is 'send_invoice'.", whose))
	case method == "charge_automatically":
		return 0
	case days != 0:
		return days
	}
	return was
}

// firstInvoice is what a subscription begins with, besides its items.
type firstInvoice struct {
	once        []invoiceLine // what is paid once
	discount    *discount
	trialDays   int64
	trialEnd    int64          // instead of the days
	paidBy      *paymentIntent // that has paid it already, or is about to
	methodTypes []string
}

// addSubscription starts a subscription with its first period, or a trial, and its
// first invoice. Whether that is paid is the caller's affair if the subscription is
// incomplete then.
func (s *Sandbox) addSubscription(sub *subscription, first firstInvoice) *invoice {
	in := s.firstInvoiceOf(sub, first)
	if d := first.discount; d != nil {
		sub.discount, d.subscription, d.customer = d, sub.id, sub.customer
		s.redeem(d)
	}
	s.addInvoice(in)
	sub.latestInvoice = in.id
	sub.status = "incomplete"
	if pi := first.paidBy; pi != nil {
		in.pay(pi.id, pi.created)
		in.charge, in.attempts, pi.invoice = pi.latestCharge, 1, in.id
		s.charges.get(pi.latestCharge).invoice = in.id
	}
	if in.due() == 0 || in.toBeSent() || first.paidBy != nil {
		sub.status = sub.startStatus()
	}
	s.subscriptions.add(sub.id, sub)
	s.emit("customer.subscription.created", s.subscriptionObject(sub), nil)
	if sub.discount != nil {
		s.emit("customer.discount.created", s.discountObject(sub.discount), nil)
	}
	s.finalize(in, "Subscription creation", first.methodTypes)
	s.usedUp(sub, in, in.created)
	if in.due() == 0 {
		s.markPaid(in)
	}
	return in
}

// firstInvoiceOf gives a subscription its first periods, and bills them. Nothing is kept.
func (s *Sandbox) firstInvoiceOf(sub *subscription, first firstInvoice) *invoice {
	now, trialDays := s.nowUnix(), first.trialDays
	sub.id, sub.created, sub.anchor = newID("sub_1", 23), now, now
	if trialDays > 0 || first.trialEnd > 0 {
		sub.trialStart, sub.trialEnd = now, cmp.Or(first.trialEnd, now+trialDays*24*60*60)
		sub.anchor = sub.trialEnd
	}
	in := &invoice{
		customer: sub.customer, subscription: sub.id, currency: sub.currency, billingReason: "subscription_create",
		subscriptionMetadata: sub.metadata, periodStart: now, periodEnd: now, automaticTax: sub.automaticTax,
		daysUntilDue: sub.daysUntilDue, lines: first.once,
	}
	for i := range sub.items {
		it := &sub.items[i]
		it.id, it.created, it.anchor, it.start, it.end = newID("si_", 14), now, sub.anchor, now, sub.trialEnd
		if sub.trialEnd == 0 {
			s.startPeriod(it, now)
		}
		in.lines = append(in.lines, s.itemLine(sub, *it, subscriptionItem{}))
	}
	in.lines = append(in.lines, s.waiting(sub.customer, "", sub.currency)...)
	s.reduce(in, first.discount)
	return in
}

// payFirst has the customer's card pay the first invoice, if anything is due.
func (s *Sandbox) payFirst(sub *subscription, in *invoice, a attempt) {
	if sub.status == "incomplete" && s.chargeFor(in, a) {
		s.settled(in)
	}
}

// firstPaymentLife is how long Stripe waits for a subscription's first payment.
const firstPaymentLife = 23 * time.Hour

// expireIncomplete ends a subscription whose first invoice is not paid in time. One
// of Checkout ends with its session.
func (s *Sandbox) expireIncomplete(sub *subscription, in *invoice) {
	if sub.status != "incomplete" {
		return
	}
	s.at(s.now().Add(firstPaymentLife), func() {
		if sub.status == "incomplete" && in.payable() {
			s.voidInvoice(in)
			s.givenUp(in)
		}
	})
}

func (sub *subscription) startStatus() string {
	if sub.trialEnd > 0 {
		return "trialing"
	}
	return "active"
}
