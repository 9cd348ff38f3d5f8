package stripetest

import "github.com/entitled-dev/entitled/domain"

func (p pen) line(i domain.Invoice, l domain.Line) object {
	o := object{
		{"id", l.ID},
		{"object", "line_item"},
		{"amount", l.Amount},
		{"currency", orNull(i.Currency)},
		{"description", "1 × Pro"},
		{"metadata", object{}},
		{"period", object{{"start", l.From}, {"end", l.Until}}},
		{"quantity", p.quantity(l.Quantity)},
		{"subscription", orNull(i.Subscription)},
	}
	if p.since(dahlia) {
		o = append(o, member{"quantity_decimal", nil}, member{"subtotal", l.Amount})
	}
	if p.since(basil) {
		return append(o, member{"parent", p.lineParent(i, l)}, member{"pricing", p.pricing(l)})
	}
	kind := "invoiceitem"
	if l.Kind == domain.LineCycle || p.isProration(l) && p.chance(2) {
		kind = "subscription"
	}
	if l.Item != "" {
		o = append(o, member{"subscription_item", p.reference("subscription_item", l.Item)})
	}
	return append(o,
		member{"plan", nil},
		member{"price", p.linePrice(l)},
		member{"proration", p.isProration(l)},
		member{"type", kind},
	)
}

// isProration is true of what a change within a period is billed with. What an item
// gets back is from one, too.
func (p pen) isProration(l domain.Line) bool {
	return l.Kind == domain.LineChange || l.Kind == domain.LineCredit
}

// linePrice is a price until acacia: always the object, its product not.
func (p pen) linePrice(l domain.Line) any {
	if l.Price == "" && l.Product == "" {
		return nil
	}
	return object{
		{"id", orNull(l.Price)}, {"object", "price"}, {"currency", "usd"}, {"product", p.reference("product", l.Product)}, {"unit_amount", 900},
	}
}

// pricing is a price since basil.
func (p pen) pricing(l domain.Line) any {
	if l.Price == "" && l.Product == "" {
		return nil
	}
	return object{
		{"type", "price_details"},
		{"price_details", object{{"price", p.reference("price", string(l.Price))}, {"product", orNull(l.Product)}}},
		{"unit_amount_decimal", "900"},
	}
}

// lineParent is what a line is of, since basil: of a subscription's item or of one that
// was added to the invoice.
func (p pen) lineParent(i domain.Invoice, l domain.Line) any {
	added := l.Item == "" || l.Kind == domain.LineOneOff
	switch {
	case added && l.Kind == domain.LineCycle:
		return nil
	case added:
		return object{
			{"type", "invoice_item_details"},
			{"invoice_item_details", object{
				{"invoice_item", "ii_1"}, {"proration", p.isProration(l)}, {"subscription", orNull(i.Subscription)},
			}},
			{"subscription_item_details", nil},
		}
	default:
		return object{
			{"type", "subscription_item_details"},
			{"invoice_item_details", nil},
			{"subscription_item_details", object{
				{"invoice_item", nil},
				{"proration", p.isProration(l)},
				{"proration_details", object{{"credited_items", nil}}},
				{"subscription", orNull(i.Subscription)},
				{"subscription_item", l.Item},
			}},
		}
	}
}
