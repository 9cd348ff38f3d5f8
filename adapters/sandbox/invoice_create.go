package sandbox

import "time"

var invoiceParams = []string{
	"auto_advance", "collection_method", "days_until_due", "default_payment_method", "description", "footer", "metadata[*]",
}

var invoiceCreateRoutes = []route{
	{
		pattern: "POST /v1/invoices",
		params:  append([]string{"customer", "currency", "subscription", "pending_invoice_items_behavior"}, invoiceParams...),
		do:      (*Sandbox).createInvoice,
	},
	{pattern: "POST /v1/invoices/{id}", params: invoiceParams, do: (*Sandbox).updateInvoiceByID},
}

// createInvoice makes a draft. It takes the items that wait where that is asked for, and
// those of the subscription it names.
func (s *Sandbox) createInvoice(c *call) (object, *apiError) {
	in := &invoice{customer: c.text("customer"), subscription: c.text("subscription"), billingReason: "manual", currency: c.text("currency")}
	now := s.nowUnix()
	in.periodStart, in.periodEnd = now, now
	sub := s.subscriptions.get(in.subscription)
	switch {
	case in.subscription != "" && (sub == nil || in.customer != "" && sub.customer != in.customer):
		c.fail(missingReference("subscription", in.subscription, "subscription"))
	case sub != nil:
		in.customer, in.currency, in.subscriptionMetadata = sub.customer, sub.currency, sub.metadata
	case in.customer == "":
		c.fail(missingParam("customer"))
	}
	if s.liveCustomer(in.customer) == nil && c.err == nil {
		c.fail(missingReference("customer", in.customer, "customer"))
	}
	include := c.oneOf("pending_invoice_items_behavior", "exclude", "include") == "include"
	s.readInvoice(c, in)
	if in.currency == "" {
		in.currency = s.currencyOf(in.customer)
	}
	if !currencyCode.MatchString(in.currency) && c.err == nil {
		c.fail(invalid("currency", "", "Invalid currency: %s.", in.currency))
	}
	if c.err != nil {
		return nil, c.err
	}
	if sub != nil {
		in.lines, sub.pending = sub.pending, nil
		in.lines = append(in.lines, s.waiting(in.customer, sub.id, in.currency)...)
		if len(in.lines) == 0 {
			return nil, invalid("", "invoice_no_subscription_line_items", "Nothing to invoice for subscription")
		}
	} else if include {
		in.lines = s.waiting(in.customer, "", in.currency)
	}
	s.addInvoice(in)
	s.announce(in)
	if in.autoAdvance {
		s.advanceSoon(in)
	}
	return s.invoiceObject(in), nil
}

// currencyOf is that of what waits for the customer, else the account's.
func (s *Sandbox) currencyOf(customer string) string {
	for _, it := range s.invoiceItems.order {
		if it.customer == customer && it.invoice == "" {
			return it.currency
		}
	}
	return "usd"
}

// readInvoice reads what can be given at the making and changed in a draft.
func (s *Sandbox) readInvoice(c *call, in *invoice) {
	if c.has("auto_advance") {
		in.autoAdvance = c.flag("auto_advance")
	}
	in.daysUntilDue = c.readCollection("invoice", in.daysUntilDue)
	in.defaultMethod = s.readMethod(c, "default_payment_method", in.customer, in.defaultMethod)
	for name, field := range map[string]*string{"description": &in.description, "footer": &in.footer} {
		if c.has(name) {
			*field = c.form.Get(name)
		}
	}
	in.metadata = c.metadata("metadata", in.metadata)
}

// advanceSoon finalizes and collects a draft after an hour, if that still stands.
func (s *Sandbox) advanceSoon(in *invoice) {
	s.at(time.Unix(in.created, 0).Add(draftLife), func() {
		if in.status == "draft" && in.autoAdvance {
			s.finalize(in, in.intentDescription(), []string{"card"})
			s.advance(in)
		}
	})
}

// advance collects an open invoice that Stripe collects by itself, at once.
func (s *Sandbox) advance(in *invoice) {
	switch {
	case in.due() == 0:
		s.markPaid(in)
		s.settled(in)
	case in.autoAdvance && !in.toBeSent() && s.chargeFor(in, later(true)):
		s.settled(in)
	}
}

// intentDescription is what the payment of an invoice is called.
func (in *invoice) intentDescription() string {
	if in.subscription != "" {
		return "Subscription update"
	}
	return "Payment for Invoice"
}

func (s *Sandbox) updateInvoiceByID(c *call) (object, *apiError) {
	in := s.invoices.get(c.id)
	if in == nil {
		return nil, notFound("invoice", c.id, "invoice")
	}
	change := *in
	s.readInvoice(c, &change)
	for _, name := range []string{"collection_method", "days_until_due", "footer", "description"} {
		if c.has(name) && in.status != "draft" {
			c.fail(invalid(name, "invoice_not_editable", "Finalized invoices can't be updated in this way"))
		}
	}
	if c.err != nil {
		return nil, c.err
	}
	before := s.invoiceObject(in)
	begins := change.autoAdvance && !in.autoAdvance && in.status == "draft"
	*in = change
	s.emitUpdated("invoice.updated", before, s.invoiceObject(in))
	if begins {
		s.advanceSoon(in)
	}
	return s.invoiceObject(in), nil
}
