package sandbox

import "strings"

// dispute is a buyer's bank taking a payment back, or, as an inquiry, asking
// about it first.
type dispute struct {
	id, charge, paymentIntent, currency string
	status, reason                      string
	amount                              int64 // minor units
	created                             int64
	asked                               int64 // when an answer was asked for: with a chargeback, later than with its inquiry
	evidence                            map[string]string
	submissions                         int
	metadata                            map[string]string
}

// isInquiry tells whether no money has moved and none will before it escalates.
func (d *dispute) isInquiry() bool { return strings.HasPrefix(d.status, "warning_") }

// open tells whether it is still to be decided.
func (d *dispute) open() bool {
	return strings.HasSuffix(d.status, "needs_response") || strings.HasSuffix(d.status, "under_review")
}

// chargedBack tells whether the bank has the charge's money, for now or for good.
func (s *Sandbox) chargedBack(ch *charge) bool {
	for _, d := range s.disputes.order {
		if d.charge == ch.id && !d.isInquiry() && d.status != "won" {
			return true
		}
	}
	return false
}

var disputeRoutes = []route{
	{pattern: "GET /v1/disputes/{id}", do: (*Sandbox).retrieveDispute},
	{
		pattern: "POST /v1/disputes/{id}", params: disputeUpdateParams,
		do: (*Sandbox).updateDispute,
	},
	{pattern: "POST /v1/disputes/{id}/close", do: (*Sandbox).closeDispute},
	{pattern: "GET /v1/disputes", params: listing("charge", "payment_intent"), do: (*Sandbox).listDisputes},
}

func (s *Sandbox) retrieveDispute(c *call) (object, *apiError) {
	d := s.disputes.get(c.id)
	if d == nil {
		return nil, notFound("dispute", c.id, "dispute")
	}
	return s.disputeObject(d), nil
}

// closeDispute concedes it.
func (s *Sandbox) closeDispute(c *call) (object, *apiError) {
	d := s.disputes.get(c.id)
	switch {
	case d == nil:
		return nil, notFound("dispute", c.id, "dispute")
	case d.status != "needs_response":
		return nil, invalid("", "", "A dispute whose status is %s cannot be closed; only one that needs_response can.", d.status)
	}
	s.decideDispute(d, "lost")
	return s.disputeObject(d), nil
}

func (s *Sandbox) listDisputes(c *call) (object, *apiError) {
	created, charge, intent := c.createdFilter(), c.equals("charge"), c.equals("payment_intent")
	return page[*dispute]{
		noun: "dispute", items: s.disputes.newestFirst(),
		id:     func(d *dispute) string { return d.id },
		keep:   func(d *dispute) bool { return created(d.created) && charge(d.charge) && intent(d.paymentIntent) },
		object: s.disputeObject,
	}.serve(c)
}

// daysToRespond is how long the shop has to answer the bank.
const daysToRespond = 9

var evidenceFields = []string{
	"access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure", "cancellation_rebuttal",
	"customer_communication", "customer_email_address", "customer_name", "customer_purchase_ip", "customer_signature",
	"duplicate_charge_documentation", "duplicate_charge_explanation", "duplicate_charge_id", "product_description", "receipt",
	"refund_policy", "refund_policy_disclosure", "refund_refusal_explanation", "service_date", "service_documentation",
	"shipping_address", "shipping_carrier", "shipping_date", "shipping_documentation", "shipping_tracking_number",
	"uncategorized_file", "uncategorized_text",
}

func (s *Sandbox) disputeObject(d *dispute) object {
	evidence := object{"enhanced_evidence": object{}}
	for _, f := range evidenceFields {
		evidence[f] = orNull(d.evidence[f])
	}
	o := object{
		"id": d.id, "object": "dispute", "amount": d.amount, "balance_transactions": []object{}, "charge": d.charge,
		"created": d.created, "currency": d.currency, "enhanced_eligibility_types": []string{}, "evidence": evidence,
		"evidence_details": object{"enhanced_eligibility": object{}, "due_by": d.dueBy(), "has_evidence": len(d.evidence) > 0,
			"past_due": s.nowUnix() > d.dueBy(), "submission_count": d.submissions},
		"is_charge_refundable": d.isInquiry(), "livemode": false, "metadata": metadataObject(d.metadata), "payment_intent": orNull(d.paymentIntent),
		"reason": d.reason, "status": d.status,
	}
	if s.charges.get(d.charge).methodType == "card" {
		o["payment_method_details"] = object{"type": "card", "card": object{"brand": "visa", "case_type": d.caseType(), "network": "visa", "network_reason_code": "10.4"}}
	}
	return o
}

// dueBy is until when the shop may answer.
func (d *dispute) dueBy() int64 { return d.asked + daysToRespond*24*60*60 }

func (d *dispute) caseType() string {
	if d.isInquiry() {
		return "inquiry"
	}
	return "chargeback"
}
