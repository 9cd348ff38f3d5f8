package stripetest

import (
	"time"

	"github.com/entitled-dev/entitled/domain"
)

func (p pen) subscription(f domain.SubscriptionFact) object {
	s := f.Snapshot
	o := object{
		{"id", string(s.ID)},
		{"object", "subscription"},
		{"automatic_tax", object{{"enabled", true}}},
		{"billing_cycle_anchor", s.StartedAt},
		{"cancel_at", s.CancelAt},
		{"cancel_at_period_end", s.CancelAtPeriodEnd},
		{"canceled_at", p.canceledAt(s)},
		{"collection_method", "charge_automatically"},
		{"created", p.createdAt(s)},
		{"customer", p.reference("customer", string(s.Customer))},
		{"default_payment_method", p.reference("payment_method", "pm_1")},
		{"ended_at", s.EndedAt},
		{"items", p.items(f)},
		{"latest_invoice", p.reference("invoice", string(s.LatestInvoice))},
		{"livemode", p.live},
		{"metadata", p.ours(s.Order)},
		{"pause_collection", pauseCollection(s)},
		{"pending_update", nil},
		{"schedule", nil},
		{"start_date", s.StartedAt},
		{"status", orNull(s.Status)},
		{"trial_end", s.TrialEnd},
		{"trial_start", nil},
	}
	if p.since(version2024) {
		o = append(o, member{"discounts", list{}})
	}
	if !p.since(basil) {
		o = append(o, member{"discount", nil}, member{"current_period_start", s.PeriodStart()}, member{"current_period_end", s.PeriodEnd()})
	}
	if p.since(clover) {
		o = append(o, member{"billing_mode", object{{"type", billing(s)}}})
	}
	if p.since(dahlia) {
		o = append(o, member{"customer_account", orNull(s.CustomerAccount)})
	}
	if p.since(endive) {
		o = append(o, member{"status_details", nil})
	}
	return o
}

func pauseCollection(s domain.Subscription) any {
	if s.Pause == domain.PauseNone {
		return nil
	}
	return object{{"behavior", string(s.Pause)}, {"resumes_at", nil}}
}

// billing is the mode that says a scheduled end as this snapshot does.
func billing(s domain.Subscription) string {
	if s.CancelAtPeriodEnd {
		return "classic"
	}
	return "flexible"
}

// canceledAt is when it was decided, which is not when it ends.
func (p pen) canceledAt(s domain.Subscription) time.Time {
	if s.CancelAtPeriodEnd || !s.CancelAt.IsZero() || !s.EndedAt.IsZero() {
		return p.about.at
	}
	return time.Time{}
}

// createdAt is later than the start of a subscription that was dated back.
func (p pen) createdAt(s domain.Subscription) time.Time {
	if !s.StartedAt.IsZero() && p.chance(2) {
		return p.about.at
	}
	return s.StartedAt
}

func (p pen) items(f domain.SubscriptionFact) object {
	s := f.Snapshot
	data := make(list, len(s.Items))
	for i, item := range s.Items {
		o := object{
			{"id", orNull(item.ID)},
			{"object", "subscription_item"},
			{"created", s.StartedAt},
			{"metadata", object{}},
			{"plan", object{{"id", string(item.Price)}, {"object", "plan"}, {"interval", "month"}}},
			{"price", object{
				{"id", string(item.Price)},
				{"object", "price"},
				{"currency", "usd"},
				{"lookup_key", orNull(item.LookupKey)},
				{"metadata", object{}},
				{"product", p.reference("product", item.Product)},
				{"recurring", object{{"interval", "month"}, {"usage_type", "licensed"}}},
				{"unit_amount", 900},
			}},
			{"quantity", p.quantity(item.Quantity)},
			{"subscription", string(s.ID)},
			{"tax_rates", list{}},
		}
		if p.since(basil) {
			o = append(o, member{"current_period_start", item.PeriodStart}, member{"current_period_end", item.PeriodEnd}, member{"discounts", list{}})
		}
		data[i] = o
	}
	return object{
		{"object", "list"}, {"data", p.shuffled(data)}, {"has_more", f.MoreItems},
		{"total_count", len(data)}, {"url", "/v1/subscription_items?subscription=" + string(s.ID)},
	}
}

// quantity is none for a metered price, of which there is one.
func (p pen) quantity(of int64) any {
	if of == 1 && p.chance(3) {
		return nil
	}
	return of
}

// subscriptionBefore is how it was one period earlier. Since basil an array that has
// changed is there as a whole.
func (p pen) subscriptionBefore(s domain.Subscription) object {
	start, end := earlier(s.PeriodStart(), 0, 1), s.PeriodStart()
	if !p.since(basil) {
		return object{{"status", "past_due"}, {"current_period_start", start}, {"current_period_end", end}}
	}
	return object{{"status", "past_due"}, {"items", object{{"object", "list"}, {"data", list{
		object{{"id", "si_before"}, {"object", "subscription_item"}, {"current_period_start", start}, {"current_period_end", end}, {"quantity", 9}},
	}}}}}
}
