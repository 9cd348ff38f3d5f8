package render

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

func (r *Renderer) PaymentIntent(pi *state.PaymentIntent) wire.Object {
	received, capturable, capture := int64(0), int64(0), "automatic"
	switch pi.Status {
	case "succeeded":
		received = pi.Amount
	case "requires_capture":
		capturable = pi.Amount
	}
	if pi.Manual {
		capture = "manual"
	}
	var lastError any
	if pi.LastError != nil {
		about := wire.Object{"payment_method": r.PaymentMethod(r.PaymentMethods.Get(pi.FailedMethod))}
		if ch := r.Charges.Get(pi.LatestCharge); ch != nil && ch.Method == pi.FailedMethod {
			about["charge"] = ch.ID
		}
		lastError = pi.LastError.Told(about)
	}
	return wire.Object{
		"id": pi.ID, "object": "payment_intent", "amount": pi.Amount, "amount_capturable": capturable, "amount_details": wire.Object{"tip": wire.Object{}},
		"amount_received": received, "application": nil, "application_fee_amount": nil, "automatic_payment_methods": automaticMethods(pi.Redirects),
		"canceled_at": wire.OrNull(pi.CanceledAt), "cancellation_reason": wire.OrNull(pi.CancelReason), "capture_method": capture,
		"client_secret": pi.ClientSecret, "confirmation_method": "automatic", "created": pi.Created, "currency": pi.Currency,
		"customer": wire.OrNull(pi.Customer), "description": wire.OrNull(pi.Description), "invoice": wire.OrNull(pi.Invoice),
		"last_payment_error": lastError, "latest_charge": wire.OrNull(pi.LatestCharge), "livemode": false,
		"metadata": wire.MetadataObject(pi.Metadata), "next_action": r.nextAction(pi.ID, pi.Status, pi.ReturnURL), "on_behalf_of": nil, "payment_method": wire.OrNull(pi.PaymentMethod),
		"payment_method_configuration_details": nil, "payment_method_options": wire.Object{},
		"allowed_payment_method_types": typesOrNull(pi.Allowed), "excluded_payment_method_types": typesOrNull(pi.Excluded),
		"payment_method_types": append([]string{}, pi.MethodTypes...), "processing": nil, "receipt_email": wire.OrNull(pi.ReceiptEmail), "review": nil,
		"setup_future_usage": wire.OrNull(pi.SetupFutureUsage), "shipping": shippingObject(pi.Shipping), "statement_descriptor": wire.OrNull(pi.StatementDescriptor), "statement_descriptor_suffix": wire.OrNull(pi.StatementSuffix),
		"status": pi.Status, "transfer_data": nil, "transfer_group": nil,
	}
}

// automaticMethods is automatic_payment_methods.
func automaticMethods(redirects string) any {
	if redirects == "" {
		return nil
	}
	return wire.Object{"allow_redirects": redirects, "enabled": true}
}
