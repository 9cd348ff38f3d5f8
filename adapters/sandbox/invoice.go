package sandbox

type invoice struct {
	id, customer, subscription, status, currency string
	billingReason, number, description, footer   string
	metadata                                     map[string]string
	paymentIntent, charge                        string
	paymentID                                    string // of the invoice_payment with the intent
	paymentCreated                               int64
	lines                                        []invoiceLine
	subscriptionMetadata                         map[string]string // as it was at the making
	created, periodStart, periodEnd              int64
	announced                                    bool // invoice.created was sent
	finalizedAt, paidAt, voidedAt                int64
	uncollectibleAt                              int64
	startingBalance, endingBalance               int64     // of the customer: what it owes, a credit is negative
	discount                                     *discount // that the customer has on it
	creditedBefore, creditedAfter                int64     // by credit notes: before the payment, and after it
	paidOutOfBand                                bool
	attempts                                     int
	autoAdvance                                  bool  // Stripe collects it by itself
	nextAttempt                                  int64 // to collect it, 0 for none
	daysUntilDue, dueDate                        int64 // of one that is sent to the customer
	overdue                                      bool
	automaticTax                                 bool
	preview                                      bool   // it is not made, only shown
	prorationDate                                int64  // of a preview
	defaultMethod                                string // empty for that of the subscription or the customer
}

// toBeSent tells whether the customer is sent the invoice, instead of being charged.
func (in *invoice) toBeSent() bool { return in.daysUntilDue > 0 }

func (in *invoice) total() int64 {
	var sum int64
	for _, l := range in.lines {
		sum += l.charged()
	}
	return sum
}

// discounted is what a discount has taken off.
func (in *invoice) discounted() int64 {
	var sum int64
	for _, l := range in.lines {
		sum += l.discount
	}
	return sum
}

// due is what is to be collected: a credit is not paid out, it goes to the
// customer's balance.
func (in *invoice) due() int64 { return max(0, in.total()+in.startingBalance) }

// collected is what was paid.
func (in *invoice) collected() int64 {
	if in.status != "paid" {
		return 0
	}
	return in.due() - in.creditedBefore
}

// fromBalance is what the customer's credit has paid of it.
func (in *invoice) fromBalance() int64 { return max(0, in.total()) - min(in.due(), max(0, in.total())) }

// remaining is what is still to be paid.
func (in *invoice) remaining() int64 { return in.due() - in.creditedBefore - in.collected() }

var invoiceRoutes = []route{
	{pattern: "GET /v1/invoices/{id}", do: (*Sandbox).retrieveInvoice},
	{pattern: "GET /v1/invoices/{id}/lines", params: listParams, do: (*Sandbox).listInvoiceLines},
	{
		pattern: "POST /v1/invoices/{id}/pay",
		params:  []string{"paid_out_of_band", "payment_method", "off_session"},
		do:      (*Sandbox).payInvoice,
	},
	{pattern: "POST /v1/invoices/{id}/finalize", params: []string{"auto_advance"}, do: (*Sandbox).finalizeInvoice},
	{pattern: "POST /v1/invoices/{id}/mark_uncollectible", do: (*Sandbox).writeInvoiceOff},
	{pattern: "POST /v1/invoices/{id}/send", do: (*Sandbox).sendInvoice},
	{pattern: "POST /v1/invoices/{id}/void", do: (*Sandbox).voidInvoiceByID},
	{
		pattern: "GET /v1/invoices",
		params:  listing("collection_method", "customer", "subscription", "status"),
		do:      (*Sandbox).listInvoices,
	},
}

func (s *Sandbox) retrieveInvoice(c *call) (object, *apiError) {
	in := s.invoices.get(c.id)
	if in == nil {
		return nil, notFound("invoice", c.id, "id")
	}
	return s.invoiceObject(in), nil
}

func (s *Sandbox) listInvoices(c *call) (object, *apiError) {
	created, customer, subscription := c.createdFilter(), c.equals("customer"), c.equals("subscription")
	status := c.oneOf("status", "draft", "open", "paid", "uncollectible", "void")
	method := c.oneOf("collection_method", "charge_automatically", "send_invoice")
	return page[*invoice]{
		noun: "invoice", items: s.invoices.newestFirst(),
		id: func(in *invoice) string { return in.id },
		keep: func(in *invoice) bool {
			return created(in.created) && customer(in.customer) && subscription(in.subscription) &&
				(status == "" || status == in.status) && (method == "" || method == in.collectionMethod())
		},
		object: s.invoiceObject,
	}.serve(c)
}

