package domain

// This file is THE place for a billing rule. Every decision is a row; the code
// that reads the rows is beside the types they are about. The diagram and the
// tables in ARCHITECTURE.md are generated from here.

// OrderRule is one transition of an order: what a session event of a type, under
// a guard, makes of an order in one of the statuses.
type OrderRule struct {
	On   EventType
	When Guard
	From []OrderStatus
	To   OrderStatus
}

// OrderRules is the transition table of orders. No row: nothing changes. Every
// row leads to a higher rank, so that an order ends in the same status whatever
// the order in which its session's events arrive.
var OrderRules = []OrderRule{
	{On: TypeFetched, When: GuardOpen, To: OrderOpen,
		From: []OrderStatus{OrderPending}},

	{On: "checkout.session.expired", To: OrderExpired,
		From: []OrderStatus{OrderPending, OrderOpen}},
	{On: TypeFetched, When: GuardExpired, To: OrderExpired,
		From: []OrderStatus{OrderPending, OrderOpen}},

	{On: "checkout.session.completed", When: GuardUnpaid, To: OrderAwaitingPayment,
		From: []OrderStatus{OrderPending, OrderOpen, OrderExpired}},
	{On: TypeFetched, When: GuardUnpaid, To: OrderAwaitingPayment,
		From: []OrderStatus{OrderPending, OrderOpen, OrderExpired}},

	{On: "checkout.session.async_payment_failed", To: OrderPaymentFailed,
		From: []OrderStatus{OrderPending, OrderOpen, OrderExpired, OrderAwaitingPayment}},

	{On: "checkout.session.completed", When: GuardPaid, To: OrderPaid,
		From: []OrderStatus{OrderPending, OrderOpen, OrderExpired, OrderAwaitingPayment, OrderPaymentFailed}},
	{On: "checkout.session.async_payment_succeeded", To: OrderPaid,
		From: []OrderStatus{OrderPending, OrderOpen, OrderExpired, OrderAwaitingPayment, OrderPaymentFailed}},
	{On: TypeFetched, When: GuardPaid, To: OrderPaid,
		From: []OrderStatus{OrderPending, OrderOpen, OrderExpired, OrderAwaitingPayment, OrderPaymentFailed}},
}

// SubscriptionEventRule names a type of event that carries a subscription.
// Precedence settles which of two snapshots of the same second is the newer.
type SubscriptionEventRule struct {
	On         EventType
	Precedence int
}

// SubscriptionEvents are the events that carry a snapshot of a subscription.
var SubscriptionEvents = []SubscriptionEventRule{
	{"customer.subscription.created", 0}, // nothing comes before it
	{TypeFetched, 1},                     // never later than it was asked for: a change of the same second may be
	{"customer.subscription.updated", 2},
	{"customer.subscription.deleted", 3}, // nothing comes after it
}

// InvoiceEventRule says what an invoice event means for the payment.
type InvoiceEventRule struct {
	On     EventType
	Status PaymentStatus
}

// InvoiceEvents are the events that carry an invoice.
var InvoiceEvents = []InvoiceEventRule{
	{"invoice.paid", PaymentPaid},
	{"invoice.payment_succeeded", PaymentPaid},
	{"invoice.payment_failed", PaymentFailed},
}

// Access is what a subscription's status gives.
type Access string

const (
	AccessNone  Access = "none"
	AccessGrace Access = "grace" // until the start of the unpaid period plus the plan's grace
	AccessFull  Access = "full"  // until the period's end plus the plan's leeway, or the scheduled end
)

// AccessRule is the access that one status gives.
type AccessRule struct {
	Status   SubscriptionStatus
	Access   Access
	Terminal bool // Stripe never changes a subscription in this status again
}

// AccessRules is the access table of subscriptions, one row a status. Of two
// snapshots that nothing else tells apart the one whose row is further down
// counts as the newer: it is the way that a subscription's life goes.
//
// A status without a row is one that Stripe added after this was written: the
// event is quarantined and the last known snapshot stays.
var AccessRules = []AccessRule{
	{Status: StatusIncomplete, Access: AccessNone},
	{Status: StatusIncompleteExpired, Access: AccessNone, Terminal: true},
	{Status: StatusTrialing, Access: AccessFull},
	{Status: StatusPaused, Access: AccessNone},
	{Status: StatusActive, Access: AccessFull},
	{Status: StatusPastDue, Access: AccessGrace},
	{Status: StatusUnpaid, Access: AccessNone},
	{Status: StatusCanceled, Access: AccessNone, Terminal: true},
}
