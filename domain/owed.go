package domain

import (
	"slices"
	"time"
)

// This file tells which invoices of a subscription are owed.

// unpaid tells whether an invoice is open or was given up: what it took back, nobody got
// anything for.
func (b *Bill) unpaid() bool {
	return b.Invoice.Status == InvoiceOpen || b.Invoice.Status == InvoiceUncollectible
}

// saysOwed tells whether the status says that something is owed.
func (p *Purchase) saysOwed() bool {
	return p.Subscription.Status == StatusPastDue || p.Subscription.Status == StatusUnpaid
}

// owed are the invoices that are open; if there are none, and the status says that
// something is owed, those that were given up.
func (p *Purchase) owed() []*Bill {
	if open := p.billsThat(InvoiceOpen); len(open) > 0 || !p.saysOwed() {
		return open
	}
	return p.billsThat(InvoiceUncollectible)
}

// billsThat are the invoices with a status.
func (p *Purchase) billsThat(are InvoiceStatus) []*Bill {
	var all []*Bill
	for _, bill := range p.Bills {
		if bill.Invoice.Status == are {
			all = append(all, bill)
		}
	}
	return all
}

// owedFor are the invoices that an item may not be given for: those that are owed, and of
// an active subscription those of a change of the item that were given up. Stripe calls a
// subscription active whose newest invoice is a bad debt, or which paid for something else
// since, and the change stands. (What is given up because collection is paused is meant to
// be given.) That ends with the item's period, whenever the next one is told of.
func (l *ledger) owedFor(item *Item) []*Bill {
	s := &l.Subscription
	if s.Status != StatusActive || s.Pause == PauseUncollectible {
		return l.owed
	}
	all := l.owed
	for _, bill := range l.Bills {
		if bill.Invoice.Status == InvoiceUncollectible && bill.changes(item, item.PeriodStart) {
			all = append(slices.Clip(all), bill)
		}
	}
	return all
}

// changes tells whether an invoice is for a change of an item, or for adding it, and what
// it is for ends after a time.
func (b *Bill) changes(item *Item, after time.Time) bool {
	return b.Invoice.has(func(l *Line) bool {
		return (l.Kind == LineChange || l.Kind == LineCredit) && l.about(item) && l.Until.After(after) && b.Invoice.costs(l)
	})
}
