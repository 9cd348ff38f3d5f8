package domain

import (
	"cmp"
	"time"
)

// PaymentStatus is how far a payment has come; it only moves forward.
type PaymentStatus string

const (
	PaymentFailed PaymentStatus = "failed" // the last attempt failed; Stripe may try again
	PaymentPaid   PaymentStatus = "paid"
)

// PaymentStatuses lists every status in the order of rank.
var PaymentStatuses = []PaymentStatus{PaymentFailed, PaymentPaid}

// Rank is the status's place in [PaymentStatuses]; -1 for none.
func (s PaymentStatus) Rank() int {
	for rank, status := range PaymentStatuses {
		if s == status {
			return rank
		}
	}
	return -1
}

// Payment is the money for one purchase or one period of it: an invoice of a
// subscription, or the payment intent of a one-time order.
type Payment struct {
	ID           string // in_... or pi_...
	Order        OrderID
	Subscription SubscriptionID
	Status       PaymentStatus
	Amount       int64  // minor currency units
	Total        int64  // of an invoice: with what a credit of the customer settled; 0: not told
	Currency     string // ISO 4217, lower case as Stripe writes it
	PeriodStart  time.Time
	PeriodEnd    time.Time // UTC; what the money is for, zero for a one-time order
}

// worth is what was paid for with it, money or credit.
func (p Payment) worth() int64 { return max(p.Amount, p.Total) }

// join takes the further status and whatever either side knows.
func (p Payment) join(q Payment) Payment {
	further := cmp.Or(
		cmp.Compare(q.Status.Rank(), p.Status.Rank()),
		cmp.Compare(q.Amount, p.Amount),
		cmp.Compare(q.Currency, p.Currency),
	) > 0
	if further {
		p.Status, p.Amount, p.Currency = q.Status, q.Amount, q.Currency
	}
	p.Total = max(p.Total, q.Total)
	p.Order = max(p.Order, q.Order)
	p.Subscription = max(p.Subscription, q.Subscription)
	p.PeriodStart = later(p.PeriodStart, q.PeriodStart)
	p.PeriodEnd = later(p.PeriodEnd, q.PeriodEnd)
	return p
}
