package stripetest

import "github.com/entitled-dev/entitled/domain"

func (p pen) creditNote(f domain.CreditNoteFact) object {
	n := f.CreditNote
	o := object{
		{"id", string(n.ID)},
		{"object", "credit_note"},
		{"amount", n.Amount},
		{"amount_shipping", 0},
		{"created", n.CreatedAt},
		{"currency", orNull(n.Currency)},
		{"customer", p.reference("customer", string(f.Customer))},
		{"customer_balance_transaction", nil},
		{"discount_amount", 0},
		{"effective_at", n.CreatedAt},
		{"invoice", p.reference("invoice", string(n.Invoice))},
		{"lines", p.creditedLines(f)},
		{"livemode", p.live},
		{"memo", nil},
		{"metadata", object{}},
		{"number", "0001-CN-01"},
		{"out_of_band_amount", nil},
		{"reason", "order_change"},
		{"status", orNull(n.Status)},
		{"subtotal", n.Amount},
		{"total", n.Amount},
		{"type", orNull(n.Kind)},
		{"voided_at", nil},
	}
	if p.since(dahlia) {
		o = append(o, member{"customer_account", orNull(f.CustomerAccount)})
	}
	if p.since(basil) {
		return append(o, member{"refunds", p.refundsOfNote(n)}, member{"total_taxes", list{}})
	}
	var refund string
	if len(n.Refunds) > 0 {
		refund = string(n.Refunds[0])
	}
	return append(o, member{"refund", p.reference("refund", refund)}, member{"tax_amounts", list{}})
}

func (p pen) creditedLines(f domain.CreditNoteFact) object {
	n := f.CreditNote
	var data list
	for _, line := range n.Lines {
		o := object{
			{"id", "cnli_1"},
			{"object", "credit_note_line_item"},
			{"amount", line.Amount},
			{"description", "1 × Pro"},
			{"livemode", p.live},
			{"quantity", 1},
			{"type", "custom_line_item"},
			{"unit_amount", nil},
		}
		if line.Line != "" {
			o[6].value = "invoice_line_item"
			o = append(o, member{"invoice_line_item", line.Line})
		}
		data = append(data, o)
	}
	return object{
		{"object", "list"}, {"data", p.shuffled(data)}, {"has_more", f.MoreLines}, {"url", "/v1/credit_notes/" + string(n.ID) + "/lines"},
	}
}

// refundsOfNote are those of Stripe and, with noise, one that was made elsewhere.
func (p pen) refundsOfNote(n domain.CreditNote) list {
	all := list{}
	for _, id := range n.Refunds {
		o := object{{"amount_refunded", n.Amount}, {"refund", p.reference("refund", string(id))}}
		if p.since(dahlia) {
			o = append(o, member{"type", "refund"}, member{"payment_record_refund", nil})
		}
		all = append(all, o)
	}
	if p.since(dahlia) && p.chance(3) {
		all = append(all, object{
			{"amount_refunded", n.Amount},
			{"type", "payment_record_refund"},
			{"payment_record_refund", object{{"payment_record", "prec_1"}, {"refund_group", "re_elsewhere"}}},
		})
	}
	return p.shuffled(all)
}
