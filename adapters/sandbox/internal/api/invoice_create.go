package api

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

var invoiceParams = []string{
	"auto_advance", "collection_method", "days_until_due", "default_payment_method", "description", "footer", "metadata[*]",
}

var invoiceCreateRoutes = []route{
	{
		pattern: "POST /v1/invoices",
		params:  append([]string{"customer", "currency", "subscription", "pending_invoice_items_behavior"}, invoiceParams...),
		do:      (*Server).createInvoice,
	},
	{pattern: "POST /v1/invoices/{id}", params: invoiceParams, do: (*Server).updateInvoiceByID},
	{pattern: "DELETE /v1/invoices/{id}", do: (*Server).deleteInvoice},
}

// createInvoice makes a draft. It takes the items that wait where that is asked for, and
// those of the subscription it names.
func (s *Server) createInvoice(c *Call) (wire.Object, *wire.Error) {
	in := &state.Invoice{Customer: c.Text("customer"), Subscription: c.Text("subscription"), BillingReason: "manual", Currency: c.Currency("currency")}
	now := s.NowUnix()
	in.PeriodStart, in.PeriodEnd = now, now
	sub := s.Subscriptions.Get(in.Subscription)
	switch {
	case in.Subscription != "" && (sub == nil || in.Customer != "" && sub.Customer != in.Customer):
		c.Fail(wire.MissingReference("subscription", in.Subscription, "subscription"))
	case sub != nil:
		in.Customer, in.Currency, in.SubscriptionMetadata = sub.Customer, sub.Currency, sub.Metadata
	case in.Customer == "":
		c.Fail(wire.MissingParam("customer"))
	}
	if s.LiveCustomer(in.Customer) == nil && c.Err == nil {
		c.Fail(wire.MissingReference("customer", in.Customer, "customer"))
	}
	include := c.OneOf("pending_invoice_items_behavior", "exclude", "include") == "include"
	s.readInvoice(c, in)
	if in.Currency == "" {
		in.Currency = s.CurrencyOf(in.Customer)
	}
	if !wire.IsCurrency(in.Currency) && c.Err == nil {
		c.Fail(wire.InvalidCurrency("currency", in.Currency))
	}
	if c.Err != nil {
		return nil, c.Err
	}
	if sub != nil {
		in.Lines, sub.Pending = sub.Pending, nil
		in.Lines = append(in.Lines, s.WaitingLines(in.Customer, sub.ID, in.Currency)...)
		if len(in.Lines) == 0 {
			return nil, wire.Invalid("", "invoice_no_subscription_line_items", "Nothing to invoice for subscription")
		}
	} else if include {
		in.Lines = s.WaitingLines(in.Customer, "", in.Currency)
	}
	s.AddInvoice(in)
	s.AnnounceInvoice(in)
	if in.AutoAdvance {
		s.AdvanceInvoiceSoon(in)
	}
	return s.Render.Invoice(in), nil
}

// readInvoice reads what can be given at the making and changed in a draft.
func (s *Server) readInvoice(c *Call, in *state.Invoice) {
	if c.Has("auto_advance") {
		in.AutoAdvance = c.Flag("auto_advance")
	}
	in.DaysUntilDue = c.readCollection("invoice", in.DaysUntilDue)
	in.DefaultMethod = s.readMethod(c, "default_payment_method", in.Customer, in.DefaultMethod)
	for name, field := range map[string]*string{"description": &in.Description, "footer": &in.Footer} {
		if c.Has(name) {
			*field = c.Form.Get(name)
		}
	}
	in.Metadata = c.Metadata("metadata", in.Metadata)
}

func (s *Server) updateInvoiceByID(c *Call) (wire.Object, *wire.Error) {
	in := s.Invoices.Get(c.id)
	if in == nil {
		return nil, wire.NotFound("invoice", c.id, "invoice")
	}
	change := *in
	s.readInvoice(c, &change)
	for _, name := range []string{"collection_method", "days_until_due", "footer", "description"} {
		if c.Has(name) && in.Status != "draft" {
			c.Fail(wire.Invalid(name, "invoice_not_editable", "Finalized invoices can't be updated in this way"))
		}
	}
	if c.Err != nil {
		return nil, c.Err
	}
	begins := change.AutoAdvance && !in.AutoAdvance && in.Status == "draft"
	s.UpdateInvoice(in, func() { *in = change })
	if begins {
		s.AdvanceInvoiceSoon(in)
	}
	return s.Render.Invoice(in), nil
}

// deleteInvoice deletes a draft that is not a subscription's, with its items.
func (s *Server) deleteInvoice(c *Call) (wire.Object, *wire.Error) {
	in := s.Invoices.Get(c.id)
	switch {
	case in == nil:
		return nil, wire.NotFound("invoice", c.id, "id")
	case in.Status != "draft":
		return nil, wire.Invalid("", "invoice_not_editable", "You can only delete draft invoices; this one is %s.", in.Status)
	case in.Subscription != "":
		return nil, wire.Invalid("", "", "You can't delete invoices created by subscriptions.")
	}
	s.DeleteDraft(in)
	return wire.Object{"id": in.ID, "object": "invoice", "deleted": true}, nil
}
