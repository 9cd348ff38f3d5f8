package sandbox

// refund is money on its way back to the buyer.
type refund struct {
	id, charge, paymentIntent, currency string
	status, reason, failureReason       string
	amount                              int64 // minor units
	metadata                            map[string]string
	created                             int64
	toCard                              bool
	email                               string // where the buyer is asked for what is missing
}

var refundRoutes = []route{
	{
		pattern: "POST /v1/refunds",
		params:  []string{"charge", "payment_intent", "amount", "reason", "metadata[*]"},
		do:      (*Sandbox).createRefund,
	},
	{pattern: "GET /v1/refunds/{id}", do: (*Sandbox).retrieveRefund},
	{pattern: "POST /v1/refunds/{id}", params: []string{"metadata[*]"}, do: (*Sandbox).updateRefund},
	{pattern: "POST /v1/refunds/{id}/cancel", do: (*Sandbox).cancelRefund},
	{pattern: "GET /v1/refunds", params: listing("charge", "payment_intent"), do: (*Sandbox).listRefunds},
}

func (s *Sandbox) createRefund(c *call) (object, *apiError) {
	amount := c.integer("amount", 1, 1<<40)
	reason := c.oneOf("reason", "duplicate", "fraudulent", "requested_by_customer")
	metadata := c.metadata("metadata", nil)
	ch := s.chargeToRefund(c)
	if c.err != nil {
		return nil, c.err
	}
	if amount == 0 {
		amount = ch.amount - ch.refunded
	}
	if e := s.refusesRefund(ch, amount); e != nil {
		return nil, e
	}
	return s.refundObject(s.refund(ch, amount, reason, metadata)), nil
}

// chargeToRefund is the charge that the request names, itself or by its intent.
func (s *Sandbox) chargeToRefund(c *call) *charge {
	id, intent := c.text("charge"), c.text("payment_intent")
	switch {
	case c.err != nil:
	case id != "" && intent != "":
		c.fail(invalid("payment_intent", "parameters_exclusive", "You may only specify one of these parameters: charge, payment_intent."))
	case id != "":
		if ch := s.charges.get(id); ch != nil {
			return ch
		}
		c.fail(notFound("charge", id, "id"))
	case intent != "":
		pi := s.paymentIntents.get(intent)
		if pi == nil {
			c.fail(notFound("payment_intent", intent, "payment_intent"))
			return nil
		}
		if ch := s.charges.get(pi.latestCharge); ch != nil {
			return ch
		}
		c.fail(nothingToRefund(intent))
	default:
		c.fail(invalid("", "", "One of the following params should be provided for this request: payment_intent or charge."))
	}
	return nil
}

func nothingToRefund(intent string) *apiError {
	return invalid("", "", "This PaymentIntent (%s) does not have a successful charge to refund.", intent)
}

// refusesRefund says why amount of the charge cannot go back, or nil.
func (s *Sandbox) refusesRefund(ch *charge, amount int64) *apiError {
	left := ch.amount - ch.refunded
	switch {
	case ch.status != "succeeded":
		return nothingToRefund(ch.paymentIntent)
	case ch.uncaptured:
		return invalid("", "", "Stripe can refund what is not captured, the sandbox does not: cancel the PaymentIntent (%s).", ch.paymentIntent)
	case s.chargedBack(ch):
		return invalid("", "charge_disputed", "Charge %s has been charged back; cannot issue a refund.", ch.id)
	case left == 0:
		return invalid("", "charge_already_refunded", "Charge %s has already been refunded.", ch.id)
	case amount > left:
		return invalid("amount", "", "Refund amount (%s) is greater than unrefunded amount on charge (%s)",
			formatAmount(amount, ch.currency), formatAmount(left, ch.currency))
	}
	return nil
}

func (s *Sandbox) retrieveRefund(c *call) (object, *apiError) {
	r := s.refunds.get(c.id)
	if r == nil {
		return nil, notFound("refund", c.id, "refund")
	}
	return s.refundObject(r), nil
}

func (s *Sandbox) updateRefund(c *call) (object, *apiError) {
	r := s.refunds.get(c.id)
	if r == nil {
		return nil, notFound("refund", c.id, "refund")
	}
	metadata := c.metadata("metadata", r.metadata)
	if c.err != nil {
		return nil, c.err
	}
	s.changeRefund(r, func() { r.metadata = metadata })
	return s.refundObject(r), nil
}

// cancelRefund takes back what waits for the buyer to act; Stripe's API cancels
// no other refund.
func (s *Sandbox) cancelRefund(c *call) (object, *apiError) {
	r := s.refunds.get(c.id)
	switch {
	case r == nil:
		return nil, notFound("refund", c.id, "refund")
	case r.status != "requires_action":
		return nil, invalid("", "", "Canceling this refund is unsupported.")
	}
	s.undoRefund(r, "canceled", "")
	return s.refundObject(r), nil
}

func (s *Sandbox) listRefunds(c *call) (object, *apiError) {
	created, charge, intent := c.createdFilter(), c.equals("charge"), c.equals("payment_intent")
	return page[*refund]{
		noun: "refund", items: s.refunds.newestFirst(),
		id:     func(r *refund) string { return r.id },
		keep:   func(r *refund) bool { return created(r.created) && charge(r.charge) && intent(r.paymentIntent) },
		object: s.refundObject,
	}.serve(c)
}

func (s *Sandbox) refundObject(r *refund) object {
	o := object{
		"id": r.id, "object": "refund", "amount": r.amount, "balance_transaction": nil, "charge": orNull(r.charge),
		"created": r.created, "currency": r.currency, "metadata": metadataObject(r.metadata),
		"payment_intent": orNull(r.paymentIntent), "reason": orNull(r.reason), "receipt_number": nil,
		"source_transfer_reversal": nil, "status": r.status, "transfer_reversal": nil,
	}
	// Stripe leaves these out where there is nothing to say.
	if r.toCard {
		o["destination_details"] = object{"type": "card", "card": object{
			"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund",
		}}
	}
	if r.failureReason != "" {
		o["failure_reason"] = r.failureReason
	}
	if r.status == "requires_action" {
		o["next_action"] = object{"type": "display_details", "display_details": object{
			"email_sent": object{"email_sent_at": r.created, "email_sent_to": r.email},
			"expires_at": r.created + daysToAct*24*60*60,
		}}
	}
	return o
}

// listChargeRefunds is the list that a charge shows when it is asked to.
func (s *Sandbox) listChargeRefunds(ch *charge) object {
	var out []object
	more := false
	for _, r := range s.refunds.newestFirst() {
		if r.charge != ch.id {
			continue
		}
		if more = len(out) == defaultPage; more {
			break
		}
		out = append(out, s.refundObject(r))
	}
	return listOf(out, more, "/v1/charges/"+ch.id+"/refunds")
}
