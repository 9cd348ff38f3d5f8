package sandbox

import (
	"slices"
)

var intentParams = append(shippingParams("shipping"), []string{
	"amount", "currency", "customer", "description", "metadata[*]", "payment_method", "payment_method_types[]", "receipt_email",
	"setup_future_usage", "statement_descriptor", "statement_descriptor_suffix", "capture_method",
}...)

// mandateParams are what a buyer agreed to, whose bank account is to be debited.
var mandateParams = []string{
	"mandate_data[customer_acceptance][type]", "mandate_data[customer_acceptance][accepted_at]",
	"mandate_data[customer_acceptance][online][ip_address]", "mandate_data[customer_acceptance][online][user_agent]",
}

var intentConfirmParams = slices.Concat(shippingParams("shipping"), []string{
	"payment_method", "client_secret", "off_session", "return_url", "error_on_requires_action", "use_stripe_sdk",
	"receipt_email", "setup_future_usage",
}, mandateParams)

var intentCreateParams = slices.Concat([]string{
	"automatic_payment_methods[enabled]", "automatic_payment_methods[allow_redirects]", "confirm", "confirmation_method",
	"off_session", "return_url", "error_on_requires_action", "use_stripe_sdk",
}, mandateParams, intentParams)

// leastAmounts are what a payment comes to at least, in minor units.
var leastAmounts = map[string]int64{"usd": 50, "eur": 50, "gbp": 30}

func (s *Sandbox) createPaymentIntent(c *call) (object, *apiError) {
	c.required("amount")
	c.required("currency")
	pi := &paymentIntent{redirects: c.readAutomatic()}
	s.readIntent(c, pi)
	confirm := c.flag("confirm")
	if !confirm {
		for _, name := range []string{"off_session", "error_on_requires_action", "mandate_data"} {
			if c.hasAny(name) {
				c.fail(invalid(name, "", "You cannot pass `%s` without `confirm=true`.", name))
			}
		}
	}
	if v := c.oneOf("confirmation_method", "automatic", "manual"); v == "manual" {
		c.fail(invalid("confirmation_method", "", "Stripe has confirmation_method=manual, the sandbox does not serve it yet."))
	}
	pm := s.intentMethod(c, pi.customer)
	how := c.readConfirmation()
	if c.err == nil && confirm {
		c.fail(pi.refusesConfirmation(c, pm))
	}
	if c.err != nil {
		return nil, c.err
	}
	if pm != nil {
		pi.paymentMethod = pm.id
	}
	s.addPaymentIntent(pi)
	if confirm {
		if e := s.confirmIntent(pi, pm, how); e != nil {
			return nil, e
		}
	}
	return s.paymentIntentObject(pi), nil
}

// readAutomatic is how automatic_payment_methods redirect, "" if they are not
// automatic: they are unless the types are named.
func (c *call) readAutomatic() string {
	redirects := c.oneOf("automatic_payment_methods[allow_redirects]", "always", "never")
	enabled := c.flag("automatic_payment_methods[enabled]")
	switch {
	case c.hasAny("automatic_payment_methods") && !c.has("automatic_payment_methods[enabled]"):
		c.fail(missingParam("automatic_payment_methods[enabled]"))
	case enabled && c.hasAny("payment_method_types"):
		c.fail(invalid("payment_method_types", "", "You may only specify one of these parameters: automatic_payment_methods, payment_method_types."))
	case c.hasAny("payment_method_types"), c.has("automatic_payment_methods[enabled]") && !enabled:
		return ""
	case redirects == "":
		return "always"
	}
	return redirects
}

// readIntent reads what can be given at the making and changed later.
func (s *Sandbox) readIntent(c *call, pi *paymentIntent) {
	if c.has("amount") {
		pi.amount = c.integer("amount", 1, maxAmount)
	}
	if v := c.text("currency"); v != "" {
		pi.currency = v
	}
	if !currencyCode.MatchString(pi.currency) && c.err == nil {
		c.fail(invalid("currency", "", "Invalid currency: %s.", pi.currency))
	}
	if least := leastAmounts[pi.currency]; c.err == nil && pi.amount < least {
		c.fail(invalid("amount", "amount_too_small", "Amount must be at least %s %s", formatAmount(least, pi.currency), pi.currency))
	}
	if v := c.text("customer"); v != "" {
		if pi.customer != "" && v != pi.customer {
			c.fail(invalid("customer", "", "You cannot modify `customer` on a PaymentIntent once it already has been set. To fulfill a payment with a different Customer, cancel this PaymentIntent and create a new one."))
		}
		if s.liveCustomer(v) == nil {
			c.fail(missingReference("customer", v, "customer"))
		}
		pi.customer = v
	}
	if c.has("description") {
		pi.description = c.form.Get("description")
	}
	pi.metadata = c.metadata("metadata", pi.metadata)
	if c.hasAny("payment_method_types") {
		pi.methodTypes = c.readMethodTypes()
		pi.redirects = ""
	}
	if len(pi.methodTypes) == 0 {
		pi.methodTypes = []string{"card"}
		if pi.redirects != "" {
			pi.methodTypes = append(pi.methodTypes, debitType(pi.currency))
		}
	}
	pi.shipping = c.readShipping("shipping", pi.shipping)
	pi.readUsage(c)
	for name, field := range map[string]*string{"statement_descriptor": &pi.statementDescriptor, "statement_descriptor_suffix": &pi.statementSuffix} {
		if c.has(name) {
			*field = c.limited(name, 22)
		}
	}
	switch c.oneOf("capture_method", "automatic", "automatic_async", "manual") {
	case "manual":
		pi.manual = true
	case "automatic":
		pi.manual = false
	case "automatic_async":
		c.fail(invalid("capture_method", "", "Stripe has capture_method=automatic_async, the sandbox does not serve it yet."))
	}
}

