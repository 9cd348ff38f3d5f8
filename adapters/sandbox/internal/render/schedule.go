package render

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

func (r *Renderer) Schedule(sch *state.Schedule) wire.Object {
	sub := r.Subscriptions.Get(sch.Subscription)
	method := "charge_automatically"
	if sub.DaysUntilDue > 0 {
		method = "send_invoice"
	}
	phases := []wire.Object{}
	var current any
	for i, ph := range sch.Phases {
		items := ph.Items
		if sch.Active() && i == sch.Phase {
			items = sub.Items
			current = wire.Object{"start_date": ph.Start, "end_date": ph.End}
		}
		phases = append(phases, r.phase(sub, ph, items))
	}
	var runs, released any = sch.Subscription, nil
	if sch.Status == "released" {
		runs, released = nil, sch.Subscription
	}
	return wire.Object{
		"id": sch.ID, "object": "subscription_schedule", "application": nil, "billing_mode": wire.Object{"type": sub.BillingMode()},
		"canceled_at": wire.OrNull(sch.CanceledAt), "completed_at": wire.OrNull(sch.CompletedAt), "created": sch.Created, "current_phase": current,
		"customer": sch.Customer,
		"default_settings": wire.Object{
			"application_fee_percent": nil, "automatic_tax": wire.Object{"enabled": sub.AutomaticTax, "liability": nil}, "billing_cycle_anchor": "automatic",
			"billing_thresholds": nil, "collection_method": method, "default_payment_method": wire.OrNull(sub.DefaultMethod), "description": wire.OrNull(sub.Description),
			"invoice_settings": wire.Object{"account_tax_ids": nil, "days_until_due": wire.OrNull(sub.DaysUntilDue), "issuer": wire.Object{"type": "self"}},
			"on_behalf_of":     nil, "transfer_data": nil,
		},
		"end_behavior": sch.EndBehavior, "livemode": false, "metadata": wire.MetadataObject(sch.Metadata), "phases": phases,
		"released_at": wire.OrNull(sch.ReleasedAt), "released_subscription": released, "status": sch.Status, "subscription": runs, "test_clock": nil,
	}
}

func (r *Renderer) phase(sub *state.Subscription, ph state.Phase, items []state.SubscriptionItem) wire.Object {
	list := []wire.Object{}
	for _, it := range items {
		list = append(list, wire.Object{"billing_thresholds": nil, "discounts": []wire.Object{}, "metadata": wire.MetadataObject(it.Metadata), "price": it.Price,
			"quantity": it.Quantity, "tax_rates": []wire.Object{}})
	}
	return wire.Object{
		"add_invoice_items": []wire.Object{}, "application_fee_percent": nil, "billing_cycle_anchor": nil, "billing_thresholds": nil, "collection_method": nil,
		"coupon": nil, "currency": sub.Currency, "default_payment_method": nil, "default_tax_rates": []wire.Object{}, "description": nil, "discounts": []wire.Object{},
		"end_date": ph.End, "invoice_settings": nil, "items": list, "metadata": wire.MetadataObject(ph.Metadata), "on_behalf_of": nil,
		"proration_behavior": ph.Proration, "start_date": ph.Start, "transfer_data": nil, "trial_end": nil,
	}
}
