package domain

import (
	"cmp"
	"slices"
	"time"
)

// Expectation is news that is due: silence is not a no. If nothing newer was told by
// then, Stripe is asked.
type Expectation struct {
	Subject Ref // of a kind of its own: [RefRenewal], [RefCompletion], [RefCollection]
	Due     time.Time
}

// How long after news should have come it is asked for.
const (
	// renewalDue: Stripe tells a renewal at once, and finalizes its invoice an hour later.
	renewalDue = 2 * time.Hour
	// incompleteDue: Stripe ends a subscription whose first payment fails after 23 hours.
	incompleteDue = 25 * time.Hour
	// otherHalfDue: of a subscription and its invoices one says what the other has not said
	// yet, and is about to be told, in whatever order.
	otherHalfDue = time.Minute
	// completionDue: a checkout that expires says so at once.
	completionDue = time.Hour
	// delayedDue: a bank debit takes days.
	delayedDue = 10 * day
	// collectionDue: most invoices that are declined are paid within days, and that is
	// told.
	collectionDue = 5 * day
	// collectionEnd: Stripe tries for two months at most.
	collectionEnd = 62 * day
)

// Expectations are the news that are due of an account's purchases, sorted. Each is of
// another subject. They follow from the facts alone: newer facts answer them.
func (a Account) Expectations() []Expectation {
	var all []Expectation
	expect := func(kind RefKind, id string, due time.Time) {
		if !due.IsZero() && id != "" {
			all = append(all, Expectation{Ref{kind, id}, due})
		}
	}
	d := derive(a, Catalog{})
	defer d.free()
	for n := range d.purchases {
		p := &d.purchases[n]
		if p.Subscription.ID != "" {
			expect(RefRenewal, string(p.Subscription.ID), p.renewalDue())
		}
	}
	for subscription, told := range a.untoldSubscriptions() {
		expect(RefRenewal, string(subscription), told.Add(otherHalfDue))
	}
	for _, i := range a.Invoices {
		expect(RefCollection, string(i.ID), i.collectionDue())
	}
	for _, o := range a.Orders {
		_, come := a.Subscriptions[o.Subscription]
		expect(RefCompletion, string(o.ID), o.completionDue(come))
	}
	slices.SortFunc(all, func(a, b Expectation) int {
		return cmp.Or(cmp.Compare(a.Subject.Kind, b.Subject.Kind), cmp.Compare(a.Subject.ID, b.Subject.ID))
	})
	return all
}

// untoldSubscriptions are those of which nothing was told but invoices, and since when.
func (a *Account) untoldSubscriptions() map[SubscriptionID]time.Time {
	if len(a.DeletedCustomers) > 0 && (a.Customer == "" || a.isDeleted(a.Customer)) {
		return nil // Stripe has ended them
	}
	var untold map[SubscriptionID]time.Time
	for _, i := range a.Invoices {
		if _, told := a.Subscriptions[i.Subscription]; told || i.Subscription == "" || i.FirstSeenAt.IsZero() {
			continue
		}
		if untold == nil {
			untold = map[SubscriptionID]time.Time{}
		}
		untold[i.Subscription] = earlier(untold[i.Subscription], i.FirstSeenAt)
	}
	return untold
}

