package domain

import (
	"cmp"
	"time"
)

// RefundStatus is Stripe's, passed through; [RefundRules] has a row for each.
type RefundStatus string

// Undone tells whether the buyer does not get the money.
func (s RefundStatus) Undone() bool {
	row := refundRow(s)
	return row >= 0 && RefundRules[row].Undone
}

// Refund is money on its way back to the buyer. Its status only moves down the
// rows of [RefundRules].
type Refund struct {
	ID            RefundID
	Charge        ChargeID
	PaymentIntent PaymentIntentID
	Status        RefundStatus
	Amount        int64 // minor currency units
	Currency      string
	CreatedAt     time.Time // UTC
	UndoneAt      time.Time // UTC; the earliest moment a fact says that it failed or was canceled
}

// join takes the further status and whatever either side knows.
func (r Refund) join(s Refund) Refund {
	further := cmp.Or(
		cmp.Compare(refundRow(s.Status), refundRow(r.Status)),
		cmp.Compare(s.Amount, r.Amount),
		cmp.Compare(s.Currency, r.Currency),
	) > 0
	if further {
		r.Status, r.Amount, r.Currency = s.Status, s.Amount, s.Currency
	}
	r.Charge = max(r.Charge, s.Charge)
	r.PaymentIntent = max(r.PaymentIntent, s.PaymentIntent)
	r.CreatedAt = earlier(r.CreatedAt, s.CreatedAt)
	r.UndoneAt = earlier(r.UndoneAt, s.UndoneAt)
	return r
}

// countedBy tells whether a charge, as we saw it, includes the refund in what it
// says was refunded.
func (r Refund) countedBy(c Charge) bool {
	undoneBefore := !r.UndoneAt.IsZero() && r.UndoneAt.Before(c.SeenAt)
	return !r.CreatedAt.After(c.SeenAt) && !undoneBefore
}

// Charge is what we know of one collection of money: the link between what names
// a charge or payment intent and what was paid, and how much of it the charge
// itself says went back.
type Charge struct {
	ID            ChargeID
	PaymentIntent PaymentIntentID
	Invoice       InvoiceID
	Amount        int64 // minor currency units; 0: not told
	Refunded      int64 // as of SeenAt
	Currency      string
	SeenAt        time.Time // UTC, whole seconds; zero: we only know what it pays
}

// join takes the newer word about the money, and whatever either side knows.
func (c Charge) join(d Charge) Charge {
	newer := cmp.Or(
		d.SeenAt.Compare(c.SeenAt),
		cmp.Compare(d.Refunded, c.Refunded),
	) > 0
	if newer {
		c.SeenAt, c.Refunded = d.SeenAt, d.Refunded
	}
	if cmp.Or(cmp.Compare(d.Amount, c.Amount), cmp.Compare(d.Currency, c.Currency)) > 0 {
		c.Amount, c.Currency = d.Amount, d.Currency // which never change
	}
	c.PaymentIntent = max(c.PaymentIntent, d.PaymentIntent)
	c.Invoice = max(c.Invoice, d.Invoice)
	return c
}
