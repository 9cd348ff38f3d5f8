package domain

import "cmp"

// Purchase is an order or a subscription with everything that is about it. What it
// gives follows from it and the catalog alone; what a user has is the union over all
// purchases and grants.
type Purchase struct {
	// Source is what its rights come from.
	Source Source

	// Orders are the one-time order, or the orders that the subscription comes from;
	// sorted by id.
	Orders []Order

	// Subscription is the newest snapshot of it; zero for a one-time order.
	Subscription Subscription

	// CustomerDeleted: Stripe said so, which ends what the customer subscribed to.
	CustomerDeleted bool

	// Bills are what was billed for it and what became of the money, sorted by time: the
	// payments of a one-time order, the invoices of a subscription.
	Bills []*Bill

	// Past is what earlier invoices said together, if they were not found.
	Past Past
}

// Bill is an invoice, or the payment of a one-time order, with the ways of its money.
type Bill struct {
	Invoice Invoice // zero: of a payment
	Payment Payment // zero: of an invoice

	Charges     []Charge
	Refunds     []Refund
	Disputes    []Dispute
	CreditNotes []CreditNote

	swaps map[string]string // credits, by id, of items that were swapped: for which, see [ledger.findSwaps]
}

// ID is the invoice's or the payment's.
func (b *Bill) ID() string { return cmp.Or(string(b.Invoice.ID), string(b.Payment.ID)) }

// Purchases groups what is known of an account, sorted by source.
func (a Account) Purchases() []Purchase {
	return derive(a, Catalog{}).purchases // the caller's for good
}
