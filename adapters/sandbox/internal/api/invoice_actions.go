package api

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/life"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// payInvoice charges the buyer's card now, or takes note that the money came
// elsewhere.
func (s *Server) payInvoice(c *Call) (wire.Object, *wire.Error) {
	in := s.Invoices.Get(c.id)
	outside := c.Flag("paid_out_of_band")
	how := life.Attempt{OffSession: !c.Has("off_session") || c.Flag("off_session")}
	switch {
	case c.Err != nil:
		return nil, c.Err
	case in == nil:
		return nil, wire.NotFound("invoice", c.id, "invoice")
	case in.Status == "paid":
		return nil, wire.Invalid("", "", "Invoice is already paid")
	case in.Status == "draft":
		s.FinalizeInvoice(in, in.IntentDescription(), []string{"card"})
	case !in.Payable():
		return nil, wire.Invalid("", "", "You can only pay an open invoice; this one is %s.", in.Status)
	}
	if c.Has("payment_method") && !outside {
		return s.payInvoiceWith(c, in, how)
	}
	switch {
	case outside:
		s.BeginInvoiceUpdate(in)
		in.PaidOutOfBand = true
		s.CancelIntent(s.PaymentIntents.Get(in.PaymentIntent))
		s.MarkPaid(in)
	case in.Due() > 0 && s.MethodFor(in) == nil:
		return nil, life.NoMethod()
	case !s.ChargeFor(in, how):
		pi := s.PaymentIntents.Get(in.PaymentIntent)
		if pi.Status == "requires_action" {
			return nil, s.NeedsAction("invoice", "the invoice", pi)
		}
		return nil, s.PaymentError(pi)
	}
	s.InvoiceSettled(in)
	return s.Render.Invoice(in), nil
}

func (s *Server) voidInvoiceByID(c *Call) (wire.Object, *wire.Error) {
	in := s.Invoices.Get(c.id)
	switch {
	case in == nil:
		return nil, wire.NotFound("invoice", c.id, "invoice")
	case !in.Payable():
		return nil, wire.Invalid("", "", "You can only pass in open or uncollectible invoices. This invoice has status %s.", in.Status)
	}
	s.VoidInvoice(in)
	s.InvoiceGivenUp(in)
	return s.Render.Invoice(in), nil
}

func (s *Server) writeInvoiceOff(c *Call) (wire.Object, *wire.Error) {
	in := s.Invoices.Get(c.id)
	switch {
	case in == nil:
		return nil, wire.NotFound("invoice", c.id, "invoice")
	case in.Status != "open":
		return nil, wire.Invalid("", "", "You can only pass in open invoices. This invoice has status %s.", in.Status)
	}
	s.WriteOffInvoice(in)
	s.InvoiceGivenUp(in)
	return s.Render.Invoice(in), nil
}

// finalizeInvoice opens a draft, such as one that pause_collection kept. It is charged
// by that if it is to advance by itself.
func (s *Server) finalizeInvoice(c *Call) (wire.Object, *wire.Error) {
	in := s.Invoices.Get(c.id)
	advance := c.Flag("auto_advance")
	switch {
	case c.Err != nil:
		return nil, c.Err
	case in == nil:
		return nil, wire.NotFound("invoice", c.id, "invoice")
	case in.Status != "draft":
		return nil, wire.Invalid("", "invoice_not_editable", "This invoice is already finalized, you can't re-finalize a non-draft invoice.")
	}
	if c.Has("auto_advance") {
		s.BeginInvoiceUpdate(in)
		in.AutoAdvance = advance
	}
	s.FinalizeInvoice(in, in.IntentDescription(), []string{"card"})
	s.AdvanceInvoice(in)
	return s.Render.Invoice(in), nil
}

// sendInvoice sends an invoice again. A draft is finalized, and sent by that.
func (s *Server) sendInvoice(c *Call) (wire.Object, *wire.Error) {
	in := s.Invoices.Get(c.id)
	switch {
	case in == nil:
		return nil, wire.NotFound("invoice", c.id, "invoice")
	case !in.ToBeSent():
		return nil, wire.Invalid("", "", "You can only manually send an invoice if its collection method is 'send_invoice'.")
	case in.Status == "draft":
		s.FinalizeInvoice(in, in.IntentDescription(), []string{"card"})
		s.AdvanceInvoice(in)
		return s.Render.Invoice(in), nil
	case in.Status != "open":
		return nil, wire.Invalid("", "", "You can only send an open invoice; this one is %s.", in.Status)
	}
	s.Emit("invoice.sent", s.Render.Invoice(in), nil)
	return s.Render.Invoice(in), nil
}

// payInvoiceWith pays an invoice with a method that the request names.
func (s *Server) payInvoiceWith(c *Call, in *state.Invoice, a life.Attempt) (wire.Object, *wire.Error) {
	pm := s.PaymentMethods.Get(s.readMethod(c, "payment_method", in.Customer, ""))
	switch {
	case c.Err != nil:
		return nil, c.Err
	case pm == nil:
		return nil, wire.MissingParam("payment_method")
	case in.PaymentIntent == "":
		s.MarkPaid(in)
		s.InvoiceSettled(in)
	default:
		if e := s.PayWith(in, pm, a); e != nil {
			return nil, e
		}
	}
	return s.Render.Invoice(in), nil
}
