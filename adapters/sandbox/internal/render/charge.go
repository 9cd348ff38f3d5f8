package render

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

func (r *Renderer) Charge(ch *state.Charge) wire.Object {
	succeeded := ch.Status == "succeeded"
	captured := int64(0)
	if succeeded && !ch.Uncaptured {
		captured = ch.Amount
	}
	outcome := wire.Object{"network_status": "approved_by_network", "reason": nil, "risk_level": "normal",
		"seller_message": "Payment complete.", "type": "authorized"}
	if ch.Status == "failed" {
		outcome = wire.Object{"network_status": "declined_by_network", "reason": wire.OrNull(ch.DeclineCode), "risk_level": "normal",
			"seller_message": "The bank did not return any further details with this decline.", "type": "issuer_declined"}
	}
	return wire.Object{
		"id": ch.ID, "object": "charge", "amount": ch.Amount, "amount_captured": captured, "amount_refunded": ch.Refunded,
		"application": nil, "application_fee": nil, "application_fee_amount": nil, "balance_transaction": nil,
		"billing_details":                 ch.Billing,
		"calculated_statement_descriptor": nil, "captured": succeeded && !ch.Uncaptured, "created": ch.Created, "currency": ch.Currency,
		"customer": wire.OrNull(ch.Customer), "description": wire.OrNull(ch.Description), "disputed": ch.Disputed,
		"failure_balance_transaction": nil, "failure_code": wire.OrNull(ch.FailureCode), "failure_message": wire.OrNull(ch.FailureMessage),
		"fraud_details": wire.Object{}, "invoice": wire.OrNull(ch.Invoice), "livemode": false, "metadata": wire.MetadataObject(ch.Metadata),
		"on_behalf_of": nil, "outcome": outcome, "paid": succeeded,
		"payment_intent": wire.OrNull(ch.PaymentIntent), "payment_method": wire.OrNull(ch.Method), "payment_method_details": ch.PaidWith,
		"receipt_email": nil, "receipt_number": nil, "receipt_url": wire.OrNull(r.ReceiptURL(ch)), "refunded": succeeded && ch.Refunded == ch.Amount, "review": nil, "shipping": shippingObject(ch.Shipping),
		"source_transfer": nil, "statement_descriptor": nil, "statement_descriptor_suffix": nil, "status": ch.Status,
		"transfer_data": nil, "transfer_group": nil,
	}
}

// ReceiptURL is where the customer sees what was paid; empty unless it was.
func (r *Renderer) ReceiptURL(ch *state.Charge) string {
	if ch.Status != "succeeded" || r.Reached() == "" {
		return ""
	}
	return r.Reached() + "/receipts/" + ch.ID
}
