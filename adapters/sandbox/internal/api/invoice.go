package api

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

var invoiceRoutes = []route{
	{pattern: "GET /v1/invoices/{id}", do: (*Server).retrieveInvoice},
	{pattern: "GET /v1/invoices/{id}/lines", params: wire.ListParams, do: (*Server).listInvoiceLines},
	{
		pattern: "POST /v1/invoices/{id}/pay",
		params:  []string{"paid_out_of_band", "payment_method", "off_session"},
		do:      (*Server).payInvoice,
	},
	{pattern: "POST /v1/invoices/{id}/finalize", params: []string{"auto_advance"}, do: (*Server).finalizeInvoice},
	{pattern: "POST /v1/invoices/{id}/mark_uncollectible", do: (*Server).writeInvoiceOff},
	{pattern: "POST /v1/invoices/{id}/send", do: (*Server).sendInvoice},
	{pattern: "POST /v1/invoices/{id}/void", do: (*Server).voidInvoiceByID},
	{
		pattern: "GET /v1/invoices",
		params:  wire.Listing("collection_method", "customer", "subscription", "status"),
		do:      (*Server).listInvoices,
	},
}

func (s *Server) retrieveInvoice(c *Call) (wire.Object, *wire.Error) {
	in := s.Invoices.Get(c.id)
	if in == nil {
		return nil, wire.NotFound("invoice", c.id, "id")
	}
	return s.Render.Invoice(in), nil
}

func (s *Server) listInvoices(c *Call) (wire.Object, *wire.Error) {
	created, customer, subscription := c.createdFilter(), c.equals("customer"), c.equals("subscription")
	status := c.OneOf("status", "draft", "open", "paid", "uncollectible", "void")
	method := c.OneOf("collection_method", "charge_automatically", "send_invoice")
	return page[*state.Invoice]{
		noun: "invoice", items: s.Invoices.NewestFirst(),
		id: func(in *state.Invoice) string { return in.ID },
		keep: func(in *state.Invoice) bool {
			return created(in.Created) && customer(in.Customer) && subscription(in.Subscription) &&
				(status == "" || status == in.Status) && (method == "" || method == in.CollectionMethod())
		},
		object: s.Render.Invoice,
	}.serve(c)
}
