package domain

// This file is the vocabulary of the decision tables: what can be observed of a
// subscription item, and of money. Each is a small closed set; empty in a row of a
// table, it may be anything. They are computed once, see observe.go.

// CustomerState tells whether Stripe still has the customer.
type CustomerState string

// CustomerDeleted: Stripe ends all subscriptions of a customer that is deleted.
const CustomerDeleted CustomerState = "deleted"

// CheckoutState tells whether the checkout that a subscription comes from is paid.
type CheckoutState string

// CheckoutUnpaid: neither the checkout nor an invoice has said that it was paid.
const CheckoutUnpaid CheckoutState = "unpaid"

// Collection tells what becomes of the invoices while collection is paused.
type Collection string

const (
	CollectionVoid          = Collection(PauseVoid)
	CollectionKeepAsDraft   = Collection(PauseKeepAsDraft)
	CollectionUncollectible = Collection(PauseUncollectible)
)

// Overdue tells whether an invoice of the item is open and due.
type Overdue string

const (
	IsOverdue  Overdue = "yes"
	NotOverdue Overdue = "no"
)

// ChangeState tells whether a change of the item stands that nobody paid.
type ChangeState string

// ChangeUnpaid: an invoice that is open or was given up is for a change of the item, or
// for adding it.
const ChangeUnpaid ChangeState = "unpaid"

// Times counts the invoices that were paid for an item.
type Times string

const (
	PaidNever Times = "never"
	PaidOnce  Times = "once"
	PaidAgain Times = "again" // twice or more
)

// Share is how much of what was paid went back.
type Share string

const (
	ShareNone    Share = "none"
	SharePartial Share = "partial"
	ShareFull    Share = "full"
)

// Recency tells whether an invoice is the last one of its subscription that asked for money and
// of which any is paid for.
type Recency string

const (
	LatestInvoice  Recency = "latest"
	EarlierInvoice Recency = "earlier"
)
