package render

import (
	"fmt"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

func (r *Renderer) CreditNote(cn *state.CreditNote) wire.Object {
	lines := CreditNoteLines(cn)
	more := len(lines) > wire.DefaultPage
	if more {
		lines = lines[:wire.DefaultPage]
	}
	refunds := []wire.Object{}
	if cn.Refund != "" {
		refunds = append(refunds, wire.Object{"amount_refunded": cn.Refunded, "refund": cn.Refund})
	}
	amount := cn.Amount()
	return wire.Object{
		"id": cn.ID, "object": "credit_note", "amount": amount, "amount_shipping": 0, "created": cn.Created, "currency": cn.Currency,
		"customer": cn.Customer, "customer_balance_transaction": nil, "discount_amount": 0, "discount_amounts": []wire.Object{},
		"effective_at": cn.Created, "invoice": cn.Invoice, "lines": wire.ListOf(lines, more, "/v1/credit_notes/"+cn.ID+"/lines"),
		"livemode": false, "memo": wire.OrNull(cn.Memo), "metadata": wire.MetadataObject(cn.Metadata), "number": cn.Number,
		"out_of_band_amount": wire.OrNull(cn.OutOfBand), "pdf": "https://pay.stripe.com/credit_notes/acct_1/" + cn.ID + "/pdf",
		"post_payment_amount": cn.After, "pre_payment_amount": cn.Before, "pretax_credit_amounts": []wire.Object{}, "reason": wire.OrNull(cn.Reason),
		"refund": wire.OrNull(cn.Refund), "refunds": refunds, "shipping_cost": nil, "status": cn.Status, "subtotal": amount,
		"subtotal_excluding_tax": amount, "tax_amounts": []wire.Object{}, "total": amount, "total_excluding_tax": amount, "total_taxes": []wire.Object{},
		"type": cn.Kind(), "voided_at": wire.OrNull(cn.VoidedAt),
	}
}

func CreditNoteLines(cn *state.CreditNote) []wire.Object {
	out := []wire.Object{}
	for _, l := range cn.Lines {
		o := wire.Object{
			"id": l.ID, "object": "credit_note_line_item", "amount": l.Amount, "amount_excluding_tax": l.Amount, "description": wire.OrNull(l.Description),
			"discount_amount": 0, "discount_amounts": []wire.Object{}, "livemode": false, "pretax_credit_amounts": []wire.Object{},
			"quantity": wire.OrNull(l.Quantity), "tax_amounts": []wire.Object{}, "tax_rates": []wire.Object{}, "taxes": []wire.Object{}, "type": "custom_line_item",
			"unit_amount": nil, "unit_amount_decimal": nil, "unit_amount_excluding_tax": nil,
		}
		if l.InvoiceLine != "" {
			o["type"], o["invoice_line_item"] = "invoice_line_item", l.InvoiceLine
		}
		if l.Quantity > 0 {
			o["unit_amount"], o["unit_amount_decimal"] = l.Amount/l.Quantity, fmt.Sprint(l.Amount/l.Quantity)
		}
		out = append(out, o)
	}
	return out
}
