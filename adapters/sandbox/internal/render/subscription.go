package render

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

func (r *Renderer) Subscription(sub *state.Subscription) wire.Object {
	start, end := sub.Period()
	items := r.SubscriptionItems(sub, sub.Items)
	method := "charge_automatically"
	if sub.DaysUntilDue > 0 {
		method = "send_invoice"
	}
	saves := "off"
	if sub.SaveMethod {
		saves = "on_subscription"
	}
	missing := sub.MissingPaymentMethod
	if missing == "" {
		missing = "create_invoice"
	}
	return wire.Object{
		"id": sub.ID, "object": "subscription", "application": nil, "application_fee_percent": nil,
		"automatic_tax":        wire.Object{"enabled": sub.AutomaticTax, "liability": nil},
		"billing_cycle_anchor": sub.Anchor, "billing_cycle_anchor_config": nil,
		"billing_mode": wire.Object{"type": sub.BillingMode()}, "billing_schedules": []wire.Object{}, "billing_thresholds": nil,
		"cancel_at": wire.OrNull(sub.CancelAt), "cancel_at_period_end": sub.CancelAtPeriodEnd, "canceled_at": wire.OrNull(sub.CanceledAt),
		"cancellation_details": wire.Object{"comment": wire.OrNull(sub.CancelComment), "feedback": wire.OrNull(sub.CancelFeedback), "reason": wire.OrNull(sub.CancelReason)},
		"collection_method":    method, "created": sub.Created, "currency": sub.Currency,
		"current_period_end": end, "current_period_start": start, "customer": sub.Customer,
		"days_until_due": wire.OrNull(sub.DaysUntilDue), "default_payment_method": wire.OrNull(sub.DefaultMethod), "default_source": nil, "default_tax_rates": []wire.Object{},
		"description": wire.OrNull(sub.Description), "discount": r.discountOrNull(sub.Discount), "discounts": sub.Discount.IDs(), "ended_at": wire.OrNull(sub.EndedAt),
		"invoice_settings": wire.Object{"account_tax_ids": nil, "issuer": wire.Object{"type": "self"}},
		"items":            wire.ListOf(items, false, "/v1/subscription_items?subscription="+sub.ID),
		"latest_invoice":   wire.OrNull(sub.LatestInvoice), "livemode": false, "metadata": wire.MetadataObject(sub.Metadata),
		"next_pending_invoice_item_invoice": nil, "on_behalf_of": nil, "pause_collection": pauseCollection(sub),
		"payment_settings":              wire.Object{"payment_method_options": nil, "payment_method_types": nil, "save_default_payment_method": saves},
		"pending_invoice_item_interval": nil, "pending_setup_intent": wire.OrNull(sub.PendingSetup), "pending_update": r.pendingUpdate(sub), "schedule": wire.OrNull(sub.Schedule),
		"start_date": sub.Created, "status": sub.Status, "test_clock": r.testClockOf(sub.Customer), "transfer_data": nil,
		"trial_end": wire.OrNull(sub.TrialEnd), "trial_settings": wire.Object{"end_behavior": wire.Object{"missing_payment_method": missing}},
		"trial_start": wire.OrNull(sub.TrialStart),
	}
}

func (r *Renderer) pendingUpdate(sub *state.Subscription) any {
	u := sub.Update
	if u == nil {
		return nil
	}
	var anchor any
	if u.Change.Anchor != sub.Anchor {
		anchor = u.Change.Anchor
	}
	return wire.Object{
		"billing_cycle_anchor": anchor, "expires_at": u.ExpiresAt, "subscription_items": r.SubscriptionItems(sub, u.Change.Items),
		"trial_end": nil, "trial_from_plan": nil,
	}
}

func pauseCollection(sub *state.Subscription) any {
	if sub.PauseBehavior == "" {
		return nil
	}
	return wire.Object{"behavior": sub.PauseBehavior, "resumes_at": wire.OrNull(sub.PauseResumesAt)}
}
