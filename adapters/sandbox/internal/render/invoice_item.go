package render

import (
	"strconv"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

func (r *Renderer) InvoiceItem(it *state.InvoiceItem) wire.Object {
	l := r.BilledLine(it)
	p := r.Prices.Get(l.Price)
	var parent any
	if it.Subscription != "" {
		parent = wire.Object{"type": "subscription_details", "subscription_details": wire.Object{"subscription": it.Subscription}}
	}
	var unit, decimal any
	switch {
	case l.Proration && l.Quantity == 1:
		unit, decimal = l.Amount, strconv.FormatInt(l.Amount, 10)
	case !l.Proration && len(p.Tiers) == 0:
		unit, decimal = p.In(it.Currency).UnitAmount, p.In(it.Currency).UnitAmountDecimal()
	}
	o := wire.Object{
		"id": it.ID, "object": "invoiceitem", "amount": l.Amount, "currency": it.Currency, "customer": it.Customer, "date": it.Created,
		"description": wire.OrNull(l.Description), "discountable": !l.Proration, "discounts": []string{}, "invoice": wire.OrNull(it.Invoice), "livemode": false,
		"metadata": wire.MetadataObject(l.Metadata), "net_amount": l.Amount, "parent": parent, "period": wire.Object{"start": l.Start, "end": l.End},
		"price": r.Price(p), "pricing": pricing(*l, p, it.Currency), "proration": l.Proration, "quantity": l.Quantity, "quantity_decimal": strconv.FormatInt(l.Quantity, 10),
		"subscription": wire.OrNull(it.Subscription), "tax_rates": []wire.Object{}, "test_clock": nil,
		"unit_amount": unit, "unit_amount_decimal": decimal,
	}
	if l.Item != "" {
		o["subscription_item"] = l.Item
	}
	return o
}
