package domain

import "cmp"

// Payment is the money for a one-time purchase. What a subscription costs is on its
// invoices.
type Payment struct {
	ID       PaymentIntentID
	Order    OrderID
	Amount   int64  // minor currency units
	Currency string // ISO 4217, lower case as Stripe writes it
}

// join takes the larger amount and whatever either side knows.
func (p Payment) join(q Payment) Payment {
	if cmp.Or(cmp.Compare(q.Amount, p.Amount), cmp.Compare(q.Currency, p.Currency)) > 0 {
		p.Amount, p.Currency = q.Amount, q.Currency
	}
	p.Order = max(p.Order, q.Order)
	return p
}
