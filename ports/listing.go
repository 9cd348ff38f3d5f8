package ports

import (
	"context"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// EventTypesMost is how many types [Lists.ListEvents] takes at a time.
const EventTypesMost = 20

// EventQuery says which events to list.
type EventQuery struct {
	Types []domain.EventType // at most [EventTypesMost]; none: of all types
	// From and Until are the first and the last moment of their creation, to the second.
	From, Until time.Time
	After       domain.EventID // the list goes on after it; empty: at its beginning
}

// EventPage is a part of a list of events.
type EventPage struct {
	Events []domain.Event // the newest first
	Unread []domain.EventID
	Next   domain.EventID // ask again with it as After; empty: that was all
}

// ListedKind is a kind of Stripe's objects that are listed by when they were created.
type ListedKind string

// The kinds of [Lists.ListObjects].
const (
	ListedSubscriptions ListedKind = "subscription"
	ListedRefunds       ListedKind = "refund"
	ListedDisputes      ListedKind = "dispute"
	ListedCreditNotes   ListedKind = "credit_note"
)

// ObjectPage is a part of a list of objects, each as it is now.
type ObjectPage struct {
	Facts []domain.Fact // the newest first
	Next  string        // ask again with it as after; empty: that was all
}

// Lists is what there is on the whole account, page by page. It is asked seldom, and has a
// share of its own of what Stripe allows.
type Lists interface {
	// ListEvents lists what was sent within the last 30 days, each event as it was then: in
	// the API version and with the object of its time. What cannot be read, as
	// [Gateway.ReadEvent] has it, is named in Unread. [ErrNotFound]: there is no event After
	// any more.
	ListEvents(ctx context.Context, q EventQuery) (EventPage, error)

	// ListObjects lists objects of a kind that were created at a moment or later; zero: all.
	// Subscriptions that have ended are among them. [ErrNotFound]: there is no object after
	// which to go on.
	ListObjects(ctx context.Context, of ListedKind, from time.Time, after string) (ObjectPage, error)
}
