package render

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

func (r *Renderer) InvoiceLines(in *state.Invoice) []wire.Object {
	lines := []wire.Object{}
	for _, l := range in.Lines {
		lines = append(lines, r.invoiceLine(in, l))
	}
	return lines
}

func (r *Renderer) invoiceLine(in *state.Invoice, l state.InvoiceLine) wire.Object {
	p := r.Prices.Get(l.Price)
	o := wire.Object{
		"id": l.ID, "object": "line_item", "amount": l.Amount, "amount_excluding_tax": l.Amount, "currency": in.Currency,
		"description": l.Description, "discount_amounts": DiscountAmounts(in.Discount, l.Discount), "discountable": !l.Proration, "discounts": in.Discount.IDs(),
		"invoice": in.ID, "livemode": false, "metadata": wire.MetadataObject(l.Metadata), "parent": lineParent(l, in.Subscription),
		"period": wire.Object{"start": l.Start, "end": l.End}, "price": r.Price(p),
		"pricing":   pricing(l, p, in.Currency),
		"proration": l.Proration, "proration_details": prorationDetails(l),
		"quantity": l.Quantity, "subscription": wire.OrNull(in.Subscription), "subtotal": l.Amount, "tax_amounts": []wire.Object{}, "tax_rates": []wire.Object{},
		"taxes": []wire.Object{}, "type": "subscription", "unit_amount_excluding_tax": p.In(in.Currency).UnitAmountDecimal(),
	}
	if l.Item == "" || l.Proration {
		o["type"] = "invoiceitem"
	}
	if l.Item != "" {
		o["subscription_item"] = l.Item
	}
	if l.InvoiceItem != "" {
		o["invoice_item"] = l.InvoiceItem
	}
	return o
}

// pricing is how basil tells the price.
func pricing(l state.InvoiceLine, p *state.Price, currency string) wire.Object {
	return wire.Object{"type": "price_details", "price_details": wire.Object{"price": p.ID, "product": p.Product}, "unit_amount_decimal": p.In(currency).UnitAmountDecimal()}
}

func prorationDetails(l state.InvoiceLine) wire.Object {
	if l.CreditsInvoice == "" {
		return wire.Object{"credited_items": nil}
	}
	return wire.Object{"credited_items": wire.Object{"invoice": l.CreditsInvoice, "invoice_line_items": l.Credits}}
}

// lineParent is where the line comes from, as it is told since basil.
func lineParent(l state.InvoiceLine, subscription string) wire.Object {
	from := wire.Object{"invoice_item": wire.OrNull(l.InvoiceItem), "proration": l.Proration, "proration_details": prorationDetails(l),
		"subscription": wire.OrNull(subscription)}
	if l.Item == "" {
		return wire.Object{"type": "invoice_item_details", "invoice_item_details": from, "subscription_item_details": nil}
	}
	from["subscription_item"] = l.Item
	return wire.Object{"type": "subscription_item_details", "subscription_item_details": from, "invoice_item_details": nil}
}
