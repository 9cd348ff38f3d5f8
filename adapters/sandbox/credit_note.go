package sandbox

import "fmt"

// creditNote takes back a part of a finalized invoice: before it is paid, or
// afterwards as a refund, for the customer's balance or outside of Stripe.
type creditNote struct {
	id, invoice, customer, currency, number string
	status, reason, memo, refund            string
	lines                                   []creditLine
	before, after                           int64 // of its amount: of what was still to be paid, and of what was paid
	refunded, credited, outOfBand           int64 // which together are what was paid
	metadata                                map[string]string
	created, voidedAt                       int64
}

type creditLine struct {
	id, invoiceLine, description string // invoiceLine is empty for a line of its own
	quantity, amount             int64
}

var creditNoteRoutes = []route{
	{
		pattern: "POST /v1/credit_notes",
		params: []string{
			"invoice", "lines[][type]", "lines[][invoice_line_item]", "lines[][amount]", "lines[][quantity]", "lines[][unit_amount]",
			"lines[][description]", "amount", "refund_amount", "credit_amount", "out_of_band_amount", "memo", "reason", "metadata[*]",
		},
		do: (*Sandbox).createCreditNote,
	},
	{pattern: "GET /v1/credit_notes/{id}", do: (*Sandbox).retrieveCreditNote},
	{pattern: "GET /v1/credit_notes/{id}/lines", params: listParams, do: (*Sandbox).listCreditNoteLines},
	{pattern: "POST /v1/credit_notes/{id}", params: []string{"memo", "metadata[*]"}, do: (*Sandbox).updateCreditNote},
	{pattern: "POST /v1/credit_notes/{id}/void", do: (*Sandbox).voidCreditNote},
	{pattern: "GET /v1/credit_notes", params: listing("customer", "invoice"), do: (*Sandbox).listCreditNotes},
}

func (s *Sandbox) retrieveCreditNote(c *call) (object, *apiError) {
	cn := s.creditNotes.get(c.id)
	if cn == nil {
		return nil, notFound("credit note", c.id, "id")
	}
	return s.creditNoteObject(cn), nil
}

func (s *Sandbox) listCreditNotes(c *call) (object, *apiError) {
	created, customer, ofInvoice := c.createdFilter(), c.equals("customer"), c.equals("invoice")
	return page[*creditNote]{
		noun: "credit note", items: s.creditNotes.newestFirst(),
		id: func(cn *creditNote) string { return cn.id },
		keep: func(cn *creditNote) bool {
			return created(cn.created) && customer(cn.customer) && ofInvoice(cn.invoice)
		},
		object: s.creditNoteObject,
	}.serve(c)
}

func (s *Sandbox) listCreditNoteLines(c *call) (object, *apiError) {
	cn := s.creditNotes.get(c.id)
	if cn == nil {
		return nil, notFound("credit note", c.id, "id")
	}
	return page[object]{
		noun: "credit_note_line_item", items: cn.lineObjects(),
		id:     func(o object) string { return o["id"].(string) },
		keep:   func(object) bool { return true },
		object: func(o object) object { return o },
	}.serve(c)
}

func (s *Sandbox) updateCreditNote(c *call) (object, *apiError) {
	cn := s.creditNotes.get(c.id)
	if cn == nil {
		return nil, notFound("credit note", c.id, "id")
	}
	change := *cn
	if c.has("memo") {
		change.memo = c.form.Get("memo")
	}
	change.metadata = c.metadata("metadata", cn.metadata)
	if c.err != nil {
		return nil, c.err
	}
	before := s.creditNoteObject(cn)
	*cn = change
	s.emitUpdated("credit_note.updated", before, s.creditNoteObject(cn))
	return s.creditNoteObject(cn), nil
}

func (cn *creditNote) amount() int64 { return cn.before + cn.after }

func (cn *creditNote) kind() string {
	switch {
	case cn.after == 0:
		return "pre_payment"
	case cn.before == 0:
		return "post_payment"
	}
	return "mixed"
}

func (s *Sandbox) creditNoteObject(cn *creditNote) object {
	lines := cn.lineObjects()
	more := len(lines) > defaultPage
	if more {
		lines = lines[:defaultPage]
	}
	refunds := []object{}
	if cn.refund != "" {
		refunds = append(refunds, object{"amount_refunded": cn.refunded, "refund": cn.refund})
	}
	amount := cn.amount()
	return object{
		"id": cn.id, "object": "credit_note", "amount": amount, "amount_shipping": 0, "created": cn.created, "currency": cn.currency,
		"customer": cn.customer, "customer_balance_transaction": nil, "discount_amount": 0, "discount_amounts": []object{},
		"effective_at": cn.created, "invoice": cn.invoice, "lines": listOf(lines, more, "/v1/credit_notes/"+cn.id+"/lines"),
		"livemode": false, "memo": orNull(cn.memo), "metadata": metadataObject(cn.metadata), "number": cn.number,
		"out_of_band_amount": orNull(cn.outOfBand), "pdf": "https://pay.stripe.com/credit_notes/acct_1/" + cn.id + "/pdf",
		"post_payment_amount": cn.after, "pre_payment_amount": cn.before, "pretax_credit_amounts": []object{}, "reason": orNull(cn.reason),
		"refund": orNull(cn.refund), "refunds": refunds, "shipping_cost": nil, "status": cn.status, "subtotal": amount,
		"subtotal_excluding_tax": amount, "tax_amounts": []object{}, "total": amount, "total_excluding_tax": amount, "total_taxes": []object{},
		"type": cn.kind(), "voided_at": orNull(cn.voidedAt),
	}
}

func (cn *creditNote) lineObjects() []object {
	out := []object{}
	for _, l := range cn.lines {
		o := object{
			"id": l.id, "object": "credit_note_line_item", "amount": l.amount, "amount_excluding_tax": l.amount, "description": orNull(l.description),
			"discount_amount": 0, "discount_amounts": []object{}, "livemode": false, "pretax_credit_amounts": []object{},
			"quantity": orNull(l.quantity), "tax_amounts": []object{}, "tax_rates": []object{}, "taxes": []object{}, "type": "custom_line_item",
			"unit_amount": nil, "unit_amount_decimal": nil, "unit_amount_excluding_tax": nil,
		}
		if l.invoiceLine != "" {
			o["type"], o["invoice_line_item"] = "invoice_line_item", l.invoiceLine
		}
		if l.quantity > 0 {
			o["unit_amount"], o["unit_amount_decimal"] = l.amount/l.quantity, fmt.Sprint(l.amount/l.quantity)
		}
		out = append(out, o)
	}
	return out
}
