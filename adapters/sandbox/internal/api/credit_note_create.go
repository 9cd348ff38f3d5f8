package api

import (
	"fmt"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// CreateCreditNote takes back a part of an invoice that is finalized.
func (s *Server) CreateCreditNote(c *Call) (wire.Object, *wire.Error) {
	in := s.Invoices.Get(c.Required("invoice"))
	if in == nil {
		c.Fail(wire.MissingReference("invoice", c.Text("invoice"), "invoice"))
		return nil, c.Err
	}
	cn := &state.CreditNote{
		ID: wire.NewID("cn_1", 23), Invoice: in.ID, Customer: in.Customer, Currency: in.Currency, Status: "issued", Created: s.NowUnix(),
		Reason: c.OneOf("reason", "duplicate", "fraudulent", "order_change", "product_unsatisfactory"), Memo: c.Limited("memo", 5000),
		Refunded: c.Integer("refund_amount", 0, 1<<40), Credited: c.Integer("credit_amount", 0, 1<<40),
		OutOfBand: c.Integer("out_of_band_amount", 0, 1<<40), Metadata: c.Metadata("metadata", nil),
	}
	amount := c.readCreditLines(cn, in)
	if c.Err != nil {
		return nil, c.Err
	}
	if e := s.checkCredit(cn, in, amount); e != nil {
		return nil, e
	}
	s.IssueCreditNote(cn, in)
	return s.Render.CreditNote(cn), nil
}

// readCreditLines reads what is credited, in lines or as one amount.
func (c *Call) readCreditLines(cn *state.CreditNote, in *state.Invoice) int64 {
	given := c.Integer("amount", 1, 1<<40)
	var sum int64
	for _, i := range c.Indexes("lines") {
		name := fmt.Sprintf("lines[%d]", i)
		kind := c.OneOf(name+"[type]", "custom_line_item", "invoice_line_item")
		c.Required(name + "[type]")
		l := state.CreditLine{
			ID: wire.NewID("cnli_1", 23), Description: c.Text(name + "[description]"), Quantity: c.Integer(name+"[quantity]", 1, state.MaxQuantity),
			Amount: c.Integer(name+"[amount]", 1, 1<<40),
		}
		if kind == "invoice_line_item" {
			c.readInvoiceLine(&l, in, name)
		} else {
			c.Required(name + "[unit_amount]")
			l.Quantity = max(l.Quantity, 1)
			l.Amount = l.Quantity * c.Integer(name+"[unit_amount]", 1, wire.MaxAmount)
		}
		sum += l.Amount
		cn.Lines = append(cn.Lines, l)
	}
	switch {
	case len(cn.Lines) == 0 && given == 0:
		c.Fail(wire.Invalid("", "parameter_missing", "You must specify at least one of the following parameters: amount, lines, or shipping_cost."))
	case len(cn.Lines) == 0:
		sum = given
		cn.Lines = []state.CreditLine{{ID: wire.NewID("cnli_1", 23), Amount: given, Quantity: 1, Description: "Credit for invoice " + in.Number}}
	case given != 0 && given != sum:
		c.Fail(wire.Invalid("amount", "", "The credit note amount (%d) must equal the sum of its lines (%d).", given, sum))
	}
	return sum
}

func (c *Call) readInvoiceLine(l *state.CreditLine, in *state.Invoice, name string) {
	l.InvoiceLine = c.Required(name + "[invoice_line_item]")
	for _, line := range in.Lines {
		if line.ID != l.InvoiceLine {
			continue
		}
		if l.Description == "" {
			l.Description = line.Description
		}
		if l.Quantity > 0 && line.Quantity > 0 {
			l.Amount = line.Charged() * l.Quantity / line.Quantity
		}
		switch {
		case l.Amount == 0:
			c.Fail(wire.MissingParam(name + "[amount]"))
		case l.Amount > line.Charged()-line.Credited:
			c.Fail(wire.Invalid(name+"[amount]", "", "The credit note line item amount (%s) is greater than the invoice line item's creditable amount (%s).",
				wire.FormatAmount(l.Amount, in.Currency), wire.FormatAmount(line.Charged()-line.Credited, in.Currency)))
		}
		return
	}
	c.Fail(wire.MissingReference("invoice line item", l.InvoiceLine, name+"[invoice_line_item]"))
}

// checkCredit shares the amount out over what is still to be paid and what was paid,
// and refuses what is not covered.
func (s *Server) checkCredit(cn *state.CreditNote, in *state.Invoice, amount int64) *wire.Error {
	if in.Status != "open" && in.Status != "paid" && in.Status != "uncollectible" {
		return wire.Invalid("invoice", "", "You can only create credit notes for finalized invoices that are open, paid or uncollectible; this one is %s.", in.Status)
	}
	cn.Before = min(amount, in.Remaining())
	cn.After = amount - cn.Before
	sum := cn.Refunded + cn.Credited + cn.OutOfBand
	switch creditable := in.Collected() + in.FromBalance() - in.CreditedAfter; {
	case cn.After > creditable:
		return wire.Invalid("amount", "", "The credit note amount (%s) is greater than the invoice's creditable amount (%s).",
			wire.FormatAmount(amount, in.Currency), wire.FormatAmount(in.Remaining()+creditable, in.Currency))
	case sum != cn.After:
		return wire.Invalid("", "", "The sum of credit amount, refund amount and out of band amount (%s) must equal the post payment credit note amount (%s).",
			wire.FormatAmount(sum, in.Currency), wire.FormatAmount(cn.After, in.Currency))
	case cn.Refunded == 0:
		return nil
	}
	ch := s.Charges.Get(in.Charge)
	if ch == nil {
		return wire.Invalid("refund_amount", "", "This invoice has no charge to refund.")
	}
	return s.RefusesRefund(ch, cn.Refunded)
}

// voidCreditNote takes a credit note back as long as its invoice is open.
func (s *Server) voidCreditNote(c *Call) (wire.Object, *wire.Error) {
	cn := s.CreditNotes.Get(c.id)
	if cn == nil {
		return nil, wire.NotFound("credit note", c.id, "id")
	}
	in := s.Invoices.Get(cn.Invoice)
	switch {
	case cn.Status == "void":
		return nil, wire.Invalid("", "", "This credit note is already void.")
	case in.Status != "open" || cn.After > 0:
		return nil, wire.Invalid("", "", "You can only void a credit note of an open invoice.")
	}
	for _, l := range cn.Lines {
		in.CreditLine(l.InvoiceLine, -l.Amount)
	}
	in.CreditedBefore -= cn.Before
	if pi := s.PaymentIntents.Get(in.PaymentIntent); pi != nil {
		pi.Amount = in.Remaining()
	}
	cn.Status, cn.VoidedAt = "void", s.NowUnix()
	s.Emit("credit_note.voided", s.Render.CreditNote(cn), nil)
	return s.Render.CreditNote(cn), nil
}
