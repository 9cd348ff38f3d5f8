package api

import (
	"slices"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/life"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

var paymentIntentRoutes = []route{
	{pattern: "GET /v1/payment_intents/{id}", params: []string{"client_secret"}, do: (*Server).retrievePaymentIntent},
	{pattern: "GET /v1/payment_intents", params: wire.Listing("customer"), do: (*Server).listPaymentIntents},
	{pattern: "POST /v1/payment_intents", params: intentCreateParams, do: (*Server).createPaymentIntent},
	{pattern: "POST /v1/payment_intents/{id}", params: intentParams, do: (*Server).updatePaymentIntent},
	{pattern: "POST /v1/payment_intents/{id}/confirm", params: intentConfirmParams, do: (*Server).confirmPaymentIntent},
	{
		pattern: "POST /v1/payment_intents/{id}/capture",
		params:  []string{"amount_to_capture", "metadata[*]"},
		do:      (*Server).capturePaymentIntent,
	},
	{pattern: "POST /v1/payment_intents/{id}/cancel", params: []string{"cancellation_reason"}, do: (*Server).cancelPaymentIntent},
}

func (s *Server) retrievePaymentIntent(c *Call) (wire.Object, *wire.Error) {
	pi := s.PaymentIntents.Get(c.id)
	if pi == nil {
		return nil, wire.NotFound("payment_intent", c.id, "intent")
	}
	return s.Render.PaymentIntent(pi), nil
}

func (s *Server) listPaymentIntents(c *Call) (wire.Object, *wire.Error) {
	created, customer := c.createdFilter(), c.equals("customer")
	return page[*state.PaymentIntent]{
		noun: "payment_intent", items: s.PaymentIntents.NewestFirst(),
		id:     func(pi *state.PaymentIntent) string { return pi.ID },
		keep:   func(pi *state.PaymentIntent) bool { return created(pi.Created) && customer(pi.Customer) },
		object: s.Render.PaymentIntent,
	}.serve(c)
}

var intentParams = append(shippingParams("shipping"), []string{
	"amount", "currency", "customer", "description", "metadata[*]", "payment_method", "payment_method_types[]", "allowed_payment_method_types[]", "excluded_payment_method_types[]", "receipt_email",
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

func (s *Server) createPaymentIntent(c *Call) (wire.Object, *wire.Error) {
	c.Required("amount")
	c.Required("currency")
	pi := &state.PaymentIntent{Redirects: c.readAutomatic()}
	s.readIntent(c, pi)
	confirm := c.Flag("confirm")
	if !confirm {
		for _, name := range []string{"off_session", "error_on_requires_action", "mandate_data"} {
			if c.HasAny(name) {
				c.Fail(wire.Invalid(name, "", "You cannot pass `%s` without `confirm=true`.", name))
			}
		}
	}
	if v := c.OneOf("confirmation_method", "automatic", "manual"); v == "manual" {
		c.Fail(wire.Invalid("confirmation_method", "", "Stripe has confirmation_method=manual, the sandbox does not serve it yet."))
	}
	pm := s.intentMethod(c, pi.Customer)
	how := c.readConfirmation()
	if c.Err == nil && confirm {
		c.Fail(refusesIntentConfirmation(pi, c, pm))
	}
	if c.Err != nil {
		return nil, c.Err
	}
	if pm != nil {
		pi.PaymentMethod = pm.ID
	}
	s.AddPaymentIntent(pi)
	if confirm {
		if e := s.ConfirmIntent(pi, pm, how); e != nil {
			return nil, e
		}
	}
	return s.Render.PaymentIntent(pi), nil
}

// readAutomatic is how automatic_payment_methods redirect, "" if they are not
// automatic: they are unless the types are named.
func (c *Call) readAutomatic() string {
	redirects := c.OneOf("automatic_payment_methods[allow_redirects]", "always", "never")
	enabled := c.Flag("automatic_payment_methods[enabled]")
	switch {
	case c.HasAny("automatic_payment_methods") && !c.Has("automatic_payment_methods[enabled]"):
		c.Fail(wire.MissingParam("automatic_payment_methods[enabled]"))
	case enabled && c.HasAny("payment_method_types"):
		c.Fail(wire.Invalid("payment_method_types", "", "You may only specify one of these parameters: automatic_payment_methods, payment_method_types."))
	case c.HasAny("payment_method_types"), c.Has("automatic_payment_methods[enabled]") && !enabled:
		return ""
	case redirects == "":
		return "always"
	}
	return redirects
}

// readIntent reads what can be given at the making and changed later.
func (s *Server) readIntent(c *Call, pi *state.PaymentIntent) {
	if c.Has("amount") {
		pi.Amount = c.Integer("amount", 1, wire.MaxAmount)
	}
	if v := c.Currency("currency"); v != "" {
		pi.Currency = v
	}
	if !wire.IsCurrency(pi.Currency) && c.Err == nil {
		c.Fail(wire.InvalidCurrency("currency", pi.Currency))
	}
	if least := leastAmounts[pi.Currency]; c.Err == nil && pi.Amount < least {
		c.Fail(wire.Invalid("amount", "amount_too_small", "Amount must be at least %s %s", wire.FormatAmount(least, pi.Currency), pi.Currency))
	}
	if v := c.Text("customer"); v != "" {
		if pi.Customer != "" && v != pi.Customer {
			c.Fail(wire.Invalid("customer", "", "You cannot modify `customer` on a PaymentIntent once it already has been set. To fulfill a payment with a different Customer, cancel this PaymentIntent and create a new one."))
		}
		if s.LiveCustomer(v) == nil {
			c.Fail(wire.MissingReference("customer", v, "customer"))
		}
		pi.Customer = v
	}
	if c.Has("description") {
		pi.Description = c.Form.Get("description")
	}
	pi.Metadata = c.Metadata("metadata", pi.Metadata)
	if c.HasAny("payment_method_types") {
		pi.MethodTypes = c.readMethodTypes()
		pi.Redirects = ""
	}
	if len(pi.MethodTypes) == 0 || c.choosesMethods() {
		automatic := []string{"card"}
		if pi.Redirects != "" {
			automatic = append(automatic, life.DebitType(pi.Currency))
		}
		pi.MethodTypes = c.choose(&pi.MethodChoice, nil, automatic...)
	}
	pi.Shipping = c.readShipping("shipping", pi.Shipping)
	readUsage(pi, c)
	if c.Has("statement_descriptor") {
		pi.StatementDescriptor = c.Limited("statement_descriptor", 22)
	}
	if c.Has("statement_descriptor_suffix") {
		pi.StatementSuffix = c.Limited("statement_descriptor_suffix", 22)
	}
	switch c.OneOf("capture_method", "automatic", "automatic_async", "manual") {
	case "manual":
		pi.Manual = true
	case "automatic":
		pi.Manual = false
	case "automatic_async":
		c.Fail(wire.Invalid("capture_method", "", "Stripe has capture_method=automatic_async, the sandbox does not serve it yet."))
	}
}

// readUsage reads what a confirmation can still change.
func readUsage(pi *state.PaymentIntent, c *Call) {
	if c.Has("setup_future_usage") {
		pi.SetupFutureUsage = ""
		if c.Form.Get("setup_future_usage") != "" {
			pi.SetupFutureUsage = c.OneOf("setup_future_usage", "off_session", "on_session")
		}
	}
	if c.Has("receipt_email") {
		pi.ReceiptEmail = ""
		if c.Form.Get("receipt_email") != "" {
			pi.ReceiptEmail = c.Email("receipt_email")
		}
	}
}

// readConfirmation reads how the buyer is there, and may be asked to authenticate.
func (c *Call) readConfirmation() life.Attempt {
	c.Flag("use_stripe_sdk")
	off := c.OneOf("off_session", "true", "false", "one_off", "recurring")
	return life.Attempt{
		ReturnURL: c.WebURL("return_url"), FailsInstead: c.Flag("error_on_requires_action"), OffSession: off != "" && off != "false",
	}
}

// intentMethod is the payment method that the request names, nil for none. One of
// Stripe's test methods is made by it.
func (s *Server) intentMethod(c *Call, customer string) *state.PaymentMethod {
	id := c.Text("payment_method")
	if id == "" || c.Err != nil {
		return nil
	}
	if !s.known(id) {
		c.Fail(wire.MissingReference("PaymentMethod", id, "payment_method"))
		return nil
	}
	pm := s.method(id)
	c.Fail(pm.Usable(customer, "payment_method"))
	return pm
}

// refusesIntentConfirmation says what a confirmation lacks, or nil.
func refusesIntentConfirmation(pi *state.PaymentIntent, c *Call, pm *state.PaymentMethod) *wire.Error {
	switch {
	case pm == nil:
		return unexpectedState("You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.")
	case !slices.Contains(pi.MethodTypes, pm.Kind):
		return wire.Invalid("payment_method", "", "The PaymentMethod provided (%s) is not allowed for this PaymentIntent. Please attach a PaymentMethod of one of the following types: %s.", pm.Kind, wire.Alternatives(pi.MethodTypes))
	case pi.Redirects == "always" && !c.Has("return_url"):
		return wire.Invalid("", "", "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents.")
	case pm.Kind != "card" && pi.Manual:
		return wire.Invalid("capture_method", "", "The payment method type %s does not support `capture_method=manual`.", pm.Kind)
	case pm.Kind != "card" && pm.Customer == "" && !c.HasAny("mandate_data"):
		return wire.Invalid("mandate_data", "", "This PaymentIntent requires a mandate, but no existing mandate was found. Collect mandate acceptance from the customer and try again, providing acceptance data in the mandate_data parameter.")
	}
	return nil
}

func unexpectedState(message string, args ...any) *wire.Error {
	return wire.Invalid("", "payment_intent_unexpected_state", message, args...)
}

func (s *Server) updatePaymentIntent(c *Call) (wire.Object, *wire.Error) {
	pi := s.PaymentIntents.Get(c.id)
	if pi == nil {
		return nil, wire.NotFound("payment_intent", c.id, "intent")
	}
	change := *pi
	s.readIntent(c, &change)
	pm := s.intentMethod(c, change.Customer)
	open := slices.Contains([]string{"requires_payment_method", "requires_confirmation", "requires_action"}, pi.Status)
	for _, k := range c.Names() {
		free := wire.MatchesParam("metadata[*]", k) || wire.MatchesParam("expand[]", k) || k == "description" || k == "receipt_email"
		switch {
		case !free && !open:
			c.Fail(unexpectedState("This PaymentIntent's %s could not be updated because it has a status of %s. You may only update the %s of a PaymentIntent with one of the following statuses: requires_payment_method, requires_confirmation, requires_action.", k, pi.Status, k))
		case !free && pi.Invoice != "" && k != "payment_method" && k != "setup_future_usage":
			c.Fail(wire.Invalid(k, "", "You cannot change the %s of a PaymentIntent that an invoice has made: change the invoice.", k))
		}
	}
	if c.Err != nil {
		return nil, c.Err
	}
	if pm != nil {
		change.PaymentMethod, change.Status = pm.ID, "requires_confirmation"
	}
	*pi = change
	return s.Render.PaymentIntent(pi), nil
}

func (s *Server) confirmPaymentIntent(c *Call) (wire.Object, *wire.Error) {
	pi := s.PaymentIntents.Get(c.id)
	if pi == nil {
		return nil, wire.NotFound("payment_intent", c.id, "intent")
	}
	how := c.readConfirmation()
	change := *pi
	readUsage(&change, c)
	change.Shipping = c.readShipping("shipping", change.Shipping)
	pm := s.intentMethod(c, pi.Customer)
	if pm == nil {
		pm = s.PaymentMethods.Get(pi.PaymentMethod)
	}
	switch {
	case c.Err != nil:
		return nil, c.Err
	case pi.Status == "succeeded":
		return nil, unexpectedState("You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.").With(wire.Object{"payment_intent": s.Render.PaymentIntent(pi)})
	case !slices.Contains([]string{"requires_payment_method", "requires_confirmation", "requires_action"}, pi.Status):
		return nil, unexpectedState("You cannot confirm this PaymentIntent because it has a status of %s. Only a PaymentIntent with one of the following statuses may be confirmed: requires_confirmation, requires_action.", pi.Status).With(wire.Object{"payment_intent": s.Render.PaymentIntent(pi)})
	}
	if e := refusesIntentConfirmation(&change, c, pm); e != nil {
		return nil, e.With(wire.Object{"payment_intent": s.Render.PaymentIntent(pi)})
	}
	*pi = change
	if e := s.ConfirmIntent(pi, pm, how); e != nil {
		return nil, e
	}
	return s.Render.PaymentIntent(pi), nil
}

func (s *Server) cancelPaymentIntent(c *Call) (wire.Object, *wire.Error) {
	pi := s.PaymentIntents.Get(c.id)
	if pi == nil {
		return nil, wire.NotFound("payment_intent", c.id, "intent")
	}
	reason := c.OneOf("cancellation_reason", "abandoned", "duplicate", "fraudulent", "requested_by_customer")
	switch {
	case c.Err != nil:
		return nil, c.Err
	case pi.Invoice != "":
		return nil, wire.Invalid("", "", "You cannot cancel this PaymentIntent because an invoice has made it: void the invoice %s.", pi.Invoice)
	case pi.Status == "processing":
		return nil, wire.Invalid("", "", "Stripe cancels some PaymentIntents that are processing, the sandbox none.")
	case pi.Status == "succeeded" || pi.Status == "canceled":
		return nil, unexpectedState("You cannot cancel this PaymentIntent because it has a status of %s. Only a PaymentIntent with one of the following statuses may be canceled: requires_payment_method, requires_capture, requires_confirmation, requires_action, processing.", pi.Status).
			With(wire.Object{"payment_intent": s.Render.PaymentIntent(pi)})
	}
	if ch := s.Charges.Get(pi.LatestCharge); ch != nil && pi.Status == "requires_capture" {
		s.Refund(ch, ch.Amount, "", nil) // the bank lets the money go
	}
	s.CancelIntentFor(pi, reason)
	return s.Render.PaymentIntent(pi), nil
}

func (s *Server) capturePaymentIntent(c *Call) (wire.Object, *wire.Error) {
	pi := s.PaymentIntents.Get(c.id)
	if pi == nil {
		return nil, wire.NotFound("payment_intent", c.id, "intent")
	}
	amount := pi.Amount
	if c.Has("amount_to_capture") {
		amount = c.Integer("amount_to_capture", 1, wire.MaxAmount)
	}
	metadata := c.Metadata("metadata", pi.Metadata)
	switch {
	case c.Err != nil:
		return nil, c.Err
	case pi.Status != "requires_capture":
		return nil, unexpectedState("This PaymentIntent could not be captured because it has a status of %s. Only a PaymentIntent with one of the following statuses may be captured: requires_capture.", pi.Status).
			With(wire.Object{"payment_intent": s.Render.PaymentIntent(pi)})
	case amount > pi.Amount:
		return nil, wire.Invalid("amount_to_capture", "amount_too_large", "The amount to capture is greater than what can be captured, which is %d.", pi.Amount)
	case amount < pi.Amount:
		return nil, wire.Invalid("amount_to_capture", "", "Stripe can capture a part, the sandbox does not serve it yet.")
	}
	pi.Metadata = metadata
	ch := s.Charges.Get(pi.LatestCharge)
	before := s.Render.Charge(ch)
	ch.Uncaptured, pi.Status = false, "succeeded"
	s.EmitUpdated("charge.captured", before, s.Render.Charge(ch))
	s.Emit("payment_intent.succeeded", s.Render.PaymentIntent(pi), nil)
	return s.Render.PaymentIntent(pi), nil
}