// readUsage reads what a confirmation can still change.
func (pi *paymentIntent) readUsage(c *call) {
	if c.has("setup_future_usage") {
		pi.setupFutureUsage = ""
		if c.form.Get("setup_future_usage") != "" {
			pi.setupFutureUsage = c.oneOf("setup_future_usage", "off_session", "on_session")
		}
	}
	if c.has("receipt_email") {
		pi.receiptEmail = ""
		if c.form.Get("receipt_email") != "" {
			pi.receiptEmail = c.email("receipt_email")
		}
	}
}

// readConfirmation reads how the buyer is there, and may be asked to authenticate.
func (c *call) readConfirmation() attempt {
	c.flag("use_stripe_sdk")
	off := c.oneOf("off_session", "true", "false", "one_off", "recurring")
	return attempt{
		returnURL: c.webURL("return_url"), failsInstead: c.flag("error_on_requires_action"), offSession: off != "" && off != "false",
	}
}

// intentMethod is the payment method that the request names, nil for none. One of
// Stripe's test methods is made by it.
func (s *Sandbox) intentMethod(c *call, customer string) *paymentMethod {
	id := c.text("payment_method")
	if id == "" || c.err != nil {
		return nil
	}
	if !s.known(id) {
		c.fail(missingReference("PaymentMethod", id, "payment_method"))
		return nil
	}
	pm := s.method(id)
	c.fail(pm.usable(customer, "payment_method"))
	return pm
}

// refusesConfirmation says what a confirmation lacks, or nil.
func (pi *paymentIntent) refusesConfirmation(c *call, pm *paymentMethod) *apiError {
	switch {
	case pm == nil:
		return unexpectedState("You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.")
	case !slices.Contains(pi.methodTypes, pm.kind):
		return invalid("payment_method", "", "The PaymentMethod provided (%s) is not allowed for this PaymentIntent. Please attach a PaymentMethod of one of the following types: %s.", pm.kind, alternatives(pi.methodTypes))
	case pi.redirects == "always" && !c.has("return_url"):
		return invalid("", "", "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents.")
	case pm.kind != "card" && pi.manual:
		return invalid("capture_method", "", "The payment method type %s does not support `capture_method=manual`.", pm.kind)
	case pm.kind != "card" && pm.customer == "" && !c.hasAny("mandate_data"):
		return invalid("mandate_data", "", "This PaymentIntent requires a mandate, but no existing mandate was found. Collect mandate acceptance from the customer and try again, providing acceptance data in the mandate_data parameter.")
	}
	return nil
}

func unexpectedState(message string, args ...any) *apiError {
	return invalid("", "payment_intent_unexpected_state", message, args...)
}

func (s *Sandbox) updatePaymentIntent(c *call) (object, *apiError) {
	pi := s.paymentIntents.get(c.id)
	if pi == nil {
		return nil, notFound("payment_intent", c.id, "intent")
	}
	change := *pi
	s.readIntent(c, &change)
	pm := s.intentMethod(c, change.customer)
	open := slices.Contains([]string{"requires_payment_method", "requires_confirmation", "requires_action"}, pi.status)
	for k := range c.form {
		free := matchesParam("metadata[*]", k) || matchesParam("expand[]", k) || k == "description" || k == "receipt_email"
		switch {
		case !free && !open:
			c.fail(unexpectedState("This PaymentIntent's %s could not be updated because it has a status of %s. You may only update the %s of a PaymentIntent with one of the following statuses: requires_payment_method, requires_confirmation, requires_action.", k, pi.status, k))
		case !free && pi.invoice != "" && k != "payment_method" && k != "setup_future_usage":
			c.fail(invalid(k, "", "You cannot change the %s of a PaymentIntent that an invoice has made: change the invoice.", k))
		}
	}
	if c.err != nil {
		return nil, c.err
	}
	if pm != nil {
		change.paymentMethod, change.status = pm.id, "requires_confirmation"
	}
	*pi = change
	return s.paymentIntentObject(pi), nil
}

