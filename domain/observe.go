package domain

import (
	"slices"
	"time"
)

// itemObservations are what the decision table of subscription items looks at: each
// is computed here, once.
type itemObservations struct {
	options   []AccessOption
	customer  CustomerState
	status    SubscriptionStatus
	checkout  CheckoutState
	collected Collection
	overdue   Overdue
	change    ChangeState
	paid      Times
	paidYears int

	since time.Time // since when something is overdue
}

const (
	day  = 24 * time.Hour
	year = 365 * day
)

func (l *ledger) observe(item *Item, plan *Plan, c *coverage) itemObservations {
	s := &l.Subscription
	o := itemObservations{
		options: plan.Policy.Access, status: s.Status, collected: Collection(s.Pause),
		paid: PaidAgain, paidYears: int(c.lasted / year),
	}
	if l.CustomerDeleted {
		o.customer = CustomerDeleted
	}
	if l.checkoutUnpaid() {
		o.checkout = CheckoutUnpaid
	}
	switch c.times {
	case 0:
		o.paid = PaidNever
	case 1:
		o.paid = PaidOnce
	}
	if l.changedOnCredit(item, c.horizon) {
		o.change = ChangeUnpaid
	}
	o.overdue, o.since = l.overdue(item, c)
	return o
}

// changedOnCredit tells whether an invoice that is not paid is for a change of the item,
// or for adding it.
func (l *ledger) changedOnCredit(item *Item, horizon time.Time) bool {
	return slices.ContainsFunc(l.Bills, func(b *Bill) bool { return b.unpaid() && b.changes(item, horizon) })
}

// checkoutUnpaid tells whether the subscription comes from a checkout, and neither the
// checkout nor an invoice was paid. That an invoice is over nothing is as good.
func (p *Purchase) checkoutUnpaid() bool {
	unpaid := false
	for _, o := range p.Orders {
		unpaid = unpaid || o.Status != OrderPaid && p.Past.none()
	}
	for _, bill := range p.Bills {
		unpaid = unpaid && !bill.Invoice.settled()
	}
	return unpaid
}

// overdue tells since when something is owed for an item. If the status says that
// something is, and no invoice was told of, it is what the current period costs.
func (l *ledger) overdue(item *Item, c *coverage) (Overdue, time.Time) {
	if l.saysOwed() && len(l.owed) == 0 {
		return IsOverdue, item.PeriodStart
	}
	var since time.Time
	for _, bill := range c.open {
		collected := bill.Invoice.Status == InvoiceOpen && bill.Invoice.ID == l.Subscription.LatestInvoice
		if l.Subscription.Status == StatusActive && collected {
			continue // the status is about this one
		}
		since = earlier(since, bill.Invoice.dueAt())
	}
	if since.IsZero() {
		return NotOverdue, since
	}
	return IsOverdue, since
}

// decideAccess finds the first row of [AccessRules] that fits, and says it.
func decideAccess(o *itemObservations) (*AccessRule, string) {
	for n := range AccessRules {
		if AccessRules[n].fits(o) {
			return &AccessRules[n], accessSays[n]
		}
	}
	return &AccessRule{Gives: BasisNothing}, "no row fits"
}

func (r *AccessRule) fits(o *itemObservations) bool {
	return (r.Status == "" || r.Status == o.status) && // most rows are about one
		(r.Option == "" || slices.Contains(o.options, r.Option)) &&
		(r.Customer == "" || r.Customer == o.customer) &&
		(r.Checkout == "" || r.Checkout == o.checkout) &&
		(r.Collected == "" || r.Collected == o.collected) &&
		(r.Overdue == "" || r.Overdue == o.overdue) &&
		(r.Change == "" || r.Change == o.change) &&
		(r.Paid == "" || r.Paid == o.paid) &&
		o.paidYears >= r.PaidYears
}
