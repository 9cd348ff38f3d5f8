package sandbox

type charge struct {
	id, paymentIntent, invoice, customer, status, currency string
	description, method, methodType, email                 string
	failureCode, failureMessage, declineCode               string
	amount, refunded                                       int64 // minor units
	disputed                                               bool  // now or once
	metadata                                               map[string]string
	created                                                int64
	billing, paidWith                                      object // as the method was then
	shipping                                               *shipping
	uncaptured                                             bool // it is authorized alone
}

var chargeRoutes = []route{
	{pattern: "GET /v1/charges/{id}", do: (*Sandbox).retrieveCharge},
	{
		pattern: "GET /v1/charges",
		params:  listing("customer", "payment_intent"),
		do:      (*Sandbox).listCharges,
	},
}

func (s *Sandbox) retrieveCharge(c *call) (object, *apiError) {
	ch := s.charges.get(c.id)
	if ch == nil {
		return nil, notFound("charge", c.id, "id")
	}
	return s.chargeObject(ch), nil
}

func (s *Sandbox) listCharges(c *call) (object, *apiError) {
	created, customer, intent := c.createdFilter(), c.equals("customer"), c.equals("payment_intent")
	return page[*charge]{
		noun: "charge", items: s.charges.newestFirst(),
		id:     func(ch *charge) string { return ch.id },
		keep:   func(ch *charge) bool { return created(ch.created) && customer(ch.customer) && intent(ch.paymentIntent) },
		object: s.chargeObject,
	}.serve(c)
}

func (s *Sandbox) chargeObject(ch *charge) object {
	succeeded := ch.status == "succeeded"
	captured := int64(0)
	if succeeded && !ch.uncaptured {
		captured = ch.amount
	}
	outcome := object{"network_status": "approved_by_network", "reason": nil, "risk_level": "normal",
		"seller_message": "Payment complete.", "type": "authorized"}
	if ch.status == "failed" {
		outcome = object{"network_status": "declined_by_network", "reason": orNull(ch.declineCode), "risk_level": "normal",
			"seller_message": "The bank did not return any further details with this decline.", "type": "issuer_declined"}
	}
	return object{
		"id": ch.id, "object": "charge", "amount": ch.amount, "amount_captured": captured, "amount_refunded": ch.refunded,
		"application": nil, "application_fee": nil, "application_fee_amount": nil, "balance_transaction": nil,
		"billing_details":                 ch.billing,
		"calculated_statement_descriptor": nil, "captured": succeeded && !ch.uncaptured, "created": ch.created, "currency": ch.currency,
		"customer": orNull(ch.customer), "description": orNull(ch.description), "disputed": ch.disputed,
		"failure_balance_transaction": nil, "failure_code": orNull(ch.failureCode), "failure_message": orNull(ch.failureMessage),
		"fraud_details": object{}, "invoice": orNull(ch.invoice), "livemode": false, "metadata": metadataObject(ch.metadata),
		"on_behalf_of": nil, "outcome": outcome, "paid": succeeded,
		"payment_intent": orNull(ch.paymentIntent), "payment_method": orNull(ch.method), "payment_method_details": ch.paidWith,
		"receipt_email": nil, "receipt_number": nil, "receipt_url": orNull(s.receiptURL(ch)), "refunded": succeeded && ch.refunded == ch.amount, "review": nil, "shipping": ch.shipping.object(),
		"source_transfer": nil, "statement_descriptor": nil, "statement_descriptor_suffix": nil, "status": ch.status,
		"transfer_data": nil, "transfer_group": nil,
	}
}
