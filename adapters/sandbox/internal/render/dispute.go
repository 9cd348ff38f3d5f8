package render

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// EvidenceFields are those of a dispute's evidence.
var EvidenceFields = []string{
	"access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure", "cancellation_rebuttal",
	"customer_communication", "customer_email_address", "customer_name", "customer_purchase_ip", "customer_signature",
	"duplicate_charge_documentation", "duplicate_charge_explanation", "duplicate_charge_id", "product_description", "receipt",
	"refund_policy", "refund_policy_disclosure", "refund_refusal_explanation", "service_date", "service_documentation",
	"shipping_address", "shipping_carrier", "shipping_date", "shipping_documentation", "shipping_tracking_number",
	"uncategorized_file", "uncategorized_text",
}

func (r *Renderer) Dispute(d *state.Dispute) wire.Object {
	evidence := wire.Object{"enhanced_evidence": wire.Object{}}
	for _, f := range EvidenceFields {
		evidence[f] = wire.OrNull(d.Evidence[f])
	}
	o := wire.Object{
		"id": d.ID, "object": "dispute", "amount": d.Amount, "balance_transactions": []wire.Object{}, "charge": d.Charge,
		"created": d.Created, "currency": d.Currency, "enhanced_eligibility_types": []string{}, "evidence": evidence,
		"evidence_details": wire.Object{"enhanced_eligibility": wire.Object{}, "due_by": d.DueBy(), "has_evidence": len(d.Evidence) > 0,
			"past_due": r.NowUnix() > d.DueBy(), "submission_count": d.Submissions},
		"is_charge_refundable": d.IsInquiry(), "livemode": false, "metadata": wire.MetadataObject(d.Metadata), "payment_intent": wire.OrNull(d.PaymentIntent),
		"reason": d.Reason, "status": d.Status,
	}
	if r.Charges.Get(d.Charge).MethodType == "card" {
		o["payment_method_details"] = wire.Object{"type": "card", "card": wire.Object{"brand": "visa", "case_type": d.CaseType(), "network": "visa", "network_reason_code": "10.4"}}
	}
	return o
}
