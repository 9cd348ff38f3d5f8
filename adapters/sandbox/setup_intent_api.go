package sandbox

import "slices"

var setupParams = []string{"customer", "description", "metadata[*]", "payment_method", "payment_method_types[]"}

var setupConfirmParams = slices.Concat([]string{"payment_method", "client_secret", "return_url", "use_stripe_sdk"}, mandateParams)

var setupCreateParams = slices.Concat([]string{
	"automatic_payment_methods[enabled]", "automatic_payment_methods[allow_redirects]", "confirm", "return_url", "usage",
	"use_stripe_sdk",
}, mandateParams, setupParams)

func (s *Sandbox) createSetupIntent(c *call) (object, *apiError) {
	si := &setupIntent{redirects: c.readAutomatic(), usage: c.oneOf("usage", "off_session", "on_session")}
	s.readSetup(c, si)
	confirm := c.flag("confirm")
	c.webURL("return_url")
	c.flag("use_stripe_sdk")
	if !confirm && (c.has("return_url") || c.hasAny("mandate_data")) {
		c.fail(invalid("confirm", "", "You cannot pass `return_url` or `mandate_data` without `confirm=true`."))
	}
	pm := s.intentMethod(c, si.customer)
	if c.err == nil && confirm {
		c.fail(si.refusesConfirmation(c, pm))
	}
	if c.err != nil {
		return nil, c.err
	}
	if pm != nil {
		si.paymentMethod = pm.id
	}
	s.addSetupIntent(si)
	if confirm {
		return s.confirmedSetup(c, si, pm)
	}
	return s.setupIntentObject(si), nil
}

// readSetup reads what can be given at the making and changed later.
func (s *Sandbox) readSetup(c *call, si *setupIntent) {
	if v := c.text("customer"); v != "" {
		if s.liveCustomer(v) == nil {
			c.fail(missingReference("customer", v, "customer"))
		}
		si.customer = v
	}
	if c.has("description") {
		si.description = c.form.Get("description")
	}
	si.metadata = c.metadata("metadata", si.metadata)
	if c.hasAny("payment_method_types") {
		si.methodTypes, si.redirects = c.readMethodTypes(), ""
	}
	if len(si.methodTypes) == 0 {
		si.methodTypes = []string{"card"}
		if si.redirects != "" {
			si.methodTypes = append(si.methodTypes, "us_bank_account")
		}
	}
}

// refusesConfirmation says what a confirmation lacks, or nil.
func (si *setupIntent) refusesConfirmation(c *call, pm *paymentMethod) *apiError {
	switch {
	case pm == nil:
		return setupState("You cannot confirm this SetupIntent because it's missing a payment method. Update the SetupIntent with a payment method and then confirm it again.")
	case !slices.Contains(si.methodTypes, pm.kind):
		return invalid("payment_method", "", "The PaymentMethod provided (%s) is not allowed for this SetupIntent. Please attach a PaymentMethod of one of the following types: %s.", pm.kind, alternatives(si.methodTypes))
	case si.redirects == "always" && !c.has("return_url"):
		return invalid("", "", "This SetupIntent is configured to accept payment methods enabled in your Dashboard. Because some of these payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents.")
	case pm.kind != "card" && !c.hasAny("mandate_data"):
		return invalid("mandate_data", "", "This SetupIntent requires a mandate. Collect mandate acceptance from the customer and try again, providing acceptance data in the mandate_data parameter.")
	}
	return nil
}

func setupState(message string, args ...any) *apiError {
	return invalid("", "setup_intent_unexpected_state", message, args...)
}

// confirmedSetup is the answer to a call that confirms.
func (s *Sandbox) confirmedSetup(c *call, si *setupIntent, pm *paymentMethod) (object, *apiError) {
	if e := s.confirmSetup(si, pm, c.form.Get("return_url")); e != nil {
		return nil, e.with(object{"payment_method": s.paymentMethodObject(pm), "setup_intent": s.setupIntentObject(si)})
	}
	return s.setupIntentObject(si), nil
}

func (s *Sandbox) updateSetupIntent(c *call) (object, *apiError) {
	si := s.setupIntents.get(c.id)
	if si == nil {
		return nil, notFound("setupintent", c.id, "intent")
	}
	change := *si
	s.readSetup(c, &change)
	pm := s.intentMethod(c, change.customer)
	switch {
	case c.err != nil:
		return nil, c.err
	case si.settled():
		return nil, setupState("You cannot update this SetupIntent because it has a status of %s. Only a SetupIntent with one of the following statuses may be updated: requires_payment_method, requires_confirmation, requires_action.", si.status).
			with(object{"setup_intent": s.setupIntentObject(si)})
	case pm != nil:
		change.paymentMethod, change.status = pm.id, "requires_confirmation"
	}
	*si = change
	return s.setupIntentObject(si), nil
}

// settled tells whether the intent has come to an end.
func (si *setupIntent) settled() bool { return si.status == "succeeded" || si.status == "canceled" }

func (s *Sandbox) confirmSetupIntent(c *call) (object, *apiError) {
	si := s.setupIntents.get(c.id)
	if si == nil {
		return nil, notFound("setupintent", c.id, "intent")
	}
	c.webURL("return_url")
	c.flag("use_stripe_sdk")
	pm := s.intentMethod(c, si.customer)
	if pm == nil {
		pm = s.paymentMethods.get(si.paymentMethod)
	}
	switch {
	case c.err != nil:
		return nil, c.err
	case si.settled():
		return nil, setupState("You cannot confirm this SetupIntent because it has a status of %s. Only a SetupIntent with one of the following statuses may be confirmed: requires_payment_method, requires_confirmation, requires_action.", si.status).
			with(object{"setup_intent": s.setupIntentObject(si)})
	}
	if e := si.refusesConfirmation(c, pm); e != nil {
		return nil, e.with(object{"setup_intent": s.setupIntentObject(si)})
	}
	return s.confirmedSetup(c, si, pm)
}

func (s *Sandbox) cancelSetupIntent(c *call) (object, *apiError) {
	si := s.setupIntents.get(c.id)
	if si == nil {
		return nil, notFound("setupintent", c.id, "intent")
	}
	reason := c.oneOf("cancellation_reason", "abandoned", "duplicate", "requested_by_customer")
	switch {
	case c.err != nil:
		return nil, c.err
	case si.settled():
		return nil, setupState("You cannot cancel this SetupIntent because it has a status of %s. Only a SetupIntent with one of the following statuses may be canceled: requires_payment_method, requires_confirmation, requires_action.", si.status).
			with(object{"setup_intent": s.setupIntentObject(si)})
	}
	s.cancelSetup(si, reason)
	return s.setupIntentObject(si), nil
}
