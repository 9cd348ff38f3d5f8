package sandbox

import "cmp"

type invoiceLine struct {
	id, price, description, item string // item is the subscription item, empty for a one-time price
	invoiceItem                  string // of a line that waited to be invoiced, and of a one-time price
	quantity, amount             int64
	start, end                   int64
	created                      int64 // of the invoice item
	proration                    bool
	metadata                     map[string]string
	discount                     int64    // taken off the amount
	credited                     int64    // by credit notes
	credits                      []string // the lines that a prorated credit is for
	creditsInvoice               string   // their invoice
}

// charged is what the line comes to.
func (l invoiceLine) charged() int64 { return l.amount - l.discount }

// listInvoiceLines pages through all lines, of which the invoice itself shows ten.
func (s *Sandbox) listInvoiceLines(c *call) (object, *apiError) {
	in := cmp.Or(s.invoices.get(c.id), s.previews.get(c.id))
	if in == nil {
		return nil, notFound("invoice", c.id, "invoice")
	}
	return page[object]{
		noun: "line_item", items: s.invoiceLineObjects(in),
		id:     func(o object) string { return o["id"].(string) },
		keep:   func(object) bool { return true },
		object: func(o object) object { return o },
	}.serve(c)
}

func (s *Sandbox) invoiceLineObjects(in *invoice) []object {
	lines := []object{}
	for _, l := range in.lines {
		lines = append(lines, s.invoiceLineObject(in, l))
	}
	return lines
}

func (s *Sandbox) invoiceLineObject(in *invoice, l invoiceLine) object {
	p := s.prices.get(l.price)
	o := object{
		"id": l.id, "object": "line_item", "amount": l.amount, "amount_excluding_tax": l.amount, "currency": in.currency,
		"description": l.description, "discount_amounts": in.discount.amounts(l.discount), "discountable": !l.proration, "discounts": in.discount.ids(),
		"invoice": in.id, "livemode": false, "metadata": metadataObject(l.metadata), "parent": l.parent(in.subscription),
		"period": object{"start": l.start, "end": l.end}, "price": s.priceObject(p),
		"pricing":   l.pricing(p),
		"proration": l.proration, "proration_details": l.prorationDetails(),
		"quantity": l.quantity, "subscription": orNull(in.subscription), "subtotal": l.amount, "tax_amounts": []object{}, "tax_rates": []object{},
		"taxes": []object{}, "type": "subscription", "unit_amount_excluding_tax": p.unitAmountDecimal(),
	}
	if l.item == "" || l.proration {
		o["type"] = "invoiceitem"
	}
	if l.item != "" {
		o["subscription_item"] = l.item
	}
	if l.invoiceItem != "" {
		o["invoice_item"] = l.invoiceItem
	}
	return o
}

// pricing is how basil tells the price.
func (l invoiceLine) pricing(p *price) object {
	return object{"type": "price_details", "price_details": object{"price": p.id, "product": p.product}, "unit_amount_decimal": p.unitAmountDecimal()}
}

func (l invoiceLine) prorationDetails() object {
	if l.creditsInvoice == "" {
		return object{"credited_items": nil}
	}
	return object{"credited_items": object{"invoice": l.creditsInvoice, "invoice_line_items": l.credits}}
}

// parent is where the line comes from, as it is told since basil.
func (l invoiceLine) parent(subscription string) object {
	from := object{"invoice_item": orNull(l.invoiceItem), "proration": l.proration, "proration_details": l.prorationDetails(),
		"subscription": orNull(subscription)}
	if l.item == "" {
		return object{"type": "invoice_item_details", "invoice_item_details": from, "subscription_item_details": nil}
	}
	from["subscription_item"] = l.item
	return object{"type": "subscription_item_details", "subscription_item_details": from, "invoice_item_details": nil}
}
