package domain

import (
	"cmp"
	"slices"
	"time"
)

// SubscribedStatus is how a subscription stands in the words of a product, for a page of
// its user.
type SubscribedStatus string

const (
	SubscribedIncomplete      SubscribedStatus = "incomplete"       // the first payment has not been made yet
	SubscribedAwaitingPayment SubscribedStatus = "awaiting_payment" // the first payment is on its way, which takes days
	SubscribedTrialing        SubscribedStatus = "trialing"
	SubscribedActive          SubscribedStatus = "active"
	SubscribedPastDue         SubscribedStatus = "past_due" // something is overdue, and is still collected
	SubscribedUnpaid          SubscribedStatus = "unpaid"   // something is overdue, and is no longer collected
	SubscribedPaused          SubscribedStatus = "paused"   // nothing is billed: its invoices are voided, or the trial is over and there is nothing to pay with
	SubscribedCanceled        SubscribedStatus = "canceled" // it has ended
)

// SubscribedStatuses lists every status.
var SubscribedStatuses = []SubscribedStatus{
	SubscribedIncomplete, SubscribedAwaitingPayment, SubscribedTrialing, SubscribedActive,
	SubscribedPastDue, SubscribedUnpaid, SubscribedPaused, SubscribedCanceled,
}

// Subscribed is a subscription as its user is shown it, at a moment.
type Subscribed struct {
	Subscription Subscription
	Status       SubscribedStatus
	Items        []SubscribedItem // the first is what the subscription is mainly to

	PeriodStart  time.Time // UTC; of the first item; zero: not told
	PeriodEnd    time.Time
	RenewsAt     time.Time // when Stripe bills the next period; zero: it does not
	CancelsAt    time.Time // the scheduled end; zero: none
	PastDueSince time.Time // since when the oldest of what is overdue is; zero: nothing is

	Pausable  bool // its user may pause it now, if nothing is planned for it and nothing metered is of it
	Resumable bool // its user may take back that it is paused

	Access      bool      // it gives something now
	AccessUntil time.Time // when it gives nothing any more, if nothing happens; zero: never, or it does not now
}

// SubscribedItem is an item through the catalog.
type SubscribedItem struct {
	Item
	Plan     PlanKey  // empty: the catalog does not say
	PriceKey PriceKey // empty: no price of the plan any more
	Addon    bool     // the plan is an add-on
}

// Live tells whether the subscription has not ended.
func (s Subscribed) Live() bool { return s.Status != SubscribedCanceled }

// SubscribedAt tells how the subscriptions of an account stand at a moment: those that have
// not ended first, then what gives something, then the last begun.
func SubscribedAt(a Account, c Catalog, t time.Time) []Subscribed {
	d := derive(a, c)
	defer d.free()
	standings := map[Source][]Standing{}
	for _, s := range d.stand() {
		standings[s.Source] = append(standings[s.Source], s)
	}
	var all []Subscribed
	for n := range d.purchases {
		p := &d.purchases[n]
		if p.Source.Kind != SourceSubscription || p.Subscription.ignoredBy(c) {
			continue
		}
		s := Subscribed{Subscription: p.Subscription, Items: d.plans.subscribedItems(p.Subscription)}
		s.PastDueSince = p.pastDueSince(t)
		s.Status = p.subscribedStatus(!s.PastDueSince.IsZero())
		s.Access, s.AccessUntil = accessAt(standings[p.Source], t)
		s.Resumable = a.PausedByUser(p.Subscription, c)
		s.Pausable = s.Status == SubscribedActive && p.Subscription.Pause == PauseNone && p.Subscription.ScheduledEnd().IsZero() && a.Pausable(p.Subscription, c)
		s.setTimes()
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b Subscribed) int {
		return cmp.Or(
			compareBools(b.Live(), a.Live()), compareBools(b.Access, a.Access),
			b.Subscription.StartedAt.Compare(a.Subscription.StartedAt), cmp.Compare(a.Subscription.ID, b.Subscription.ID),
		)
	})
	return all
}

