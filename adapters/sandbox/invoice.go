package sandbox

import (
	"fmt"
	"strconv"
)

type invoice struct {
	id, customer, subscription, status, currency string
	billingReason, number, description           string
	paymentIntent, charge                        string
	paymentID                                    string // of the invoice_payment with the intent
	paymentCreated                               int64
	lines                                        []invoiceLine
	subscriptionMetadata                         map[string]string // as it was at the making
	created, periodStart, periodEnd              int64
	finalizedAt, paidAt, voidedAt                int64
	uncollectibleAt                              int64
	attempts                                     int
	automaticTax                                 bool
}

type invoiceLine struct {
	id, price, description, item string // item is the subscription item, empty for a one-time price
	invoiceItem                  string // of a line that waited to be invoiced, and of a one-time price
	quantity, amount             int64
	start, end                   int64
	proration                    bool
	metadata                     map[string]string
}

func (in *invoice) total() int64 {
	var sum int64
	for _, l := range in.lines {
		sum += l.amount
	}
	return sum
}

// due is what is to be collected: a credit is not paid out.
func (in *invoice) due() int64 { return max(0, in.total()) }

var invoiceRoutes = []route{
	{pattern: "GET /v1/invoices/{id}", do: (*Sandbox).retrieveInvoice},
	{
		pattern:     "POST /v1/invoices/{id}/pay",
		unsupported: []string{"forgive", "mandate", "off_session", "paid_out_of_band", "payment_method", "source"},
		do:          (*Sandbox).payInvoice,
	},
	{
		pattern:     "GET /v1/invoices",
		params:      listing("customer", "subscription", "status"),
		unsupported: []string{"collection_method", "due_date"},
		do:          (*Sandbox).listInvoices,
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
	return page[*invoice]{
		noun: "invoice", items: s.invoices.newestFirst(),
		id: func(in *invoice) string { return in.id },
		keep: func(in *invoice) bool {
			return created(in.created) && customer(in.customer) && subscription(in.subscription) && (status == "" || status == in.status)
		},
		object: s.invoiceObject,
	}.serve(c)
}

// addInvoice keeps a draft. It says nothing yet: the caller decides when
// invoice.created and invoice.finalized are due, see finalize.
func (s *Sandbox) addInvoice(in *invoice) {
	s.invoiceSeq++
	in.id, in.status = newID("in_1", 23), "draft"
	in.number = fmt.Sprintf("%s-%04d", newID("", 8), s.invoiceSeq)
	in.created = s.nowUnix()
	for i := range in.lines {
		l := &in.lines[i]
		l.id = newID("il_1", 23)
		if l.invoiceItem == "" && (l.item == "" || l.proration) {
			l.invoiceItem = newID("ii_1", 23)
		}
	}
	s.invoices.add(in.id, in)
}

// finalize announces the draft and opens it, with an intent to collect what is
// due unless there is one.
func (s *Sandbox) finalize(in *invoice, description string, methodTypes []string) {
	s.emit("invoice.created", s.invoiceObject(in), nil)
	in.status, in.finalizedAt = "open", s.nowUnix()
	if in.due() > 0 && in.paymentIntent == "" {
		pi := &paymentIntent{
			customer: in.customer, invoice: in.id, currency: in.currency, amount: in.due(),
			description: description, methodTypes: methodTypes,
		}
		s.addPaymentIntent(pi)
		in.pay(pi.id, pi.created)
	}
	s.emit("invoice.finalized", s.invoiceObject(in), nil)
}

// pay ties the invoice to the intent that is to collect it.
func (in *invoice) pay(intent string, now int64) {
	in.paymentIntent, in.paymentID, in.paymentCreated = intent, newID("inpay_1", 23), now
}

func (s *Sandbox) markPaid(in *invoice) {
	in.status, in.paidAt = "paid", s.nowUnix()
	s.emit("invoice.paid", s.invoiceObject(in), nil)
	s.emit("invoice.payment_succeeded", s.invoiceObject(in), nil)
}

func (s *Sandbox) invoiceObject(in *invoice) object {
	total, due := in.total(), in.due()
	paid := in.status == "paid"
	collected := int64(0)
	if paid {
		collected = due
	}
	var email, name any
	if cu := s.customers.get(in.customer); cu != nil {
		email, name = orNull(cu.email), orNull(cu.name)
	}
	var number any
	if in.status != "draft" {
		number = in.number
	}
	lines := []object{}
	for _, l := range in.lines {
		lines = append(lines, s.invoiceLineObject(in, l))
	}
	var details, parent any
	if in.subscription != "" {
		details = object{"metadata": metadataObject(in.subscriptionMetadata)}
		parent = object{"type": "subscription_details", "quote_details": nil, "subscription_details": object{
			"metadata": metadataObject(in.subscriptionMetadata), "subscription": in.subscription,
		}}
	}
	return object{
		"id": in.id, "object": "invoice", "account_country": "US", "account_name": nil, "account_tax_ids": nil,
		"amount_due": due, "amount_overpaid": 0, "amount_paid": collected, "amount_paid_off_stripe": 0,
		"amount_remaining": due - collected, "amount_shipping": 0,
		"application": nil, "application_fee_amount": nil, "attempt_count": in.attempts, "attempted": in.attempts > 0 || paid,
		"auto_advance": false, "automatic_tax": object{"enabled": in.automaticTax, "liability": nil, "status": nil},
		"billing_reason": in.billingReason, "charge": orNull(in.charge), "collection_method": "charge_automatically",
		"created": in.created, "currency": in.currency, "custom_fields": nil, "customer": orNull(in.customer),
		"customer_address": nil, "customer_email": email, "customer_name": name, "customer_phone": nil,
		"customer_shipping": nil, "customer_tax_exempt": "none", "customer_tax_ids": []object{},
		"default_payment_method": nil, "default_source": nil, "default_tax_rates": []object{},
		"description": orNull(in.description), "discount": nil, "discounts": []object{}, "due_date": nil,
		"effective_at": orNull(in.finalizedAt), "ending_balance": nil, "footer": nil, "from_invoice": nil,
		"hosted_invoice_url": nil, "invoice_pdf": nil, "issuer": object{"type": "self"},
		"last_finalization_error": nil, "latest_revision": nil,
		"lines":    listOf(lines, false, "/v1/invoices/"+in.id+"/lines"),
		"livemode": false, "metadata": object{}, "next_payment_attempt": nil, "number": number, "on_behalf_of": nil,
		"paid": paid, "paid_out_of_band": false, "parent": parent, "payment_intent": orNull(in.paymentIntent),
		"payment_settings": object{"default_mandate": nil, "payment_method_options": nil, "payment_method_types": nil},
		"period_end":       in.periodEnd, "period_start": in.periodStart,
		"post_payment_credit_notes_amount": 0, "pre_payment_credit_notes_amount": 0, "quote": nil, "receipt_number": nil,
		"rendering": nil, "shipping_cost": nil, "shipping_details": nil, "starting_balance": 0,
		"statement_descriptor": nil, "status": in.status,
		"status_transitions": object{"finalized_at": orNull(in.finalizedAt), "marked_uncollectible_at": orNull(in.uncollectibleAt),
			"paid_at": orNull(in.paidAt), "voided_at": orNull(in.voidedAt)},
		"subscription": orNull(in.subscription), "subscription_details": details,
		"subtotal": total, "subtotal_excluding_tax": total, "tax": nil, "test_clock": nil, "total": total,
		"total_discount_amounts": []object{}, "total_excluding_tax": total, "total_tax_amounts": []object{}, "total_taxes": []object{},
		"transfer_data": nil, "webhooks_delivered_at": nil,
	}
}

func (s *Sandbox) invoiceLineObject(in *invoice, l invoiceLine) object {
	p := s.prices.get(l.price)
	o := object{
		"id": l.id, "object": "line_item", "amount": l.amount, "amount_excluding_tax": l.amount, "currency": in.currency,
		"description": l.description, "discount_amounts": []object{}, "discountable": !l.proration, "discounts": []object{},
		"invoice": in.id, "livemode": false, "metadata": metadataObject(l.metadata), "parent": l.parent(in.subscription),
		"period": object{"start": l.start, "end": l.end}, "price": s.priceObject(p),
		"pricing": object{"type": "price_details", "price_details": object{"price": p.id, "product": p.product},
			"unit_amount_decimal": strconv.FormatInt(p.unitAmount, 10)}, "proration": l.proration, "proration_details": object{"credited_items": nil},
		"quantity": l.quantity, "subscription": orNull(in.subscription), "subtotal": l.amount, "tax_amounts": []object{}, "tax_rates": []object{}, "taxes": []object{},
		"type": "subscription", "unit_amount_excluding_tax": strconv.FormatInt(p.unitAmount, 10),
	}
	if l.item == "" || l.proration {
		o["type"] = "invoiceitem"
	}
	if l.item != "" {
		o["subscription_item"] = l.item
	}
	if l.invoiceItem != "" {
		o["invoice_item"] = l.invoiceItem
	}
	return o
}

// parent is where the line comes from, as it is told since basil.
func (l invoiceLine) parent(subscription string) object {
	from := object{"invoice_item": orNull(l.invoiceItem), "proration": l.proration, "proration_details": object{"credited_items": nil},
		"subscription": orNull(subscription)}
	if l.item == "" {
		return object{"type": "invoice_item_details", "invoice_item_details": from, "subscription_item_details": nil}
	}
	from["subscription_item"] = l.item
	return object{"type": "subscription_item_details", "subscription_item_details": from, "invoice_item_details": nil}
}
