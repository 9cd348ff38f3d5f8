package render

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

func (r *Renderer) SubscriptionItems(sub *state.Subscription, items []state.SubscriptionItem) []wire.Object {
	out := []wire.Object{}
	for _, it := range items {
		p := r.Prices.Get(it.Price)
		o := wire.Object{
			"id": it.ID, "object": "subscription_item", "billing_thresholds": nil, "created": it.Created,
			"current_period_end": it.End, "current_period_start": it.Start, "discounts": []wire.Object{},
			"metadata": wire.MetadataObject(it.Metadata), "price": r.Price(p),
			"subscription": sub.ID, "tax_rates": []wire.Object{},
		}
		if !p.Metered() {
			o["quantity"] = it.Quantity
		}
		out = append(out, o)
	}
	return out
}

// Item is an item that the subscription has.
func (r *Renderer) Item(sub *state.Subscription, id string) wire.Object {
	return r.SubscriptionItems(sub, sub.Items)[state.IndexOfItem(sub.Items, id)]
}
