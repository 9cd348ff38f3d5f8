package sandbox

// payInvoice charges the buyer's card now, or takes note that the money came
// elsewhere.
func (s *Sandbox) payInvoice(c *call) (object, *apiError) {
	in := s.invoices.get(c.id)
	outside := c.flag("paid_out_of_band")
	how := attempt{offSession: !c.has("off_session") || c.flag("off_session")}
	switch {
	case c.err != nil:
		return nil, c.err
	case in == nil:
		return nil, notFound("invoice", c.id, "invoice")
	case in.status == "paid":
		return nil, invalid("", "", "Invoice is already paid")
	case in.status == "draft":
		s.finalize(in, in.intentDescription(), []string{"card"})
	case !in.payable():
		return nil, invalid("", "", "You can only pay an open invoice; this one is %s.", in.status)
	}
	if c.has("payment_method") && !outside {
		return s.payInvoiceWith(c, in, how)
	}
	switch {
	case outside:
		in.paidOutOfBand = true
		s.cancelIntent(s.paymentIntents.get(in.paymentIntent))
		s.markPaid(in)
	case in.due() > 0 && s.methodFor(in) == nil:
		return nil, noMethod()
	case !s.chargeFor(in, how):
		pi := s.paymentIntents.get(in.paymentIntent)
		if pi.status == "requires_action" {
			return nil, s.needsAction("invoice", "the invoice", pi)
		}
		return nil, s.paymentError(pi)
	}
	s.settled(in)
	return s.invoiceObject(in), nil
}

func (s *Sandbox) voidInvoiceByID(c *call) (object, *apiError) {
	in := s.invoices.get(c.id)
	switch {
	case in == nil:
		return nil, notFound("invoice", c.id, "invoice")
	case !in.payable():
		return nil, invalid("", "", "You can only pass in open or uncollectible invoices. This invoice has status %s.", in.status)
	}
	s.voidInvoice(in)
	s.givenUp(in)
	return s.invoiceObject(in), nil
}

func (s *Sandbox) writeInvoiceOff(c *call) (object, *apiError) {
	in := s.invoices.get(c.id)
	switch {
	case in == nil:
		return nil, notFound("invoice", c.id, "invoice")
	case in.status != "open":
		return nil, invalid("", "", "You can only pass in open invoices. This invoice has status %s.", in.status)
	}
	s.writeOff(in)
	s.givenUp(in)
	return s.invoiceObject(in), nil
}

// finalizeInvoice opens a draft, such as one that pause_collection kept. It is charged
// by that if it is to advance by itself.
func (s *Sandbox) finalizeInvoice(c *call) (object, *apiError) {
	in := s.invoices.get(c.id)
	advance := c.flag("auto_advance")
	switch {
	case c.err != nil:
		return nil, c.err
	case in == nil:
		return nil, notFound("invoice", c.id, "invoice")
	case in.status != "draft":
		return nil, invalid("", "invoice_not_editable", "This invoice is already finalized, you can't re-finalize a non-draft invoice.")
	}
	if c.has("auto_advance") {
		in.autoAdvance = advance
	}
	s.finalize(in, in.intentDescription(), []string{"card"})
	s.advance(in)
	return s.invoiceObject(in), nil
}

// sendInvoice sends an invoice again.
func (s *Sandbox) sendInvoice(c *call) (object, *apiError) {
	in := s.invoices.get(c.id)
	switch {
	case in == nil:
		return nil, notFound("invoice", c.id, "invoice")
	case !in.toBeSent():
		return nil, invalid("", "", "You can only manually send an invoice if its collection method is 'send_invoice'.")
	case in.status != "open":
		return nil, invalid("", "", "You can only send an open invoice; this one is %s.", in.status)
	}
	s.emit("invoice.sent", s.invoiceObject(in), nil)
	return s.invoiceObject(in), nil
}
