package api

import (
	"slices"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

var setupIntentRoutes = []route{
	{pattern: "GET /v1/setup_intents/{id}", params: []string{"client_secret"}, do: (*Server).retrieveSetupIntent},
	{pattern: "GET /v1/setup_intents", params: wire.Listing("customer", "payment_method"), do: (*Server).listSetupIntents},
	{pattern: "POST /v1/setup_intents", params: setupCreateParams, do: (*Server).createSetupIntent},
	{pattern: "POST /v1/setup_intents/{id}", params: setupParams, do: (*Server).updateSetupIntent},
	{pattern: "POST /v1/setup_intents/{id}/confirm", params: setupConfirmParams, do: (*Server).confirmSetupIntent},
	{pattern: "POST /v1/setup_intents/{id}/cancel", params: []string{"cancellation_reason"}, do: (*Server).cancelSetupIntent},
}

func (s *Server) retrieveSetupIntent(c *Call) (wire.Object, *wire.Error) {
	si := s.SetupIntents.Get(c.id)
	if si == nil {
		return nil, wire.NotFound("setupintent", c.id, "intent")
	}
	return s.Render.SetupIntent(si), nil
}

func (s *Server) listSetupIntents(c *Call) (wire.Object, *wire.Error) {
	created, customer, method := c.createdFilter(), c.equals("customer"), c.equals("payment_method")
	return page[*state.SetupIntent]{
		noun: "setupintent", items: s.SetupIntents.NewestFirst(),
		id: func(si *state.SetupIntent) string { return si.ID },
		keep: func(si *state.SetupIntent) bool {
			return created(si.Created) && customer(si.Customer) && method(si.PaymentMethod)
		},
		object: s.Render.SetupIntent,
	}.serve(c)
}

var setupParams = []string{"customer", "description", "metadata[*]", "payment_method", "payment_method_types[]", "allowed_payment_method_types[]", "excluded_payment_method_types[]"}

var setupConfirmParams = slices.Concat([]string{"payment_method", "client_secret", "return_url", "use_stripe_sdk"}, mandateParams)

var setupCreateParams = slices.Concat([]string{
	"automatic_payment_methods[enabled]", "automatic_payment_methods[allow_redirects]", "confirm", "return_url", "usage",
	"use_stripe_sdk",
}, mandateParams, setupParams)

func (s *Server) createSetupIntent(c *Call) (wire.Object, *wire.Error) {
	si := &state.SetupIntent{Redirects: c.readAutomatic(), Usage: c.OneOf("usage", "off_session", "on_session")}
	s.readSetup(c, si)
	confirm := c.Flag("confirm")
	c.WebURL("return_url")
	c.Flag("use_stripe_sdk")
	if !confirm && (c.Has("return_url") || c.HasAny("mandate_data")) {
		c.Fail(wire.Invalid("confirm", "", "You cannot pass `return_url` or `mandate_data` without `confirm=true`."))
	}
	pm := s.intentMethod(c, si.Customer)
	if c.Err == nil && confirm {
		c.Fail(refusesSetupConfirmation(si, c, pm))
	}
	if c.Err != nil {
		return nil, c.Err
	}
	if pm != nil {
		si.PaymentMethod = pm.ID
	}
	s.AddSetupIntent(si)
	if confirm {
		return s.confirmedSetup(c, si, pm)
	}
	return s.Render.SetupIntent(si), nil
}

// readSetup reads what can be given at the making and changed later.
func (s *Server) readSetup(c *Call, si *state.SetupIntent) {
	if v := c.Text("customer"); v != "" {
		if s.LiveCustomer(v) == nil {
			c.Fail(wire.MissingReference("customer", v, "customer"))
		}
		si.Customer = v
	}
	if c.Has("description") {
		si.Description = c.Form.Get("description")
	}
	si.Metadata = c.Metadata("metadata", si.Metadata)
	if c.HasAny("payment_method_types") {
		si.MethodTypes, si.Redirects = c.readMethodTypes(), ""
	}
	if len(si.MethodTypes) == 0 || c.choosesMethods() {
		automatic := []string{"card"}
		if si.Redirects != "" {
			automatic = append(automatic, "us_bank_account")
		}
		si.MethodTypes = c.choose(&si.MethodChoice, nil, automatic...)
	}
}

// refusesSetupConfirmation says what a confirmation lacks, or nil.
func refusesSetupConfirmation(si *state.SetupIntent, c *Call, pm *state.PaymentMethod) *wire.Error {
	switch {
	case pm == nil:
		return setupState("You cannot confirm this SetupIntent because it's missing a payment method. Update the SetupIntent with a payment method and then confirm it again.")
	case !slices.Contains(si.MethodTypes, pm.Kind):
		return wire.Invalid("payment_method", "", "The PaymentMethod provided (%s) is not allowed for this SetupIntent. Please attach a PaymentMethod of one of the following types: %s.", pm.Kind, wire.Alternatives(si.MethodTypes))
	case si.Redirects == "always" && !c.Has("return_url"):
		return wire.Invalid("", "", "This SetupIntent is configured to accept payment methods enabled in your Dashboard. Because some of these payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents.")
	case pm.Kind != "card" && !c.HasAny("mandate_data"):
		return wire.Invalid("mandate_data", "", "This SetupIntent requires a mandate. Collect mandate acceptance from the customer and try again, providing acceptance data in the mandate_data parameter.")
	}
	return nil
}

func setupState(message string, args ...any) *wire.Error {
	return wire.Invalid("", "setup_intent_unexpected_state", message, args...)
}

// confirmedSetup is the answer to a call that confirms.
func (s *Server) confirmedSetup(c *Call, si *state.SetupIntent, pm *state.PaymentMethod) (wire.Object, *wire.Error) {
	if e := s.ConfirmSetup(si, pm, c.Form.Get("return_url")); e != nil {
		return nil, e.With(wire.Object{"payment_method": s.Render.PaymentMethod(pm), "setup_intent": s.Render.SetupIntent(si)})
	}
	return s.Render.SetupIntent(si), nil
}

func (s *Server) updateSetupIntent(c *Call) (wire.Object, *wire.Error) {
	si := s.SetupIntents.Get(c.id)
	if si == nil {
		return nil, wire.NotFound("setupintent", c.id, "intent")
	}
	change := *si
	s.readSetup(c, &change)
	pm := s.intentMethod(c, change.Customer)
	switch {
	case c.Err != nil:
		return nil, c.Err
	case si.Settled():
		return nil, setupState("You cannot update this SetupIntent because it has a status of %s. Only a SetupIntent with one of the following statuses may be updated: requires_payment_method, requires_confirmation, requires_action.", si.Status).
			With(wire.Object{"setup_intent": s.Render.SetupIntent(si)})
	case pm != nil:
		change.PaymentMethod, change.Status = pm.ID, "requires_confirmation"
	}
	*si = change
	return s.Render.SetupIntent(si), nil
}

func (s *Server) confirmSetupIntent(c *Call) (wire.Object, *wire.Error) {
	si := s.SetupIntents.Get(c.id)
	if si == nil {
		return nil, wire.NotFound("setupintent", c.id, "intent")
	}
	c.WebURL("return_url")
	c.Flag("use_stripe_sdk")
	pm := s.intentMethod(c, si.Customer)
	if pm == nil {
		pm = s.PaymentMethods.Get(si.PaymentMethod)
	}
	switch {
	case c.Err != nil:
		return nil, c.Err
	case si.Settled():
		return nil, setupState("You cannot confirm this SetupIntent because it has a status of %s. Only a SetupIntent with one of the following statuses may be confirmed: requires_payment_method, requires_confirmation, requires_action.", si.Status).
			With(wire.Object{"setup_intent": s.Render.SetupIntent(si)})
	}
	if e := refusesSetupConfirmation(si, c, pm); e != nil {
		return nil, e.With(wire.Object{"setup_intent": s.Render.SetupIntent(si)})
	}
	return s.confirmedSetup(c, si, pm)
}

func (s *Server) cancelSetupIntent(c *Call) (wire.Object, *wire.Error) {
	si := s.SetupIntents.Get(c.id)
	if si == nil {
		return nil, wire.NotFound("setupintent", c.id, "intent")
	}
	reason := c.OneOf("cancellation_reason", "abandoned", "duplicate", "requested_by_customer")
	switch {
	case c.Err != nil:
		return nil, c.Err
	case si.Settled():
		return nil, setupState("You cannot cancel this SetupIntent because it has a status of %s. Only a SetupIntent with one of the following statuses may be canceled: requires_payment_method, requires_confirmation, requires_action.", si.Status).
			With(wire.Object{"setup_intent": s.Render.SetupIntent(si)})
	}
	s.CancelSetup(si, reason)
	return s.Render.SetupIntent(si), nil
}
