package ports

import (
	"context"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// EndpointID names an endpoint.
type EndpointID string

// Endpoint is an address to which changes are delivered, and how far that has come. It is a
// reader of the feed with a cursor: what is not delivered yet is not kept anywhere else.
type Endpoint struct {
	ID        EndpointID
	URL       string
	Features  []domain.FeatureKey // only changes of these; empty: of all
	Causes    []domain.Cause      // only changes of these causes, [CauseEvent] among them; empty: of all
	CreatedAt time.Time           // UTC

	// Secret signs, as whsec_ and base64. Until FormerUntil, UTC, FormerSecret does so too.
	Secret, FormerSecret string
	FormerUntil          time.Time

	Disabled   string    // why nothing is delivered; empty: it is
	DisabledAt time.Time // UTC

	// Cursor is the position up to which everything was delivered. Delivered are the first
	// positions of messages beyond it that were, too.
	Cursor    int64
	Delivered []int64
	Replays   int64 // how often the cursor was moved by hand

	Failures     int       // attempts in a row that failed
	FailingSince time.Time // UTC, of the first of them
	LastError    string    // of the last of them
	NextAttempt  time.Time // UTC, not before

	// LeasedUntil, UTC, is for how long somebody delivers to it. Turn counts who began to, and
	// who changed the endpoint so that what is under way does not count any more.
	LeasedUntil time.Time
	Turn        int64
}

// CauseEvent is what a change of rights that one of Stripe's events made is called among
// [Endpoint.Causes].
const CauseEvent domain.Cause = "event"

// Delivery is one attempt at a message.
type Delivery struct {
	Seq      int64 // given by the store: the later one is greater
	Message  string
	First    int64 // position of the first change that it told of; 0: it was a test
	Last     int64 // of the last one
	Attempt  int   // 1 is the first
	At       time.Time
	Duration time.Duration
	Status   int    // of the answer; 0: there was none
	Answer   string // its first bytes
	Error    string // why it counts as failed; empty: it was delivered
}

// DeliveriesKept is how many deliveries of each endpoint are kept, the last ones.
const DeliveriesKept = 200

// EndpointLease says which endpoints somebody is ready to deliver to.
type EndpointLease struct {
	Now, Until time.Time
	Failing    bool // those whose last attempt failed; else the others
	Limit      int
}

// Endpoints is the part of a [Store] that keeps where changes are delivered to.
type Endpoints interface {
	// AddEndpoint keeps a new one, or returns [ErrConflict] where there is one of its id.
	AddEndpoint(ctx context.Context, e Endpoint) error

	// Endpoints reads all of them, the first made first.
	Endpoints(ctx context.Context) ([]Endpoint, error)

	// Endpoint reads one, or returns [ErrNotFound].
	Endpoint(ctx context.Context, id EndpointID) (Endpoint, error)

	// ChangeEndpoint runs fn on an endpoint, which nobody else changes meanwhile, and keeps
	// what it makes of it, with the deliveries that it returns, in one transaction. fn may run
	// again; if it fails nothing is kept and its error is returned. ID and CreatedAt stay.
	// What was answered to a message about a user who was forgotten since is not kept.
	// [ErrNotFound]: there is none.
	ChangeEndpoint(ctx context.Context, id EndpointID, fn func(*Endpoint) ([]Delivery, error)) error

	// DeleteEndpoint forgets an endpoint and its deliveries, or returns [ErrNotFound].
	DeleteEndpoint(ctx context.Context, id EndpointID) error

	// LeaseEndpoints returns endpoints that are enabled, leased by nobody, due, and elsewhere
	// than at the feed's end, the longest due first. They are leased, with their Turn counted
	// on, and given to nobody else until then.
	LeaseEndpoints(ctx context.Context, lease EndpointLease) ([]Endpoint, error)

	// Deliveries reads the last deliveries to an endpoint, the last first, at most limit.
	Deliveries(ctx context.Context, id EndpointID, limit int) ([]Delivery, error)
}
