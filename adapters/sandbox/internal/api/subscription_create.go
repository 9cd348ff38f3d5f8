package api

import (
	"fmt"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/life"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

var subscriptionCreateParams = []string{
	"trial_settings[end_behavior][missing_payment_method]", "trial_end", "cancel_at",
	"customer", "currency", "description", "metadata[*]", "collection_method", "days_until_due", "payment_behavior", "trial_period_days",
	"cancel_at_period_end", "items[][price]", "items[][quantity]", "items[][metadata][*]", "billing_mode[type]",
	"default_payment_method", "off_session", "payment_settings[save_default_payment_method]",
	"automatic_tax[enabled]", "proration_behavior", "add_invoice_items[][price]", "add_invoice_items[][quantity]",
	"coupon", "promotion_code", "discounts[][coupon]", "discounts[][promotion_code]",
}

// createSubscription is the way past Checkout: the customer's card pays at once, or
// an invoice is sent.
func (s *Server) createSubscription(c *Call) (wire.Object, *wire.Error) {
	sub := &state.Subscription{
		Customer: c.Required("customer"), Currency: c.Currency("currency"), Description: c.Limited("description", 500), Metadata: c.Metadata("metadata", nil),
		CancelAtPeriodEnd: c.Flag("cancel_at_period_end"), Flexible: c.flexible("billing_mode"),
	}
	sub.DaysUntilDue = c.readCollection("subscription", sub.DaysUntilDue)
	c.readAutomaticTax(sub)
	c.OneOf("proration_behavior", "always_invoice", "create_prorations", "none") // of which there is nothing: the periods begin now, or with the trial's end
	behavior := c.OneOf("payment_behavior", "allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete")
	trialDays := c.Integer("trial_period_days", 1, 730)
	sub.MissingPaymentMethod = c.OneOf("trial_settings[end_behavior][missing_payment_method]", "cancel", "create_invoice", "pause")
	trialEnd := s.readTrialEnd(c)
	ends := s.readEnd(c)
	cu := s.LiveCustomer(sub.Customer)
	how := s.readSubscriptionMethod(c, sub)
	if cu == nil {
		c.Fail(wire.MissingReference("customer", sub.Customer, "customer"))
	}
	if !c.HasAny("items") {
		c.Fail(wire.MissingParam("items"))
	}
	for _, i := range c.Indexes("items") {
		name := fmt.Sprintf("items[%d]", i)
		it := state.SubscriptionItem{Price: c.Required(name + "[price]"), Quantity: 1, Metadata: c.Metadata(name+"[metadata]", nil)}
		if c.Has(name + "[quantity]") {
			it.Quantity = c.Integer(name+"[quantity]", 0, state.MaxQuantity)
		}
		if p := s.Prices.Get(it.Price); p != nil && sub.Currency == "" {
			sub.Currency = p.Currency
		}
		s.CheckItemPrice(c, sub, it, name)
		sub.Items = append(sub.Items, it)
	}
	s.CheckItems(c, sub, sub.Items)
	once := s.readOnce(c, sub.Currency)
	s.refuseCombined(c, sub.Customer, sub.Currency)
	chosen := s.readSubscriptionChoice(c, sub.Customer, sub.Currency)
	if c.Err != nil {
		return nil, c.Err
	}
	var given *state.Discount
	if chosen != nil {
		given = s.NewDiscount(chosen.coupon, chosen.promotionCode)
	}
	due := cu.Balance
	for _, l := range s.WaitingLines(cu.ID, "", sub.Currency) {
		due += l.Amount
	}
	var amounts []int64
	for _, l := range once {
		due += l.Amount
		amounts = append(amounts, l.Amount)
	}
	for _, it := range sub.Items {
		if p := s.PriceIn(it.Price, sub.Currency); trialDays == 0 && trialEnd == 0 && !p.Metered() {
			due += p.Amount(it.Quantity)
			amounts = append(amounts, p.Amount(it.Quantity))
		}
	}
	for _, off := range s.AmountsOff(given, amounts) {
		due -= off
	}
	if due > 0 && sub.DaysUntilDue == 0 && behavior != "default_incomplete" {
		if e := s.RefusesPayment(sub, how); e != nil && (behavior == "error_if_incomplete" || s.MethodOf(sub) == nil) {
			return nil, e
		}
	}
	if due <= 0 && sub.DaysUntilDue == 0 && behavior == "default_incomplete" && s.MethodOf(sub) == nil {
		// Nothing is to be paid now: the buyer is asked for what is to pay later.
		si := &state.SetupIntent{Customer: cu.ID, MethodTypes: []string{"card"}}
		s.AddSetupIntent(si)
		sub.PendingSetup = si.ID
	}
	in := s.AddSubscription(sub, life.FirstInvoice{Once: once, TrialDays: trialDays, TrialEnd: trialEnd, Discount: given, MethodTypes: []string{"card"}})
	if si := s.SetupIntents.Get(sub.PendingSetup); si != nil {
		si.Subscription = sub.ID
	}
	if behavior != "default_incomplete" {
		s.PayFirst(sub, in, how)
	}
	s.ExpireIncomplete(sub, in)
	if at := ends.of(sub); at != 0 {
		sub.CancelAt, sub.CanceledAt, sub.CancelReason = at, sub.Created, "cancellation_requested"
		s.ScheduleCancel(sub)
	}
	if sub.CancelAtPeriodEnd {
		sub.CancelAt, sub.CanceledAt, sub.CancelReason = sub.NextEnd(), sub.Created, "cancellation_requested"
		s.ScheduleCancel(sub)
	}
	return s.Render.Subscription(sub), nil
}

// readOnce reads what is billed once, with a subscription's first invoice.
func (s *Server) readOnce(c *Call, currency string) []state.InvoiceLine {
	var lines []state.InvoiceLine
	for _, i := range c.Indexes("add_invoice_items") {
		name := fmt.Sprintf("add_invoice_items[%d]", i)
		price, quantity := name+"[price]", int64(1)
		if c.Has(name + "[quantity]") {
			quantity = c.Integer(name+"[quantity]", 1, state.MaxQuantity)
		}
		p := s.Prices.Get(c.Required(price))
		switch {
		case c.Err != nil:
		case p == nil:
			c.Fail(wire.MissingReference("price", c.Text(price), price))
		case p.Recurring():
			c.Fail(wire.Invalid(price, "", "The price specified is set to `type=recurring` but this field only accepts prices with `type=one_time`."))
		case !p.Active:
			c.Fail(wire.Invalid(price, "", "The price specified is inactive. This field only accepts active prices."))
		case p.In(currency) == nil:
			c.Fail(wire.Invalid(price, "", "%s", p.Refuses(currency)))
		default:
			lines = append(lines, s.OnceLine(p.ID, quantity, currency))
		}
	}
	return lines
}

// readSubscriptionMethod reads what is charged, and whether its owner is there.
func (s *Server) readSubscriptionMethod(c *Call, sub *state.Subscription) life.Attempt {
	sub.DefaultMethod = s.readMethod(c, "default_payment_method", sub.Customer, sub.DefaultMethod)
	if v := c.OneOf("payment_settings[save_default_payment_method]", "off", "on_subscription"); v != "" {
		sub.SaveMethod = v == "on_subscription"
	}
	return life.Attempt{OffSession: c.Flag("off_session")}
}

// readAutomaticTax reads whether taxes are computed. There are none, so that it is only shown.
func (c *Call) readAutomaticTax(sub *state.Subscription) {
	if c.HasAny("automatic_tax") {
		c.Required("automatic_tax[enabled]")
		sub.AutomaticTax = c.Flag("automatic_tax[enabled]")
	}
}

// readTrialEnd reads when the trial of a new subscription ends; 0 for none.
func (s *Server) readTrialEnd(c *Call) int64 {
	switch {
	case !c.Has("trial_end") || c.Form.Get("trial_end") == "now":
		return 0
	case c.Has("trial_period_days"):
		c.Fail(wire.Invalid("trial_end", "parameters_exclusive", "You may only specify one of these parameters: trial_end, trial_period_days."))
	}
	return c.Integer("trial_end", s.NowUnix()+1, 1<<40)
}

// readCollection reads whether invoices are charged or sent: the days until they are due, 0
// if they are charged. whose says what they are of, in Stripe's errors.
func (c *Call) readCollection(whose string, was int64) int64 {
	method := c.OneOf("collection_method", "charge_automatically", "send_invoice")
	days := c.Integer("days_until_due", 1, 3650)
	switch {
	case method == "send_invoice" && days == 0 && was == 0:
		c.Fail(wire.Invalid("days_until_due", "", "If the %s's collection_method is set to 'send_invoice', you must set days_until_due.", whose))
	case days != 0 && method != "send_invoice" && was == 0:
		c.Fail(wire.Invalid("days_until_due", "", "You can only set 'days_until_due' if the %s's collection_method is 'send_invoice'.", whose))
	case method == "charge_automatically":
		return 0
	case days != 0:
		return days
	}
	return was
}
