package domain

import "time"

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
	{"customer.subscription.created", precedenceCreated}, // nothing comes before it, whatever the clock says
	{TypeFetched, 1}, // never later than it was asked for: a change of the same second may be
	{"customer.subscription.updated", 2},
	{"customer.subscription.paused", 2},
	{"customer.subscription.resumed", 2},
	{"customer.subscription.pending_update_applied", 2},
	{"customer.subscription.pending_update_expired", 2},
	{"customer.subscription.deleted", 3}, // nothing comes after it
}

// DoubtWindow is how close two different snapshots of a subscription may be before
// their times no longer say which is the newer: Stripe's have whole seconds, and
// changes made at once are told in either order.
const DoubtWindow = 2 * time.Second

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

// InvoicePaymentEvents are the events that link a payment intent to its invoice.
var InvoicePaymentEvents = []EventType{"invoice_payment.paid"}

// ChargeEvents are the events that carry a charge whose money came.
var ChargeEvents = []EventType{
	"charge.succeeded", "charge.captured", "charge.updated", "charge.refunded", TypeFetched,
}

// RefundEvents are the events that carry a refund.
var RefundEvents = []EventType{"refund.created", "refund.updated", "refund.failed", "charge.refund.updated"}

// DisputeEvents are the events that carry a dispute.
var DisputeEvents = []EventType{
	"charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed",
	"charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated",
}

// CustomerEvents are the events about a customer that change what it may do:
// Stripe ends all subscriptions of a customer that is deleted.
var CustomerEvents = []EventType{"customer.deleted"}

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
	First    bool // no subscription ever comes back to this status
	Terminal bool // Stripe never changes a subscription in this status again
}

// AccessRules is the access table of subscriptions, one row a status. Of two
// snapshots that nothing else tells apart the one whose row is further down
// counts as the newer: it is the way that a subscription's life goes.
//
// A status without a row is one that Stripe added after this was written: the
// event is quarantined and the last known snapshot stays.
var AccessRules = []AccessRule{
	{Status: StatusIncomplete, Access: AccessNone, First: true},
	{Status: StatusIncompleteExpired, Access: AccessNone, Terminal: true},
	{Status: StatusTrialing, Access: AccessFull},
	{Status: StatusPaused, Access: AccessNone},
	{Status: StatusActive, Access: AccessFull},
	{Status: StatusPastDue, Access: AccessGrace},
	{Status: StatusUnpaid, Access: AccessNone},
	{Status: StatusCanceled, Access: AccessNone, Terminal: true},
}

// RefundRule says what a refund's status means for the money.
type RefundRule struct {
	Status   RefundStatus
	Returned bool // the buyer has the money, or will without fail
	Undone   bool // the buyer will not get it: the money is ours again
}

// RefundRules has one row a status, in the order that a refund's life takes:
// joining two is taking the one further down. A status without a row is
// quarantined.
var RefundRules = []RefundRule{
	{Status: "requires_action"},
	{Status: "pending"},
	{Status: "succeeded", Returned: true},
	{Status: "canceled", Undone: true},
	{Status: "failed", Undone: true}, // even after it had succeeded: the buyer's bank sent it back
}

// DisputeRule says what a dispute's status comes to.
type DisputeRule struct {
	Status DisputeStatus
	State  DisputeState
}

// DisputeRules has one row a status, in the order that a dispute's life takes:
// joining two is taking the one further down. A lost one may still be won late. A
// status without a row is quarantined.
var DisputeRules = []DisputeRule{
	{"warning_needs_response", DisputeInquiry},
	{"warning_under_review", DisputeInquiry},
	{"warning_closed", DisputeNone},
	{"needs_response", DisputeOpen},
	{"under_review", DisputeOpen},
	{"charge_refunded", DisputeNone}, // until 2019; the refund says the rest
	{"prevented", DisputeNone},       // since basil 2025-08-27; the refund says the rest
	{"lost", DisputeLost},
	{"won", DisputeWon},
}

// Effect is what money that went back does to what it had bought.
type Effect string

const (
	EffectKeep    Effect = "keep"    // nothing
	EffectSuspend Effect = "suspend" // no right for now; it comes back with the money
	EffectRevoke  Effect = "revoke"  // no right
)

// RefundPolicy names a row of [RefundPolicies], as a plan's policy.refund does.
type RefundPolicy string

// RefundPolicyRule is what refunds of a payment do to what it paid for. Refunds of
// one payment add up; of a subscription, those of the last period that was paid.
type RefundPolicyRule struct {
	Policy  RefundPolicy
	Partial Effect // some of the money went back
	Full    Effect // all of it
}

// RefundPolicies is the table of refund policies: a new one is a row.
var RefundPolicies = []RefundPolicyRule{
	{Policy: "revoke", Partial: EffectKeep, Full: EffectRevoke},
	{Policy: "revoke_partial", Partial: EffectRevoke, Full: EffectRevoke},
	{Policy: "keep", Partial: EffectKeep, Full: EffectKeep},
}

// DisputePolicy names a row of [DisputePolicies], as a plan's policy.dispute does.
type DisputePolicy string

// DisputePolicyRule is what a disputed payment does to what it paid for. A dispute
// that was won, or came to nothing, does nothing.
type DisputePolicyRule struct {
	Policy  DisputePolicy
	Inquiry Effect
	Open    Effect
	Lost    Effect
}

// DisputePolicies is the table of dispute policies: a new one is a row.
var DisputePolicies = []DisputePolicyRule{
	{Policy: "suspend", Inquiry: EffectKeep, Open: EffectSuspend, Lost: EffectRevoke},
	{Policy: "suspend_inquiry", Inquiry: EffectSuspend, Open: EffectSuspend, Lost: EffectRevoke},
	{Policy: "revoke_lost", Inquiry: EffectKeep, Open: EffectKeep, Lost: EffectRevoke},
	{Policy: "keep", Inquiry: EffectKeep, Open: EffectKeep, Lost: EffectKeep},
}

// DefaultPolicy is what a plan does that says nothing else. A refund of one period
// of a subscription is often a favor to somebody who stays: to end it, it is
// canceled.
var DefaultPolicy = map[Mode]Policy{
	ModePayment:      {Refund: "revoke", Dispute: "suspend"},
	ModeSubscription: {Refund: "keep", Dispute: "suspend"},
}
