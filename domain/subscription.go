package domain

import (
	"cmp"
	"slices"
	"time"
)

// SubscriptionStatus is Stripe's, passed through.
type SubscriptionStatus string

const (
	StatusIncomplete        SubscriptionStatus = "incomplete"
	StatusIncompleteExpired SubscriptionStatus = "incomplete_expired"
	StatusTrialing          SubscriptionStatus = "trialing"
	StatusActive            SubscriptionStatus = "active"
	StatusPastDue           SubscriptionStatus = "past_due"
	StatusUnpaid            SubscriptionStatus = "unpaid"
	StatusPaused            SubscriptionStatus = "paused"
	StatusCanceled          SubscriptionStatus = "canceled"
)

// PauseBehavior is Stripe's pause_collection.behavior: what becomes of the invoices
// of a subscription while nothing is collected. Its status does not tell of it.
type PauseBehavior string

const (
	PauseNone          PauseBehavior = ""
	PauseVoid          PauseBehavior = "void"
	PauseKeepAsDraft   PauseBehavior = "keep_as_draft"
	PauseUncollectible PauseBehavior = "mark_uncollectible"
)

// PauseBehaviors lists every behavior.
var PauseBehaviors = []PauseBehavior{PauseNone, PauseVoid, PauseKeepAsDraft, PauseUncollectible}

// Item is one of the things that a subscription is to.
type Item struct {
	ID        string // si_...
	Price     PriceID
	LookupKey string
	Product   string
	// Quantity is how many; 0: none, as Stripe allows. Of a metered price, which has
	// no quantity, it is 1.
	Quantity    int64
	PeriodStart time.Time // UTC; the item's own since API version basil
	PeriodEnd   time.Time // UTC; zero: not told
}

// Subscription is the newest snapshot that we have of one of Stripe's.
type Subscription struct {
	ID       SubscriptionID
	Order    OrderID // as its metadata claims; it only ever narrows access
	Customer CustomerID
	// CustomerAccount names the customer of an account that represents customers as
	// Accounts.
	CustomerAccount CustomerAccountID
	Status          SubscriptionStatus
	Items           []Item // sorted by id
	Pause           PauseBehavior
	LatestInvoice   InvoiceID // empty: none, or not told

	StartedAt         time.Time // UTC
	TrialEnd          time.Time
	CancelAt          time.Time // scheduled end; zero: none
	CancelAtPeriodEnd bool
	EndedAt           time.Time

	// SeenAt is when this was true: the event's time in whole seconds, or the
	// time of the fetch. Precedence settles ties, see [SubscriptionEvents].
	SeenAt     time.Time
	Precedence int
}

// compareSnapshots is a total order over snapshots of one subscription. Joining
// is taking the greater, so whatever the order of arrival the same one stays.
func compareSnapshots(a, b Subscription) int {
	return cmp.Or(
		cmp.Compare(a.phase(), b.phase()),
		a.SeenAt.Compare(b.SeenAt),
		cmp.Compare(a.Precedence, b.Precedence),
		a.PeriodEnd().Compare(b.PeriodEnd()),
		cmp.Compare(a.Status.rank(), b.Status.rank()),
		// What follows only makes the order total: equal here is equal.
		cmp.Compare(a.Status, b.Status),
		a.CancelAt.Compare(b.CancelAt),
		compareBools(a.CancelAtPeriodEnd, b.CancelAtPeriodEnd),
		a.EndedAt.Compare(b.EndedAt),
		a.TrialEnd.Compare(b.TrialEnd),
		a.StartedAt.Compare(b.StartedAt),
		cmp.Compare(a.Order, b.Order),
		cmp.Compare(a.Customer, b.Customer),
		cmp.Compare(a.CustomerAccount, b.CustomerAccount),
		cmp.Compare(a.Pause, b.Pause),
		cmp.Compare(a.LatestInvoice, b.LatestInvoice),
		slices.CompareFunc(a.Items, b.Items, func(x, y Item) int {
			return cmp.Or(cmp.Compare(x.ID, y.ID), cmp.Compare(x.Price, y.Price),
				cmp.Compare(x.LookupKey, y.LookupKey), cmp.Compare(x.Quantity, y.Quantity), cmp.Compare(x.Product, y.Product),
				x.PeriodStart.Compare(y.PeriodStart), x.PeriodEnd.Compare(y.PeriodEnd))
		}),
	)
}

// phase is the part of a subscription's life that a snapshot is from. No clock has
// a say in these: the first news of it is older than any other, and Stripe never
// revives a subscription that has ended.
func (s Subscription) phase() int {
	status, _ := s.Status.row()
	switch {
	case status.Terminal:
		return phaseEnded
	case status.First, s.Precedence == precedenceCreated:
		return phaseBegun
	default:
		return phaseLive
	}
}

const (
	phaseBegun = iota
	phaseLive
	phaseEnded
)

// precedenceCreated is the precedence of the event that a subscription begins with.
const precedenceCreated = 0

// sameSnapshot tells whether two snapshots are one.
func sameSnapshot(a, b Subscription) bool { return a.ID == b.ID && compareSnapshots(a, b) == 0 }

// SaysAs tells whether two snapshots of one subscription say the same, whenever they are from.
func (s Subscription) SaysAs(other Subscription) bool { return s.ID == other.ID && sameState(s, other) }

// sameState tells whether two snapshots say the same, whenever they are from.
func sameState(a, b Subscription) bool {
	a.SeenAt, a.Precedence = b.SeenAt, b.Precedence
	return compareSnapshots(a, b) == 0
}

// inDoubt tells whether the facts leave open which of two snapshots is the newer.
func inDoubt(a, b Subscription) bool {
	older, newer := a, b
	if compareSnapshots(a, b) > 0 {
		older, newer = b, a
	}
	apart := newer.SeenAt.Sub(older.SeenAt)
	switch {
	case newer.phase() == phaseEnded, newer.phase() != older.phase(), sameState(a, b):
		return false
	case newer.fetched() && apart > 0: // asked after the other was true
		return false
	default:
		return apart <= DoubtWindow
	}
}

// fetched tells whether the snapshot was asked for rather than sent.
func (s Subscription) fetched() bool {
	rule, known := subscriptionEvent(TypeFetched)
	return known && s.Precedence == rule.Precedence
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

// ScheduledEnd is when the subscription will end by a decision already made;
// zero: it renews. Stripe says it in two ways: classic billing by the flag,
// flexible billing from the portal by cancel_at alone. Where both are told, the date is
// the better word: until API version acacia the one period that is told is the smallest.
func (s Subscription) ScheduledEnd() time.Time {
	if s.CancelAtPeriodEnd && s.CancelAt.IsZero() {
		return s.PeriodEnd()
	}
	return s.CancelAt
}

// PeriodStart is when the earliest of the items' current periods begins; zero: not
// told.
func (s Subscription) PeriodStart() time.Time {
	var start time.Time
	for _, item := range s.Items {
		start = earlier(start, item.PeriodStart)
	}
	return start
}

// PeriodEnd is when the last of the items' current periods ends; zero: not told.
func (s Subscription) PeriodEnd() time.Time {
	var end time.Time
	for _, item := range s.Items {
		end = later(end, item.PeriodEnd)
	}
	return end
}
