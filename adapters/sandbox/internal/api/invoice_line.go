package api

import (
	"cmp"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// listInvoiceLines pages through all lines, of which the invoice itself shows ten.
func (s *Server) listInvoiceLines(c *Call) (wire.Object, *wire.Error) {
	in := cmp.Or(s.Invoices.Get(c.id), s.Previews.Get(c.id))
	if in == nil {
		return nil, wire.NotFound("invoice", c.id, "invoice")
	}
	return page[wire.Object]{
		noun: "line_item", items: s.Render.InvoiceLines(in),
		id:     func(o wire.Object) string { return o["id"].(string) },
		keep:   func(wire.Object) bool { return true },
		object: func(o wire.Object) wire.Object { return o },
	}.serve(c)
}
