package sandbox

// An invoice_payment says which payment intent pays which invoice. Stripe has it
// since basil; the sandbox derives it from the invoice, which has one intent at
// most.

var invoicePaymentRoutes = []route{
	{pattern: "GET /v1/invoice_payments/{id}", do: (*Sandbox).retrieveInvoicePayment},
	{
		pattern: "GET /v1/invoice_payments",
		params:  listing("invoice", "status", "payment[type]", "payment[payment_intent]"),
		do:      (*Sandbox).listInvoicePayments,
	},
}

func (s *Sandbox) retrieveInvoicePayment(c *call) (object, *apiError) {
	for _, in := range s.invoices.order {
		if in.paymentIntent != "" && in.paymentID == c.id {
			return s.invoicePaymentObject(in), nil
		}
	}
	return nil, notFound("invoice_payment", c.id, "id")
}

func (s *Sandbox) listInvoicePayments(c *call) (object, *apiError) {
	created, ofInvoice, intent := c.createdFilter(), c.equals("invoice"), c.equals("payment[payment_intent]")
	status := c.oneOf("status", "canceled", "open", "paid")
	kind := c.oneOf("payment[type]", "charge", "payment_intent", "payment_record")
	switch {
	case c.hasAny("payment") && kind == "":
		c.fail(missingParam("payment[type]"))
	case kind == "payment_intent" && !c.has("payment[payment_intent]"):
		c.fail(missingParam("payment[payment_intent]"))
	}
	return page[*invoice]{
		noun: "invoice_payment", items: s.invoices.newestFirst(),
		id: func(in *invoice) string { return in.paymentID },
		keep: func(in *invoice) bool {
			return in.paymentIntent != "" && created(in.paymentCreated) && ofInvoice(in.id) && intent(in.paymentIntent) &&
				(status == "" || status == in.paymentStatus()) && (kind == "" || kind == "payment_intent")
		},
		object: s.invoicePaymentObject,
	}.serve(c)
}

func (in *invoice) paymentStatus() string {
	switch in.status {
	case "paid":
		return "paid"
	case "void":
		return "canceled"
	}
	return "open"
}

// invoicePaymentObjects are what an invoice's `payments` holds.
func (s *Sandbox) invoicePaymentObjects(in *invoice) []object {
	if in.paymentIntent == "" {
		return nil
	}
	return []object{s.invoicePaymentObject(in)}
}

// confirmationSecret is what a shop's page confirms the invoice's payment with; null while
// there is none.
func (s *Sandbox) confirmationSecret(in *invoice) any {
	pi := s.paymentIntents.get(in.paymentIntent)
	if pi == nil {
		return nil
	}
	return object{"type": "payment_intent", "client_secret": pi.clientSecret}
}

func (s *Sandbox) invoicePaymentObject(in *invoice) object {
	var paid, canceled, amount any
	switch in.paymentStatus() {
	case "paid":
		paid, amount = in.paidAt, in.due()
	case "canceled":
		canceled = in.voidedAt
	}
	return object{
		"id": in.paymentID, "object": "invoice_payment", "amount_paid": amount, "amount_requested": in.due(), "created": in.paymentCreated,
		"currency": in.currency, "invoice": in.id, "is_default": true, "livemode": false,
		"payment":            object{"type": "payment_intent", "payment_intent": in.paymentIntent},
		"status":             in.paymentStatus(),
		"status_transitions": object{"canceled_at": canceled, "paid_at": paid},
	}
}
