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

// InvoiceEventRule says what an invoice event tells of the invoice's status, where
// the invoice itself does not.
type InvoiceEventRule struct {
	On     EventType
	Status InvoiceStatus // empty: the invoice has to say
}

// InvoiceEvents are the events that carry an invoice.
var InvoiceEvents = []InvoiceEventRule{
	{"invoice.created", InvoiceDraft},
	{"invoice.updated", ""},
	{"invoice.finalized", InvoiceOpen},
	{"invoice.finalization_failed", InvoiceDraft},
	{"invoice.sent", InvoiceOpen},
	{"invoice.will_be_due", InvoiceOpen},
	{"invoice.overdue", InvoiceOpen},
	{"invoice.payment_action_required", InvoiceOpen},
	{"invoice.payment_failed", InvoiceOpen},
	{"invoice.payment_attempt_required", InvoiceOpen},
	{"invoice.payment_succeeded", InvoicePaid},
	{"invoice.paid", InvoicePaid},
	{"invoice.overpaid", InvoicePaid},
	{"invoice.marked_uncollectible", InvoiceUncollectible},
	{"invoice.voided", InvoiceVoid},
	{TypeFetched, ""},
}

// InvoicePaymentEvents are the events that link a payment intent to its invoice.
var InvoicePaymentEvents = []EventType{"invoice_payment.paid", TypeFetched}

// CreditNoteEvents are the events that carry a credit note.
var CreditNoteEvents = []EventType{"credit_note.created", "credit_note.updated", "credit_note.voided", TypeFetched}

// ChargeEvents are the events that carry a charge whose money came.
var ChargeEvents = []EventType{
	"charge.succeeded", "charge.captured", "charge.updated", "charge.refunded", TypeFetched,
}

// RefundEvents are the events that carry a refund.
var RefundEvents = []EventType{"refund.created", "refund.updated", "refund.failed", "charge.refund.updated", TypeFetched}

// DisputeEvents are the events that carry a dispute.
var DisputeEvents = []EventType{
	"charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed",
	"charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated", TypeFetched,
}

// CustomerEvents are the events about a customer that change what it may do:
// Stripe ends all subscriptions of a customer that is deleted.
var CustomerEvents = []EventType{"customer.deleted", TypeFetched}

// StatusRule says what kind of status one of a subscription is.
type StatusRule struct {
	Status   SubscriptionStatus
	First    bool // no subscription ever comes back to this status
	Terminal bool // Stripe never changes a subscription in this status again
}

// SubscriptionStatuses has a row for each status. Of two snapshots that nothing else
// tells apart the one whose row is further down counts as the newer: it is the way
// that a subscription's life goes.
//
// A status without a row is one that Stripe added after this was written: the
// event is quarantined and the last known snapshot stays.
var SubscriptionStatuses = []StatusRule{
	{Status: StatusIncomplete, First: true},
	{Status: StatusIncompleteExpired, Terminal: true},
	{Status: StatusTrialing},
	{Status: StatusPaused},
	{Status: StatusActive},
	{Status: StatusPastDue},
	{Status: StatusUnpaid},
	{Status: StatusCanceled, Terminal: true},
}

// Basis is what a subscription item is given on.
type Basis string

const (
	BasisNothing Basis = "nothing"
	// BasisPaid: what was paid for and not returned, until its end.
	BasisPaid Basis = "paid"
	// BasisPeriod: the item as it is, until its period's end and the plan's leeway;
	// nothing is overdue. Then what was paid for.
	BasisPeriod Basis = "period"
	// BasisGrace: the item as it is, until what is overdue has been so for the plan's
	// grace. Then what was paid for.
	BasisGrace Basis = "grace"
	// BasisCredit: as BasisPeriod, and no longer than BasisGrace: an invoice of the item is
	// open, and the status follows another. (It is longer than a short grace: nothing is
	// taken from who is active before Stripe was asked.)
	BasisCredit Basis = "credit"
	// BasisForGood: the item as it is, without an end.
	BasisForGood Basis = "for good"
)

// GrantSet says which of a plan's grants are given.
type GrantSet string

const (
	GrantsUsual   GrantSet = ""
	GrantsTrial   GrantSet = "trial_grants"    // the plan's, if it has any
	GrantsPastDue GrantSet = "past_due_grants" // the plan's, if it has any
)

// AccessOption names optional rows of [AccessRules], as a plan's policy.access does.
type AccessOption string

// AccessRule is a row of the decision table of subscription items: if everything is
// observed that the row names, the item is given on its basis. What a row leaves
// empty may be anything.
type AccessRule struct {
	Option AccessOption // only for plans that have chosen it

	Customer  CustomerState
	Status    SubscriptionStatus
	Checkout  CheckoutState
	Collected Collection
	Overdue   Overdue
	Change    ChangeState
	Paid      Times
	PaidYears int // at least so many years are paid for

	Gives  Basis
	Grants GrantSet
}

