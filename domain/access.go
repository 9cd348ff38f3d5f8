package domain

import "time"

// This file is about the times of a subscription's access.

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
	if through := a.paidThrough(s); !through.IsZero() {
		return through
	}
	return s.PeriodStart
}

// paidThrough is the end of the last period that was paid for; zero: not known.
func (a Account) paidThrough(s Subscription) time.Time {
	var paid []Payment
	for _, p := range a.Payments {
		if p.Subscription == s.ID && p.Status == PaymentPaid {
			paid = append(paid, p)
		}
	}
	return lastEnd(paid, s)
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
		settled := p.Subscription == s.ID && p.Status == PaymentPaid && p.worth() > 0
		unpaid = unpaid && !settled
	}
	return unpaid
}
