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
	PriceID    PriceID
	TrialDays  int
	SuccessURL string
	CancelURL  string
	Locale     string
	ExpiresAt  time.Time // UTC, whole seconds
	Attempt    int       // part of Stripe's idempotency key; counts definite refusals

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
}

// Open tells whether a buyer may still pay the order at t.
func (o Order) Open(t time.Time) bool {
	return !o.Status.Settled() && t.Before(o.ExpiresAt)
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
	// A session that Stripe recovered from an expired one carries our order id
	// too; the order keeps naming the one we made.
	if s.RecoveredFrom == "" {
		switch {
		case s.ID > o.Session:
			o.Session, o.SessionURL = s.ID, s.URL
		case s.ID == o.Session:
			o.SessionURL = max(o.SessionURL, s.URL)
		}
	}
	o.Subscription = max(o.Subscription, s.Subscription)
	o.PaymentIntent = max(o.PaymentIntent, s.PaymentIntent)
	return o
}
