package sandbox

import "fmt"

func (s *Sandbox) createCreditNote(c *call) (object, *apiError) {
	in := s.invoices.get(c.required("invoice"))
	if in == nil {
		c.fail(missingReference("invoice", c.text("invoice"), "invoice"))
		return nil, c.err
	}
	cn := &creditNote{
		id: newID("cn_1", 23), invoice: in.id, customer: in.customer, currency: in.currency, status: "issued", created: s.nowUnix(),
		reason: c.oneOf("reason", "duplicate", "fraudulent", "order_change", "product_unsatisfactory"), memo: c.limited("memo", 5000),
		refunded: c.integer("refund_amount", 0, 1<<40), credited: c.integer("credit_amount", 0, 1<<40),
		outOfBand: c.integer("out_of_band_amount", 0, 1<<40), metadata: c.metadata("metadata", nil),
	}
	amount := c.readCreditLines(cn, in)
	if c.err != nil {
		return nil, c.err
	}
	if e := s.checkCredit(cn, in, amount); e != nil {
		return nil, e
	}
	s.issueCreditNote(cn, in)
	return s.creditNoteObject(cn), nil
}

// readCreditLines reads what is credited, in lines or as one amount.
func (c *call) readCreditLines(cn *creditNote, in *invoice) int64 {
	given := c.integer("amount", 1, 1<<40)
	var sum int64
	for _, i := range c.indexes("lines") {
		name := fmt.Sprintf("lines[%d]", i)
		kind := c.oneOf(name+"[type]", "custom_line_item", "invoice_line_item")
		c.required(name + "[type]")
		l := creditLine{
			id: newID("cnli_1", 23), description: c.text(name + "[description]"), quantity: c.integer(name+"[quantity]", 1, maxQuantity),
			amount: c.integer(name+"[amount]", 1, 1<<40),
		}
		if kind == "invoice_line_item" {
			c.readInvoiceLine(&l, in, name)
		} else {
			c.required(name + "[unit_amount]")
			l.quantity = max(l.quantity, 1)
			l.amount = l.quantity * c.integer(name+"[unit_amount]", 1, maxAmount)
		}
		sum += l.amount
		cn.lines = append(cn.lines, l)
	}
	switch {
	case len(cn.lines) == 0 && given == 0:
		c.fail(invalid("", "parameter_missing", "You must specify at least one of the following parameters: amount, lines, or shipping_cost."))
	case len(cn.lines) == 0:
		sum = given
		cn.lines = []creditLine{{id: newID("cnli_1", 23), amount: given, quantity: 1, description: "Credit for invoice " + in.number}}
	case given != 0 && given != sum:
		c.fail(invalid("amount", "", "The credit note amount (%d) must equal the sum of its lines (%d).", given, sum))
	}
	return sum
}

func (c *call) readInvoiceLine(l *creditLine, in *invoice, name string) {
	l.invoiceLine = c.required(name + "[invoice_line_item]")
	for _, line := range in.lines {
		if line.id != l.invoiceLine {
			continue
		}
		if l.description == "" {
			l.description = line.description
		}
		if l.quantity > 0 && line.quantity > 0 {
			l.amount = line.charged() * l.quantity / line.quantity
		}
		switch {
		case l.amount == 0:
			c.fail(missingParam(name + "[amount]"))
		case l.amount > line.charged()-line.credited:
			c.fail(invalid(name+"[amount]", "", "The credit note line item amount (%s) is greater than the invoice line item's creditable amount (%s).",
				formatAmount(l.amount, in.currency), formatAmount(line.charged()-line.credited, in.currency)))
		}
		return
	}
	c.fail(missingReference("invoice line item", l.invoiceLine, name+"[invoice_line_item]"))
}