// subscribedItems are the items of a subscription. One of a plan with a group comes first,
// of which a user has one: others are added to it. Add-ons come after what they add to.
func (f *planFinder) subscribedItems(s Subscription) []SubscribedItem {
	rank := map[string]int{}
	var items []SubscribedItem
	for _, item := range s.Items {
		plan, mapped := f.planOf(item.Price, item.LookupKey)
		items = append(items, SubscribedItem{Item: item, Plan: plan.Key, PriceKey: plan.keyOf(item), Addon: plan.Addon()})
		switch {
		case plan.Addon():
			rank[item.ID] = 2
		case mapped && plan.Group != "":
			rank[item.ID] = 0
		case mapped:
			rank[item.ID] = 1
		default:
			rank[item.ID] = 3
		}
	}
	slices.SortStableFunc(items, func(a, b SubscribedItem) int { return cmp.Compare(rank[a.ID], rank[b.ID]) })
	return items
}

// keyOf is which of the plan's prices an item has; empty: none of them any more.
func (p *Plan) keyOf(item Item) PriceKey {
	for _, price := range p.Prices {
		if price.ID != "" && price.ID == item.Price || price.ID == "" && price.LookupKey != "" && price.LookupKey == item.LookupKey {
			return price.Key
		}
	}
	return ""
}

func (p *Purchase) subscribedStatus(overdue bool) SubscribedStatus {
	s := &p.Subscription
	switch status, _ := s.Status.row(); {
	case status.Terminal || p.CustomerDeleted:
		return SubscribedCanceled
	case s.Status == StatusIncomplete:
		return SubscribedIncomplete
	case s.Status == StatusPaused:
		return SubscribedPaused
	case s.Status == StatusUnpaid:
		return SubscribedUnpaid
	case s.Status == StatusTrialing:
		return SubscribedTrialing
	case p.checkoutUnpaid():
		return SubscribedAwaitingPayment
	case overdue:
		return SubscribedPastDue
	case s.Pause == PauseVoid:
		return SubscribedPaused
	default:
		return SubscribedActive
	}
}

// pastDueSince is since when something of a subscription is overdue at a moment; zero:
// nothing is. If the status says so and no invoice was told of, it is the current period.
func (p *Purchase) pastDueSince(t time.Time) time.Time {
	var since time.Time
	for _, bill := range p.owed() {
		collected := p.Subscription.Status == StatusActive && bill.Invoice.ID == p.Subscription.LatestInvoice
		if due := bill.Invoice.dueAt(); !collected && !due.After(t) {
			since = earlier(since, due)
		}
	}
	if since.IsZero() && p.saysOwed() {
		return p.Subscription.PeriodStart()
	}
	return since
}

// accessAt tells whether standings give something at a moment, and until when without a gap.
func accessAt(standings []Standing, t time.Time) (gives bool, until time.Time) {
	spans := make([]interval, 0, len(standings))
	for _, s := range standings {
		if s.Gives && s.Quantity > 0 {
			spans = append(spans, interval{s.Since, s.Until}.closed())
		}
	}
	slices.SortFunc(spans, func(a, b interval) int { return a.from.Compare(b.from) })
	end := t
	for _, span := range spans {
		if !span.from.Add(-ClockTolerance).After(end) && span.until.After(end) {
			end = span.until
		}
	}
	if !end.After(t) {
		return false, time.Time{}
	}
	return true, interval{until: end}.open().until
}

// setTimes sets when what is known of a subscription happens next.
func (s *Subscribed) setTimes() {
	if len(s.Items) > 0 {
		s.PeriodStart, s.PeriodEnd = s.Items[0].PeriodStart, s.Items[0].PeriodEnd
	}
	if !s.Live() {
		return
	}
	s.CancelsAt = s.Subscription.ScheduledEnd()
	billed := []SubscribedStatus{SubscribedTrialing, SubscribedActive, SubscribedPastDue, SubscribedAwaitingPayment}
	if slices.Contains(billed, s.Status) && (s.CancelsAt.IsZero() || s.PeriodEnd.Before(s.CancelsAt)) {
		s.RenewsAt = s.PeriodEnd
	}
}
