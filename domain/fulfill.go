package domain

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Record joins a fact into the account that it is about. The account given is
// left as it is. Facts commute: any order and any number of repetitions of the
// same facts ends in the same account. (The verdict is about this one step, so
// it does depend on the order: of two equal facts the second is unchanged.)
func Record(a Account, f Fact, c Catalog) (Account, Verdict) {
	after, verdict := f.record(a.Clone(), c)
	if verdict.Outcome != "" {
		return after, verdict
	}
	if a.same(after) {
		return after, Verdict{Outcome: OutcomeUnchanged}
	}
	return after, Verdict{Outcome: OutcomeApplied}
}

func ignored(format string, args ...any) Verdict {
	return Verdict{OutcomeIgnored, fmt.Sprintf(format, args...)}
}

func quarantined(format string, args ...any) Verdict {
	return Verdict{OutcomeQuarantined, fmt.Sprintf(format, args...)}
}

// strangerTo tells whether an object belongs to another customer than the one we
// made for the account: whatever its metadata claims, it is not this user's.
func (a Account) strangerTo(customer CustomerID) bool {
	return customer == "" || customer != a.Customer && !slices.Contains(a.FormerCustomers, customer)
}

func (s SessionFact) record(a Account, c Catalog) (Account, Verdict) {
	if !isOrderEvent(s.Type) {
		return a, ignored("events of type %s say nothing about an order", s.Type)
	}
	if a.strangerTo(s.Customer) {
		return a, ignored("session %s is of customer %q, not of ours", s.ID, s.Customer)
	}
	order, found := a.orderOf(s)
	if !found {
		return a, ignored("session %s is not of an order of ours", s.ID)
	}
	order = order.apply(s)
	a.Orders[order.ID] = order
	if s.paid() && order.Mode == ModePayment && s.PaymentIntent != "" {
		a.keep(Payment{
			ID: string(s.PaymentIntent), Order: order.ID, PaymentIntent: s.PaymentIntent,
			Status: PaymentPaid, Amount: s.Amount, Currency: s.Currency,
		})
	}
	if _, known := c.Plans[order.Plan]; !known && order.Status == OrderPaid {
		return a, quarantined("order %s is for plan %q, which the catalog does not have: add it, and start again", order.ID, order.Plan)
	}
	return a, Verdict{}
}

func (s SubscriptionFact) record(a Account, c Catalog) (Account, Verdict) {
	rule, known := subscriptionEvent(s.Type)
	if !known {
		return a, ignored("events of type %s say nothing that a subscription's other events do not say", s.Type)
	}
	snapshot := s.Snapshot
	if a.strangerTo(snapshot.Customer) {
		return a, ignored("subscription %s is of customer %q, not of ours", snapshot.ID, snapshot.Customer)
	}
	if accessRow(snapshot.Status) < 0 {
		return a, quarantined("subscription %s has status %q, which no rule knows: the last known state stays until a newer program is sent the event again", snapshot.ID, snapshot.Status)
	}
	snapshot.SeenAt, snapshot.Precedence = s.At, rule.Precedence
	if held, have := a.Subscriptions[snapshot.ID]; !have || compareSnapshots(snapshot, held) > 0 {
		a.Subscriptions[snapshot.ID] = snapshot
	}
	for _, item := range snapshot.Items {
		if _, mapped := a.planOf(item, c); !mapped {
			return a, quarantined("subscription %s has price %s, which the catalog does not map to a plan: add it, and start again", snapshot.ID, item.Price)
		}
	}
	return a, Verdict{}
}

func (i InvoiceFact) record(a Account, _ Catalog) (Account, Verdict) {
	rule, known := invoiceEvent(i.Type)
	if !known {
		return a, ignored("events of type %s say nothing about a payment", i.Type)
	}
	if i.Subscription == "" {
		return a, ignored("invoice %s is not for a subscription", i.ID)
	}
	if a.strangerTo(i.Customer) {
		return a, ignored("invoice %s is of customer %q, not of ours", i.ID, i.Customer)
	}
	a.keep(Payment{
		ID: string(i.ID), Subscription: i.Subscription, PaymentIntent: i.PaymentIntent,
		Status: rule.Status, Amount: i.Amount, Currency: i.Currency,
		PeriodStart: i.PeriodStart, PeriodEnd: i.PeriodEnd,
	})
	return a, Verdict{}
}

// keep joins a payment into the account, which must be the caller's own.
func (a Account) keep(p Payment) {
	if held, have := a.Payments[p.ID]; have {
		p = held.join(p)
	}
	a.Payments[p.ID] = p
}

// Entitlements derives what an account's purchases give, sorted by feature and
// source. It needs no clock: rights that end by themselves carry an Until, and
// readers compare it with their own time.
func Entitlements(a Account, c Catalog) []Entitlement {
	var all []Entitlement
	for _, o := range a.Orders {
		all = append(all, orderEntitlements(o, c)...)
	}
	for _, s := range a.Subscriptions {
		all = append(all, subscriptionEntitlements(a, s, c)...)
	}
	slices.SortFunc(all, CompareEntitlements)
	return all
}