// AccessRules is the decision table of subscription items. The first row that fits
// decides.
var AccessRules = []AccessRule{
	{Option: "perpetual_after_3_years", PaidYears: 3, Gives: BasisForGood},

	{Customer: CustomerDeleted, Gives: BasisNothing},
	{Status: StatusIncomplete, Gives: BasisNothing},
	{Status: StatusIncompleteExpired, Gives: BasisNothing},
	{Status: StatusCanceled, Gives: BasisNothing},
	{Status: StatusPaused, Gives: BasisNothing},

	{Status: StatusTrialing, Gives: BasisPeriod, Grants: GrantsTrial},
	// With a bank debit and the like Stripe calls a subscription active days before
	// the money comes.
	{Checkout: CheckoutUnpaid, Gives: BasisPaid},

	{Option: "suspend_while_void", Collected: CollectionVoid, Gives: BasisPaid},
	{Status: StatusActive, Overdue: IsOverdue, Gives: BasisCredit}, // the status follows the newest invoice, and an older one is open
	{Status: StatusActive, Gives: BasisPeriod},

	{Option: "grace_after_first_payment", Status: StatusPastDue, Overdue: IsOverdue, Paid: PaidNever, Gives: BasisPaid},
	{Status: StatusPastDue, Overdue: IsOverdue, Gives: BasisGrace, Grants: GrantsPastDue},
	// Something else of the subscription is overdue.
	{Status: StatusPastDue, Change: ChangeUnpaid, Gives: BasisPaid}, // which was given up
	{Status: StatusPastDue, Gives: BasisPeriod},
	{Status: StatusUnpaid, Gives: BasisPaid},
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
// joining two is taking the one further down. A lost one may be appealed against, and
// still be won late. A status without a row is quarantined.
var DisputeRules = []DisputeRule{
	{"warning_needs_response", DisputeInquiry},
	{"warning_under_review", DisputeInquiry},
	{"warning_closed", DisputeNone},
	{"needs_response", DisputeOpen},
	{"under_review", DisputeOpen},
	{"charge_refunded", DisputeNone}, // until 2019; the refund says the rest
	{"prevented", DisputeNone},       // since basil 2025-08-27; the refund says the rest
	{"lost", DisputeLost},
	{"appeal_needs_response", DisputeLost}, // since endive 2026-10-28: the money is gone until it is decided anew
	{"appeal_under_review", DisputeLost},
	{"won", DisputeWon},
}

// Effect is what money that went back does to what it had paid for.
type Effect string

const (
	EffectKeep   Effect = "keep"   // nothing: it counts as paid for
	EffectRevoke Effect = "revoke" // it counts as not paid for
)

// RefundPolicy names rows of [MoneyRules], as a plan's policy.refund does.
type RefundPolicy string

// DisputePolicy names rows of [MoneyRules], as a plan's policy.dispute does.
type DisputePolicy string

// MoneyRule is a row of the decision table of money that went back. It is asked of
// each invoice line that was paid for, and of the payment of a one-time purchase.
// What a row leaves empty may be anything.
type MoneyRule struct {
	Refund  RefundPolicy  // of plans with this policy
	Dispute DisputePolicy // of plans with this policy

	Share    Share         // how much of its money went back
	Within   time.Duration // it went back so soon after it was paid
	Invoice  Recency       // of the invoice
	Disputed DisputeState

	Effect Effect
}

// MoneyRules is the decision table of money that went back. The first row that fits
// decides; if none does, the line is kept. Rows of disputes come first: a bank's word
// weighs more than a favor.
var MoneyRules = []MoneyRule{
	{Dispute: "suspend", Disputed: DisputeOpen, Effect: EffectRevoke},
	{Dispute: "suspend", Disputed: DisputeLost, Effect: EffectRevoke},
	{Dispute: "suspend_inquiry", Disputed: DisputeInquiry, Effect: EffectRevoke},
	{Dispute: "suspend_inquiry", Disputed: DisputeOpen, Effect: EffectRevoke},
	{Dispute: "suspend_inquiry", Disputed: DisputeLost, Effect: EffectRevoke},
	{Dispute: "revoke_lost", Disputed: DisputeLost, Effect: EffectRevoke},

	{Refund: "revoke", Share: ShareFull, Effect: EffectRevoke},
	{Refund: "revoke_latest_14_days", Share: ShareFull, Within: 14 * day, Invoice: LatestInvoice, Effect: EffectRevoke},
	{Refund: "revoke_partial", Share: SharePartial, Effect: EffectRevoke},
	{Refund: "revoke_partial", Share: ShareFull, Effect: EffectRevoke},
	{Refund: "keep", Share: ShareFull, Effect: EffectKeep},
	{Dispute: "keep", Disputed: DisputeLost, Effect: EffectKeep}, // what was refunded is gone all the same
}

// DefaultPolicy is what a plan does that says nothing else. A refund of one period
// of a subscription is often a favor to somebody who stays: to end it, it is
// canceled.
var DefaultPolicy = map[Mode]Policy{
	ModePayment:      {Refund: "revoke", Dispute: "suspend"},
	ModeSubscription: {Refund: "keep", Dispute: "suspend"},
}