func (s *Sandbox) confirmPaymentIntent(c *call) (object, *apiError) {
	pi := s.paymentIntents.get(c.id)
	if pi == nil {
		return nil, notFound("payment_intent", c.id, "intent")
	}
	how := c.readConfirmation()
	change := *pi
	change.readUsage(c)
	change.shipping = c.readShipping("shipping", change.shipping)
	pm := s.intentMethod(c, pi.customer)
	if pm == nil {
		pm = s.paymentMethods.get(pi.paymentMethod)
	}
	switch {
	case c.err != nil:
		return nil, c.err
	case pi.status == "succeeded":
		return nil, unexpectedState("You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.").with(object{"payment_intent": s.paymentIntentObject(pi)})
	case !slices.Contains([]string{"requires_payment_method", "requires_confirmation", "requires_action"}, pi.status):
		return nil, unexpectedState("You cannot confirm this PaymentIntent because it has a status of %s. Only a PaymentIntent with one of the following statuses may be confirmed: requires_confirmation, requires_action.", pi.status).with(object{"payment_intent": s.paymentIntentObject(pi)})
	}
	if e := change.refusesConfirmation(c, pm); e != nil {
		return nil, e.with(object{"payment_intent": s.paymentIntentObject(pi)})
	}
	*pi = change
	if e := s.confirmIntent(pi, pm, how); e != nil {
		return nil, e
	}
	return s.paymentIntentObject(pi), nil
}

func (s *Sandbox) cancelPaymentIntent(c *call) (object, *apiError) {
	pi := s.paymentIntents.get(c.id)
	if pi == nil {
		return nil, notFound("payment_intent", c.id, "intent")
	}
	reason := c.oneOf("cancellation_reason", "abandoned", "duplicate", "fraudulent", "requested_by_customer")
	switch {
	case c.err != nil:
		return nil, c.err
	case pi.invoice != "":
		return nil, invalid("", "", "You cannot cancel this PaymentIntent because an invoice has made it: void the invoice %s.", pi.invoice)
	case pi.status == "processing":
		return nil, invalid("", "", "Stripe cancels some PaymentIntents that are processing, the sandbox none.")
	case pi.status == "succeeded" || pi.status == "canceled":
		return nil, unexpectedState("You cannot cancel this PaymentIntent because it has a status of %s. Only a PaymentIntent with one of the following statuses may be canceled: requires_payment_method, requires_capture, requires_confirmation, requires_action, processing.", pi.status).
			with(object{"payment_intent": s.paymentIntentObject(pi)})
	}
	if ch := s.charges.get(pi.latestCharge); ch != nil && pi.status == "requires_capture" {
		s.refund(ch, ch.amount, "", nil) // the bank lets the money go
	}
	s.cancelIntentFor(pi, reason)
	return s.paymentIntentObject(pi), nil
}

func (s *Sandbox) capturePaymentIntent(c *call) (object, *apiError) {
	pi := s.paymentIntents.get(c.id)
	if pi == nil {
		return nil, notFound("payment_intent", c.id, "intent")
	}
	amount := pi.amount
	if c.has("amount_to_capture") {
		amount = c.integer("amount_to_capture", 1, maxAmount)
	}
	metadata := c.metadata("metadata", pi.metadata)
	switch {
	case c.err != nil:
		return nil, c.err
	case pi.status != "requires_capture":
		return nil, unexpectedState("This PaymentIntent could not be captured because it has a status of %s. Only a PaymentIntent with one of the following statuses may be captured: requires_capture.", pi.status).
			with(object{"payment_intent": s.paymentIntentObject(pi)})
	case amount > pi.amount:
		return nil, invalid("amount_to_capture", "amount_too_large", "The amount to capture is greater than what can be captured, which is %d.", pi.amount)
	case amount < pi.amount:
		return nil, invalid("amount_to_capture", "", "Stripe can capture a part, the sandbox does not serve it yet.")
	}
	pi.metadata = metadata
	ch := s.charges.get(pi.latestCharge)
	before := s.chargeObject(ch)
	ch.uncaptured, pi.status = false, "succeeded"
	s.emitUpdated("charge.captured", before, s.chargeObject(ch))
	s.emit("payment_intent.succeeded", s.paymentIntentObject(pi), nil)
	return s.paymentIntentObject(pi), nil
}