func (in *invoice) collectionMethod() string {
	if in.toBeSent() {
		return "send_invoice"
	}
	return "charge_automatically"
}

func (s *Sandbox) invoiceObject(in *invoice) object {
	total := in.total()
	subtotal := total + in.discounted()
	var email, name any
	if cu := s.customers.get(in.customer); cu != nil {
		email, name = orNull(cu.email), orNull(cu.name)
	}
	var number, ending any
	if in.finalizedAt != 0 {
		number, ending = in.number, in.endingBalance
	}
	if in.preview {
		ending = in.endingBalance
	}
	var details, parent any
	if in.subscription != "" {
		details = object{"metadata": metadataObject(in.subscriptionMetadata)}
		from := object{"metadata": metadataObject(in.subscriptionMetadata), "subscription": in.subscription}
		if in.prorationDate != 0 {
			from["subscription_proration_date"] = in.prorationDate
		}
		parent = object{"type": "subscription_details", "quote_details": nil, "subscription_details": from}
	}
	lines := s.invoiceLineObjects(in)
	more := len(lines) > defaultPage
	if more {
		lines = lines[:defaultPage]
	}
	o := object{
		"id": in.id, "object": "invoice", "account_country": "US", "account_name": nil, "account_tax_ids": nil,
		"amount_due": in.due() - in.creditedBefore, "amount_overpaid": 0, "amount_paid": in.collected(), "amount_paid_off_stripe": 0,
		"amount_remaining": in.remaining(), "amount_shipping": 0,
		"application": nil, "application_fee_amount": nil, "attempt_count": in.attempts, "attempted": in.attempts > 0 || in.status == "paid",
		"auto_advance": in.autoAdvance && (in.status == "draft" || in.status == "open"), "automatic_tax": object{"enabled": in.automaticTax, "liability": nil, "status": nil},
		"billing_reason": in.billingReason, "charge": orNull(in.charge), "collection_method": in.collectionMethod(),
		"created": in.created, "currency": in.currency, "custom_fields": nil, "customer": orNull(in.customer),
		"customer_address": nil, "customer_email": email, "customer_name": name, "customer_phone": nil,
		"customer_shipping": nil, "customer_tax_exempt": "none", "customer_tax_ids": []object{},
		"default_payment_method": orNull(in.defaultMethod), "default_source": nil, "default_tax_rates": []object{},
		"description": orNull(in.description), "discount": s.discountOrNull(in.discount), "discounts": in.discount.ids(), "due_date": orNull(in.dueDate),
		"effective_at": orNull(in.finalizedAt), "ending_balance": ending, "footer": orNull(in.footer), "from_invoice": nil,
		"hosted_invoice_url": orNull(s.hostedInvoiceURL(in)), "invoice_pdf": orNull(s.invoicePDFURL(in)), "issuer": object{"type": "self"},
		"last_finalization_error": nil, "latest_revision": nil,
		"lines":    listOf(lines, more, "/v1/invoices/"+in.id+"/lines"),
		"livemode": false, "metadata": metadataObject(in.metadata), "next_payment_attempt": orNull(in.nextAttempt), "number": number, "on_behalf_of": nil,
		"paid": in.status == "paid", "paid_out_of_band": in.paidOutOfBand, "parent": parent, "payment_intent": orNull(in.paymentIntent),
		"payment_settings": object{"default_mandate": nil, "payment_method_options": nil, "payment_method_types": nil},
		"period_end":       in.periodEnd, "period_start": in.periodStart,
		"post_payment_credit_notes_amount": in.creditedAfter, "pre_payment_credit_notes_amount": in.creditedBefore, "quote": nil, "receipt_number": nil,
		"rendering": nil, "shipping_cost": nil, "shipping_details": nil, "starting_balance": in.startingBalance,
		"statement_descriptor": nil, "status": in.status,
		"status_transitions": object{"finalized_at": orNull(in.finalizedAt), "marked_uncollectible_at": orNull(in.uncollectibleAt),
			"paid_at": orNull(in.paidAt), "voided_at": orNull(in.voidedAt)},
		"subscription": orNull(in.subscription), "subscription_details": details,
		"subtotal": subtotal, "subtotal_excluding_tax": subtotal, "tax": nil, "test_clock": s.testClockOf(in.customer), "total": total,
		"total_discount_amounts": in.discount.amounts(in.discounted()), "total_excluding_tax": total, "total_tax_amounts": []object{}, "total_taxes": []object{},
		"transfer_data": nil, "webhooks_delivered_at": nil,
	}
	if in.prorationDate != 0 {
		o["subscription_proration_date"] = in.prorationDate
	}
	return o
}