// renewalDue is when the next news of a subscription is due; zero: none is.
func (p *Purchase) renewalDue() time.Time {
	s := p.Subscription
	status, _ := s.Status.row()
	if status.Terminal || p.CustomerDeleted {
		return time.Time{}
	}
	if paid := p.paidUnheard(); !paid.IsZero() {
		return paid.Add(otherHalfDue)
	}
	if s.Status == StatusPaused {
		return time.Time{}
	}
	if s.Status == StatusIncomplete {
		return again(s.StartedAt.Add(incompleteDue), s.SeenAt, incompleteDue)
	}
	// The period of an item that ends first is the first to be renewed; of an invoice for
	// the next one we may have heard before.
	var end time.Time
	for _, item := range s.Items {
		before, _ := p.Past.of(item.ID)
		through := later(item.PeriodEnd, before.Through)
		for _, bill := range p.Bills {
			for _, line := range bill.Invoice.Lines {
				if line.Kind == LineCycle && line.Item == item.ID && line.Item != "" {
					through = later(through, line.Until)
				}
			}
		}
		if item.Quantity > 0 {
			end = earlier(end, through)
		}
	}
	end = earlier(end, s.ScheduledEnd())
	if end.IsZero() {
		return time.Time{}
	}
	period := max(end.Sub(s.PeriodStart()), day)
	due := again(end.Add(renewalDue), s.SeenAt, period)
	if soon := s.SeenAt.Add(otherHalfDue); p.moneyUnknown() && !s.fetched() && soon.Before(due) {
		return soon
	}
	return due
}

// paidUnheard is since when an invoice, or the checkout, is paid of a subscription that gives
// nothing before one is, and no snapshot has said what came of it; zero: none is.
func (p *Purchase) paidUnheard() time.Time {
	s := &p.Subscription
	var since time.Time
	if s.Status != StatusIncomplete && s.Status != StatusPaused {
		return since
	}
	paid := func(at time.Time) {
		if at.After(s.SeenAt) || at.Equal(s.SeenAt) && !s.fetched() {
			since = earlier(since, at)
		}
	}
	for _, bill := range p.Bills {
		if bill.Invoice.settled() {
			paid(bill.Invoice.SeenAt)
		}
	}
	for _, order := range p.Orders {
		if order.Status == OrderPaid {
			paid(order.PaidAt)
		}
	}
	return since
}

// moneyUnknown tells whether something is owed, by the status, and invoices that would
// say what, or what was paid for, were not told.
func (p *Purchase) moneyUnknown() bool {
	if !p.saysOwed() {
		return false
	}
	if len(p.owed()) == 0 {
		return true
	}
	for n := range p.Subscription.Items {
		item := &p.Subscription.Items[n]
		before, _ := p.Past.of(item.ID)
		told := item.Quantity == 0 || slices.ContainsFunc(before.Billed, func(s Span) bool {
			return s.From.Before(item.PeriodEnd) && item.PeriodStart.Before(s.Until)
		})
		changed := !p.changeUnpaidUntil(item, item.PeriodStart).IsZero()
		for _, bill := range p.Bills {
			told = told || bill.Invoice.has(func(l *Line) bool {
				// While a change is owed, only its own line tells what was paid for before.
				says := !changed || bill.Invoice.settled() && !l.unknown()
				return says && l.about(item) && l.From.Before(item.PeriodEnd) && item.PeriodStart.Before(l.Until)
			})
		}
		if !told {
			return true
		}
	}
	return false
}

// again is when to ask for news that is due: if Stripe was asked since, and said the
// same, some time after that.
func again(due, seen time.Time, pause time.Duration) time.Time {
	if seen.Before(due) {
		return due
	}
	return seen.Add(pause)
}

// collectionDue is when news of an invoice that is owed is due; zero: none is.
func (i Invoice) collectionDue() time.Time {
	since := i.dueAt()
	if i.Status != InvoiceOpen || since.IsZero() || i.SeenAt.After(since.Add(collectionEnd)) {
		return time.Time{}
	}
	return again(since.Add(collectionDue), i.SeenAt, collectionDue)
}

// completionDue is when news of an order is due; zero: none is. come: its subscription
// was told of.
func (o Order) completionDue(come bool) time.Time {
	switch {
	case o.Session == "":
		return time.Time{} // there is nothing to ask about
	case o.Status == OrderPending, o.Status == OrderOpen:
		return o.ExpiresAt.Add(completionDue)
	case o.Status == OrderAwaitingPayment:
		return o.ExpiresAt.Add(delayedDue)
	case o.Status == OrderPaid && o.Mode == ModeSubscription && !come:
		return o.PaidAt.Add(completionDue)
	default:
		return time.Time{}
	}
}
