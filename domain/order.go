package domain

import (
	"slices"
	"time"
)

// OrderStatus is how far an order has come. Statuses only move forward: see
// [OrderRules] and [OrderStatus.Rank].
type OrderStatus string

const (
	OrderPending         OrderStatus = "pending"          // kept, no session at Stripe that we know of
	OrderOpen            OrderStatus = "open"             // the buyer may pay
	OrderExpired         OrderStatus = "expired"          // the session ended without a purchase
	OrderAwaitingPayment OrderStatus = "awaiting_payment" // completed with a delayed payment method
	OrderPaymentFailed   OrderStatus = "payment_failed"   // the delayed payment failed
	OrderPaid            OrderStatus = "paid"             // paid, or nothing to pay
)

// OrderStatuses lists every status in the order of rank: joining two statuses is
// taking the one that stands later here.
var OrderStatuses = []OrderStatus{
	OrderPending, OrderOpen, OrderExpired, OrderAwaitingPayment, OrderPaymentFailed, OrderPaid,
}

// What has become of a paid order. These are derived from what is known of its
// money, and never kept: see [Account.StatusOf].
const (
	OrderRefunded    OrderStatus = "refunded"     // all of the money went back
	OrderDisputed    OrderStatus = "disputed"     // the buyer's bank took it back until it is decided
	OrderChargedBack OrderStatus = "charged_back" // the bank took it back for good
)

// PaidStatuses are those of an order that was paid, whatever became of the money.
var PaidStatuses = []OrderStatus{OrderPaid, OrderRefunded, OrderDisputed, OrderChargedBack}

// Paid tells whether the order was paid, whatever became of the money.
func (s OrderStatus) Paid() bool { return slices.Contains(PaidStatuses, s) }

// Rank is the status's place in [OrderStatuses]; -1 for an unknown one.
func (s OrderStatus) Rank() int {
	for rank, status := range OrderStatuses {
		if s == status {
			return rank
		}
	}
	return -1
}

// Settled tells whether there is nothing left to wait for on a return page: the
// buyer has paid, has failed to, or pays by a method that takes days.
func (s OrderStatus) Settled() bool {
	return s.Rank() >= OrderExpired.Rank() || s.Paid()
}

// Order is one intent to buy one plan, and the life of its checkout session.
type Order struct {
	ID       OrderID
	Plan     PlanKey
	Price    PriceKey
	Mode     Mode
	Quantity int64
	Status   OrderStatus

	// What the session is created with; kept so that a repeated call to Stripe
	// has the same parameters to the byte.
	PriceID  PriceID
	Subtotal int64  // what Stripe asks for it, before discounts and tax; 0: nothing, or not known
	Currency string // of Subtotal; ISO 4217, lower case
	// CurrencyChosen: the buyer chose Currency, and pays in no other. Otherwise Stripe's page
	// may be in that of where the buyer is, as far as the price has it.
	CurrencyChosen bool
	TrialDays      int
	SuccessURL     string
	CancelURL      string
	Locale         string
	ExpiresAt      time.Time // UTC, whole seconds
	Attempt        int       // part of Stripe's idempotency key; counts definite refusals

	// ClientKey is the client's Idempotency-Key, unique within the user;
	// Fingerprint is the request it came with.
	ClientKey   string
	Fingerprint string

	// What the checkout made at Stripe.
	Session       SessionID
	SessionURL    string
	Subscription  SubscriptionID
	PaymentIntent PaymentIntentID

	CreatedAt time.Time // UTC
	PaidAt    time.Time // UTC; the earliest moment a fact says it was paid

	// MayBeTwice: when it or a later one was made, there was another order or subscription
	// for the same, so that both may be paid.
	MayBeTwice bool
}

// Open tells whether a buyer may still pay the order at t.
func (o Order) Open(t time.Time) bool {
	return !o.Status.Settled() && t.Before(o.ExpiresAt)
}

// isPaidBy tells whether a session may pay the order: it is in the currency that was chosen,
// if one was, and it is the one that we made for it, or one that Stripe recovered from that.
// Any other session with our order's id in its metadata is somebody's copy, and counts only
// for the very price: what is dearer is something else. (Of one whose making was not answered,
// the buyer may have raised the quantity.)
func (o Order) isPaidBy(s SessionFact) bool {
	switch {
	case s.Mode != "" && s.Mode != o.Mode:
		return false
	case o.CurrencyChosen && s.Currency != "" && s.Currency != o.Currency:
		return false
	case o.Session != "" && (s.ID == o.Session || s.RecoveredFrom == o.Session):
		return true
	case o.Session == "" && o.Subtotal == 0: // the answer of its making was lost, and its price is not known
		return true
	case o.Subtotal == 0 || s.Currency != o.Currency:
		return false
	default:
		return s.Subtotal == o.Subtotal || o.Session == "" && s.Subtotal > o.Subtotal
	}
}

// apply joins what a session says into its order, by the rows of [OrderRules].
func (o Order) apply(s SessionFact) Order {
	for _, rule := range OrderRules {
		if rule.matches(o.Status, s) {
			o.Status = rule.To
			break
		}
	}
	if s.paid() {
		o.PaidAt = earlier(o.PaidAt, s.At)
	}
	o.Subscription = max(o.Subscription, s.Subscription)
	o.PaymentIntent = max(o.PaymentIntent, s.PaymentIntent)
	return o
}

// WithSession is the order with the session that was made for it. Only the answer to
// its making says so: what a message claims of a session proves nothing.
func (o Order) WithSession(s SessionFact) Order {
	o.Session, o.SessionURL = s.ID, s.URL
	return o
}

// Source is what the rights come from that an order buys: itself, or its subscription.
func (o Order) Source() Source {
	if o.Mode == ModeSubscription {
		return Source{Kind: SourceSubscription, ID: string(o.Subscription)}
	}
	return Source{Kind: SourceOrder, ID: string(o.ID)}
}