// orderEntitlements is what a one-time purchase gives. What a subscription order
// bought is given by its subscription.
func orderEntitlements(o Order, c Catalog) []Entitlement {
	if o.Mode != ModePayment || o.Status != OrderPaid {
		return nil
	}
	var until time.Time
	plan := c.Plans[o.Plan]
	if plan.ValidFor > 0 {
		until = o.PaidAt.Add(plan.ValidFor)
	}
	return grant(plan, o.Quantity, c, Source{SourceOrder, string(o.ID)}, o.PaidAt, until)
}

// subscriptionEntitlements is what the current items of a subscription give, each
// through the plan that its price belongs to: an upgrade at Stripe is one here.
func subscriptionEntitlements(a Account, s Subscription, c Catalog) []Entitlement {
	if s.Status.access() == AccessNone || a.checkoutUnpaid(s) {
		return nil
	}
	byFeature := map[FeatureKey]Entitlement{}
	for _, item := range s.Items {
		plan, mapped := a.planOf(item, c)
		if !mapped {
			continue
		}
		source := Source{SourceSubscription, string(s.ID)}
		for _, e := range grant(plan, item.Quantity, c, source, s.StartedAt, a.accessUntil(s, plan)) {
			if other, twice := byFeature[e.Feature]; twice {
				e = mergeItems(other, e, c.Features[e.Feature].Merge)
			}
			byFeature[e.Feature] = e
		}
	}
	var all []Entitlement
	for _, e := range byFeature {
		all = append(all, e)
	}
	return all
}

// mergeItems joins what two items of one subscription give of one feature.
func mergeItems(a, b Entitlement, rule MergeRule) Entitlement {
	a.Value = mergeValues(a.Value, b.Value, rule)
	a.Plan = min(a.Plan, b.Plan)
	a.Until = laterEnd(a.Until, b.Until)
	return a
}

// grant is what so many units of a plan give from one source.
func grant(p Plan, quantity int64, c Catalog, source Source, since, until time.Time) []Entitlement {
	all := make([]Entitlement, 0, len(p.Grants))
	for feature, value := range p.Grants {
		if c.Features[feature].PerUnit && value.Limit != Unlimited {
			value.Limit = saturatingMultiply(value.Limit, max(quantity, 1))
		}
		all = append(all, Entitlement{
			Feature: feature, Source: source, Plan: p.Key, Value: value, Since: since, Until: until,
		})
	}
	return all
}

// accessUntil is when the access that a status gives ends by itself; zero: it
// does not. A renewal that we are never told of thus fails closed, though late.
func (a Account) accessUntil(s Subscription, p Plan) time.Time {
	var end time.Time
	switch {
	case s.Status.access() == AccessGrace:
		if since := a.unpaidSince(s); !since.IsZero() {
			end = since.Add(p.Grace)
		}
	case !s.PeriodEnd.IsZero():
		end = s.PeriodEnd.Add(p.Leeway)
	}
	return earlier(end, s.scheduledEnd())
}

// unpaidSince is the start of the period that is not paid for: the end of the last
// paid one, if we know of it. Stripe moves the current period on before the money
// is there, and on again while a subscription stays past due; and a subscription
// whose year is paid can be past due for a small invoice in between.
func (a Account) unpaidSince(s Subscription) time.Time {
	if through := a.paidThrough(s.ID); !through.IsZero() {
		return through
	}
	return s.PeriodStart
}

// paidThrough is the end of the last period that was paid for; zero: not known.
func (a Account) paidThrough(id SubscriptionID) time.Time {
	var through time.Time
	for _, p := range a.Payments {
		if p.Subscription == id && p.Status == PaymentPaid {
			through = later(through, p.PeriodEnd)
		}
	}
	return through
}

// checkoutUnpaid tells whether the subscription comes from a checkout of which we
// have not heard that it was paid: with a bank debit and the like Stripe calls a
// subscription active days before the money comes. A trial needs no money, and a
// paid invoice is as good as the checkout's own word.
func (a Account) checkoutUnpaid(s Subscription) bool {
	if s.Status == StatusTrialing {
		return false
	}
	unpaid := false
	for _, o := range a.Orders {
		linked := o.Subscription == s.ID || o.ID == s.Order
		unpaid = unpaid || linked && o.Status != OrderPaid
	}
	for _, p := range a.Payments {
		settled := p.Subscription == s.ID && p.Status == PaymentPaid && p.Amount > 0
		unpaid = unpaid && !settled
	}
	return unpaid
}

func saturatingAdd(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

func saturatingMultiply(a, b int64) int64 {
	if a != 0 && b > math.MaxInt64/a {
		return math.MaxInt64
	}
	return a * b
}
