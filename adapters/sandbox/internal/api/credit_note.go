package api

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/render"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

var creditNoteRoutes = []route{
	{
		pattern: "POST /v1/credit_notes",
		params: []string{
			"invoice", "lines[][type]", "lines[][invoice_line_item]", "lines[][amount]", "lines[][quantity]", "lines[][unit_amount]",
			"lines[][description]", "amount", "refund_amount", "credit_amount", "out_of_band_amount", "memo", "reason", "metadata[*]",
		},
		do: (*Server).CreateCreditNote,
	},
	{pattern: "GET /v1/credit_notes/{id}", do: (*Server).retrieveCreditNote},
	{pattern: "GET /v1/credit_notes/{id}/lines", params: wire.ListParams, do: (*Server).listCreditNoteLines},
	{pattern: "POST /v1/credit_notes/{id}", params: []string{"memo", "metadata[*]"}, do: (*Server).updateCreditNote},
	{pattern: "POST /v1/credit_notes/{id}/void", do: (*Server).voidCreditNote},
	{pattern: "GET /v1/credit_notes", params: wire.Listing("customer", "invoice"), do: (*Server).listCreditNotes},
}

func (s *Server) retrieveCreditNote(c *Call) (wire.Object, *wire.Error) {
	cn := s.CreditNotes.Get(c.id)
	if cn == nil {
		return nil, wire.NotFound("credit note", c.id, "id")
	}
	return s.Render.CreditNote(cn), nil
}

func (s *Server) listCreditNotes(c *Call) (wire.Object, *wire.Error) {
	created, customer, ofInvoice := c.createdFilter(), c.equals("customer"), c.equals("invoice")
	return page[*state.CreditNote]{
		noun: "credit note", items: s.CreditNotes.NewestFirst(),
		id: func(cn *state.CreditNote) string { return cn.ID },
		keep: func(cn *state.CreditNote) bool {
			return created(cn.Created) && customer(cn.Customer) && ofInvoice(cn.Invoice)
		},
		object: s.Render.CreditNote,
	}.serve(c)
}

func (s *Server) listCreditNoteLines(c *Call) (wire.Object, *wire.Error) {
	cn := s.CreditNotes.Get(c.id)
	if cn == nil {
		return nil, wire.NotFound("credit note", c.id, "id")
	}
	return page[wire.Object]{
		noun: "credit_note_line_item", items: render.CreditNoteLines(cn),
		id:     func(o wire.Object) string { return o["id"].(string) },
		keep:   func(wire.Object) bool { return true },
		object: func(o wire.Object) wire.Object { return o },
	}.serve(c)
}

func (s *Server) updateCreditNote(c *Call) (wire.Object, *wire.Error) {
	cn := s.CreditNotes.Get(c.id)
	if cn == nil {
		return nil, wire.NotFound("credit note", c.id, "id")
	}
	change := *cn
	if c.Has("memo") {
		change.Memo = c.Form.Get("memo")
	}
	change.Metadata = c.Metadata("metadata", cn.Metadata)
	if c.Err != nil {
		return nil, c.Err
	}
	before := s.Render.CreditNote(cn)
	*cn = change
	s.EmitUpdated("credit_note.updated", before, s.Render.CreditNote(cn))
	return s.Render.CreditNote(cn), nil
}
