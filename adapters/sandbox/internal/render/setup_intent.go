package render

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

func (r *Renderer) SetupIntent(si *state.SetupIntent) wire.Object {
	var lastError any
	if e := si.LastError; e != nil {
		lastError = e.Told(wire.Object{"payment_method": r.PaymentMethod(r.PaymentMethods.Get(si.FailedMethod))})
	}
	usage := si.Usage
	if usage == "" {
		usage = "off_session"
	}
	return wire.Object{
		"id": si.ID, "object": "setup_intent", "application": nil, "automatic_payment_methods": automaticMethods(si.Redirects),
		"cancellation_reason": wire.OrNull(si.CancelReason),
		"client_secret":       si.ClientSecret, "created": si.Created, "customer": wire.OrNull(si.Customer), "description": wire.OrNull(si.Description),
		"flow_directions": nil, "last_setup_error": lastError, "latest_attempt": nil, "livemode": false, "mandate": nil,
		"metadata": wire.MetadataObject(si.Metadata), "next_action": r.nextAction(si.ID, si.Status, si.ReturnURL), "on_behalf_of": nil, "payment_method": wire.OrNull(si.PaymentMethod),
		"payment_method_configuration_details": nil, "payment_method_options": wire.Object{},
		"allowed_payment_method_types": typesOrNull(si.Allowed), "excluded_payment_method_types": typesOrNull(si.Excluded),
		"payment_method_types": append([]string{}, si.MethodTypes...), "single_use_mandate": nil, "status": si.Status, "usage": usage,
	}
}
