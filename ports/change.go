package ports

import (
	"context"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// Change is what one item of a subscription is to become. Its other items stay.
type Change struct {
	Subscription domain.SubscriptionID
	Kind         ChangeKind
	Item         string         // si_...; empty: there is none yet
	Price        domain.PriceID // empty: the item is removed
	Quantity     int64          // 0: the price is metered, and no quantity is agreed on
}

// ChangeKind is what is done with an item.
type ChangeKind string

const (
	ItemSet     ChangeKind = ""       // it gets a price and a quantity
	ItemAdded   ChangeKind = "add"    // there is one more
	ItemRemoved ChangeKind = "remove" // it goes, without anything being given back, nor billed of what was used; never the last one
)

// ChangeRequest asks for a change. The same key always asks for the same.
type ChangeRequest struct {
	Change
	// Also are changes of other items that are planned for the same time and stay planned.
	// Of a change that is made at once there are none.
	Also           []Change
	Deployment     domain.DeploymentID
	ProrationDate  time.Time // when the change is counted from; zero: when Stripe makes it
	IdempotencyKey string
}

// PreviewRequest asks what a change would cost.
type PreviewRequest struct {
	Change
	At          time.Time // when the change would be counted from
	AtPeriodEnd bool      // the change would be made at the end of the period
}

// Changed is a subscription after a change.
type Changed struct {
	Fact domain.SubscriptionFact
	// Pending: the change waits until what it costs is paid, at PayURL if Stripe has a
	// page for that. The subscription is as it was.
	Pending bool
	PayURL  string
}

// PauseRequest asks that the invoices of a subscription be voided from now on. What is open
// already is still collected.
type PauseRequest struct {
	Subscription   domain.SubscriptionID
	ResumesAt      time.Time // when Stripe collects again by itself; zero: never
	IdempotencyKey string
}

// ResumeRequest asks to take back that a subscription is to end, what is planned for it and,
// if it says so, that its collection is paused.
type ResumeRequest struct {
	EndRequest
	Collect bool // collection is resumed, if it is paused
	// Anew: a period begins with that, and is paid at once, or nothing changes. Of the one
	// before nothing is given back.
	Anew bool
}

// EndRequest asks for the end of a subscription.
type EndRequest struct {
	Subscription   domain.SubscriptionID
	Deployment     domain.DeploymentID
	IdempotencyKey string
}

// ChangePreview is what a change would cost.
type ChangePreview struct {
	Now *InvoicePreview // nil: nothing is invoiced at once
	// Later is the next period's; nil: there is none, or it cannot be known, as where
	// another change is planned, which Stripe counts in.
	Later *InvoicePreview
}

// InvoicePreview is an invoice that is not there yet. Amounts are in minor units of the
// currency.
type InvoicePreview struct {
	Currency  string
	Total     int64 // with discounts and taxes; below 0: the customer is given credit
	AmountDue int64 // what of it the customer's credit does not pay, with what is owed from before; at least 0
	At        time.Time
	Lines     []PreviewLine
}

// FromBalance is what the customer's balance pays of the invoice, in minor units; below 0:
// what it adds, as the customer owes from before.
func (p InvoicePreview) FromBalance() int64 { return max(p.Total, 0) - p.AmountDue }

// PreviewLine is a line of an invoice that is not there yet.
type PreviewLine struct {
	Description string
	Price       domain.PriceID
	Quantity    int64
	Amount      int64 // minor units; below 0: given back
	Proration   bool  // it is for a part of a period
	From, Until time.Time
}

// Changes is how Stripe's subscriptions are changed. What changes one refuses
// [ErrChangedMeanwhile] where it was seen that somebody else changed it at the same time, and
// [ErrScheduledElsewhere] if a schedule that is not ours governs it, and drops one that
// is ours once it holds. Each takes the key of an earlier call for the same: nothing is done
// twice, and what was planned since stays.
type Changes interface {
	// PreviewChange asks what a change would cost, now or from the end of the period on.
	// What is due later is asked for as well. [ErrNotFound] if there is no such
	// subscription.
	PreviewChange(ctx context.Context, r PreviewRequest) (ChangePreview, error)

	// ChangeSubscription changes, adds or removes an item, and invoices at once what that
	// costs. Unless it is paid, nothing changes: see [Changed].
	ChangeSubscription(ctx context.Context, r ChangeRequest) (Changed, error)

	// ScheduleChange changes or removes an item from the end of the current period on. What
	// was planned before and is not said again is let go.
	ScheduleChange(ctx context.Context, r ChangeRequest) (Changed, error)

	// CancelSubscription ends a subscription at the end of its period, or now. One that
	// has ended is returned as it is.
	CancelSubscription(ctx context.Context, r EndRequest, now bool) (domain.SubscriptionFact, error)

	// ResumeSubscription takes back a planned end, and a planned change; and a pause of
	// collection if that is asked for: [ErrPaymentFailed] if that had to be paid and was not.
	ResumeSubscription(ctx context.Context, r ResumeRequest) (domain.SubscriptionFact, error)

	// PauseCollection has the invoices of a subscription voided, until a time if one is
	// said. One that has ended is returned as it is. A schedule stays.
	PauseCollection(ctx context.Context, r PauseRequest) (domain.SubscriptionFact, error)

	// UseKey has a key belong to a wish of a customer's that finds nothing to do: what comes with
	// it later is refused with [ErrKeyMismatch], as a late repetition would undo what was done
	// since. A key that was used before stays what it was.
	UseKey(ctx context.Context, customer domain.CustomerID, key string) error

	// PayPage is Stripe's page on which the newest open invoice of a subscription is
	// paid. [ErrNotFound] if there is none.
	PayPage(ctx context.Context, id domain.SubscriptionID) (url string, err error)
}