// checkCredit shares the amount out over what is still to be paid and what was paid,
// and refuses what is not covered.
func (s *Sandbox) checkCredit(cn *creditNote, in *invoice, amount int64) *apiError {
	if in.status != "open" && in.status != "paid" && in.status != "uncollectible" {
		return invalid("invoice", "", "You can only create credit notes for finalized invoices that are open, paid or uncollectible; this one is %s.", in.status)
	}
	cn.before = min(amount, in.remaining())
	cn.after = amount - cn.before
	sum := cn.refunded + cn.credited + cn.outOfBand
	switch creditable := in.collected() + in.fromBalance() - in.creditedAfter; {
	case cn.after > creditable:
		return invalid("amount", "", "The credit note amount (%s) is greater than the invoice's creditable amount (%s).",
			formatAmount(amount, in.currency), formatAmount(in.remaining()+creditable, in.currency))
	case sum != cn.after:
		return invalid("", "", "The sum of credit amount, refund amount and out of band amount (%s) must equal the post payment credit note amount (%s).",
			formatAmount(sum, in.currency), formatAmount(cn.after, in.currency))
	case cn.refunded == 0:
		return nil
	}
	ch := s.charges.get(in.charge)
	if ch == nil {
		return invalid("refund_amount", "", "This invoice has no charge to refund.")
	}
	return s.refusesRefund(ch, cn.refunded)
}

// issueCreditNote lets the credit take effect.
func (s *Sandbox) issueCreditNote(cn *creditNote, in *invoice) {
	cn.number = fmt.Sprintf("%s-CN-%02d", in.number, s.countCreditNotes(in.id)+1)
	s.creditNotes.add(cn.id, cn)
	for _, l := range cn.lines {
		in.creditLine(l.invoiceLine, l.amount)
	}
	in.creditedBefore += cn.before
	in.creditedAfter += cn.after
	if pi := s.paymentIntents.get(in.paymentIntent); pi != nil && cn.before > 0 {
		pi.amount = in.remaining()
	}
	if cn.refunded > 0 {
		cn.refund = s.refund(s.charges.get(in.charge), cn.refunded, refundReason(cn.reason), nil).id
	}
	if cu := s.liveCustomer(in.customer); cu != nil && cn.credited > 0 {
		s.setBalance(cu, cu.balance-cn.credited)
	}
	s.emit("credit_note.created", s.creditNoteObject(cn), nil)
	if in.payable() && in.remaining() == 0 {
		s.cancelIntent(s.paymentIntents.get(in.paymentIntent))
		s.markPaid(in)
		s.settled(in)
	}
}

func (in *invoice) creditLine(id string, amount int64) {
	for i := range in.lines {
		if id != "" && in.lines[i].id == id {
			in.lines[i].credited += amount
		}
	}
}

func (s *Sandbox) countCreditNotes(invoice string) int {
	n := 0
	for _, cn := range s.creditNotes.order {
		if cn.invoice == invoice {
			n++
		}
	}
	return n
}

// refundReason is the nearest of a refund's reasons, which has fewer.
func refundReason(reason string) string {
	if reason == "duplicate" || reason == "fraudulent" {
		return reason
	}
	return "requested_by_customer"
}

// voidCreditNote takes a credit note back as long as its invoice is open.
func (s *Sandbox) voidCreditNote(c *call) (object, *apiError) {
	cn := s.creditNotes.get(c.id)
	if cn == nil {
		return nil, notFound("credit note", c.id, "id")
	}
	in := s.invoices.get(cn.invoice)
	switch {
	case cn.status == "void":
		return nil, invalid("", "", "This credit note is already void.")
	case in.status != "open" || cn.after > 0:
		return nil, invalid("", "", "You can only void a credit note of an open invoice.")
	}
	for _, l := range cn.lines {
		in.creditLine(l.invoiceLine, -l.amount)
	}
	in.creditedBefore -= cn.before
	if pi := s.paymentIntents.get(in.paymentIntent); pi != nil {
		pi.amount = in.remaining()
	}
	cn.status, cn.voidedAt = "void", s.nowUnix()
	s.emit("credit_note.voided", s.creditNoteObject(cn), nil)
	return s.creditNoteObject(cn), nil
}
