package ports

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

var (
	// ErrNotFound: there is no such thing, or it is not the asker's.
	ErrNotFound = errors.New("not found")
	// ErrUnavailable: the store cannot be reached, is overloaded or kept failing
	// after retries. Nothing is known to be kept; the same call may be made again.
	ErrUnavailable = errors.New("store unavailable")
	// ErrLocked: the store is well, and another holds what the call needs. It is an
	// [ErrUnavailable] of that alone: the same call without it may succeed.
	ErrLocked = fmt.Errorf("%w: locked by another", ErrUnavailable)
	// ErrConflict: what was to be kept breaks a uniqueness rule, such as one
	// Stripe customer for two users.
	ErrConflict = errors.New("conflict with what is kept")
)

// State is all that is kept of one user.
type State struct {
	Account      domain.Account
	Entitlements []domain.Entitlement // as last derived, sorted by feature, source and part
	// Version counts the updates that changed the user's entitlements, and the moments at
	// which time alone changed a right, see [Feed.Tell]. It is the store's: what an update
	// says of it is not looked at.
	Version int64
}

// Rights are what was last derived for a user, and its version.
type Rights struct {
	Version      int64
	Entitlements []domain.Entitlement
}

// Clone returns a copy that shares nothing, so that whoever has one of the two may do
// with it what they like.
func (s State) Clone() State {
	a := s.Account.Clone()
	a.FormerCustomers = slices.Clone(a.FormerCustomers)
	a.DeletedCustomers = slices.Clone(a.DeletedCustomers)
	a.CustomerAccounts = slices.Clone(a.CustomerAccounts)
	for id, sub := range a.Subscriptions {
		sub.Items = slices.Clone(sub.Items)
		a.Subscriptions[id] = sub
	}
	for id, invoice := range a.Invoices {
		invoice.Lines = slices.Clone(invoice.Lines)
		a.Invoices[id] = invoice
	}
	for id, note := range a.CreditNotes {
		note.Lines, note.Refunds = slices.Clone(note.Lines), slices.Clone(note.Refunds)
		a.CreditNotes[id] = note
	}
	return State{Account: a, Entitlements: slices.Clone(s.Entitlements), Version: s.Version}
}

// Touch names what an update is about.
type Touch struct {
	// Users are accounts to find whole, by user id; an unknown user's is found empty.
	Users []domain.UserID
	// Refs are names under which accounts may be known; an unknown one finds
	// nothing. Of their accounts, what is about the purchases behind the names is found,
	// see [domain.Parts], and more if the store thinks fit.
	Refs []domain.Ref
	// Whole are those of Refs whose accounts are to be found whole.
	Whole []domain.Ref
	// Events are those whose receipts are to be found.
	Events []domain.EventID
	// LockWait is how long to wait for what another update holds: beyond, the update
	// fails with [ErrLocked]. A store that has but one lock may wait on. Zero: as long
	// as the context lasts, and no longer than the store thinks fit.
	LockWait time.Duration
}

// Found is what an update may look at. It is the update's own: changing it
// changes nothing that is kept.
type Found struct {
	States   map[domain.UserID]State                  // of every user and of every owner of a ref, locked; of what was named
	Owners   map[domain.Ref]domain.UserID             // of the refs that are known
	Receipts map[domain.EventID]domain.ProcessedEvent // of the events that have one, without their payload

	// Apart are those of the invoices found that ended long ago, and were found all the same.
	Apart map[domain.UserID]map[domain.InvoiceID]bool
}

// Kept is what an update leaves behind. Of a state, everything that was found of the account
// and that it has no longer is forgotten only if it is an entitlement: facts are never
// deleted. What was not found stays as it is.
type Kept struct {
	States   []State // only of users that were found
	Receipts []domain.ProcessedEvent
	Changes  []domain.Change // in this order, of users that were found; Seq and Version are given by the store

	// Questions are to be put to Stripe. One that is kept already keeps its Due and
	// Attempts, and takes the later Since.
	Questions []Question
	// Answered forgets the question about each subject, if its Since is before the
	// one here or both are zero; one that is asked in the same update too.
	Answered []domain.Doubt
	// Expected replaces the news that are expected: a subject has one due time, and a new
	// one takes the attempts back. The one that is kept already changes nothing, however
	// often it was taken. Those whose Due is zero are forgotten. They are taken like
	// questions, see [Store.TakeQuestions], and kept after Answered has done its work: no
	// subject of theirs is one of a question.
	Expected []domain.Expectation

	// Ended says of some of the States what ended long ago, as [domain.Account.LongEnded]
	// does. A store may leave that out when what is told of is found by other names, and
	// then says what is left of it in the account's Past. Who says nothing of a state leaves
	// it as it is.
	Ended map[domain.UserID]Ended
}

// Ended are invoices that ended long ago, and the sum of all that did.
type Ended struct {
	Invoices []domain.InvoiceID
	Past     map[domain.SubscriptionID]domain.Past
}

// Question is a doubt that only Stripe can settle, kept until it has; or news that are
// due, in which case Since is when they were expected. One about a customer account is
// not for Stripe: an account of ours has learned at Since that it is its own, and events
// that name it are to be processed again.
type Question struct {
	domain.Doubt
	Due      time.Time // UTC; when to ask, or to ask again
	Attempts int       // how often it was taken
}

// Store keeps accounts, entitlements, receipts and changes.
//
// Every method returns [ErrUnavailable], wrapped, where the database cannot
// answer, and the context's error once it is done.
type Store interface {
	Feed
	Endpoints
	Auditor

	// Update finds what touch names, locks the accounts in a fixed order, runs fn
	// and keeps what it returns, all in one transaction: all of it is kept, or
	// nothing. Two updates of one account never overlap.
	//
	// fn may run again, after a serialization failure or deadlock: it works on
	// values and touches nothing else, and above all never calls Stripe. If fn
	// returns an error nothing is kept and Update returns that error.
	//
	// Keeping a receipt that exists replaces all but its payload and ReceivedAt; one that
	// is Redacted loses its payload, and stays redacted.
	// Every name in an account's Refs is known from then on; a name that another
	// user has already is an [ErrConflict]. Changes of a user count its version up by one.
	Update(ctx context.Context, touch Touch, fn func(Found) (Kept, error)) error

	// Fail keeps the receipt of an event that could not be processed, in a
	// transaction of its own, so that it outlives the rollback of what failed.
	// It counts the attempt, and keeps the user that the event was known to be about.
	// A receipt with a final outcome stays as it is.
	Fail(ctx context.Context, receipt domain.ProcessedEvent) error

	// State reads one user's state without locking; a user of whom nothing is
	// known has an empty one.
	State(ctx context.Context, user domain.UserID) (State, error)

	// States reads the states of several users, as of one moment.
	States(ctx context.Context, users []domain.UserID) (map[domain.UserID]State, error)

	// Entitlements reads what was last derived for each of the users, live or
	// not, with its version, in one round trip. A user without either has no key.
	Entitlements(ctx context.Context, users []domain.UserID) (map[domain.UserID]Rights, error)

	// Order reads one order and whose it is, or [ErrNotFound].
	Order(ctx context.Context, id domain.OrderID) (domain.Order, domain.UserID, error)

	// Receipt reads one receipt with its payload, or [ErrNotFound].
	Receipt(ctx context.Context, id domain.EventID) (domain.ProcessedEvent, error)

	// Receipts reads receipts without their payloads, the last received first.
	Receipts(ctx context.Context, query ReceiptQuery) ([]domain.ProcessedEvent, error)

	// Redact takes the bodies of receipts with a final outcome that were received before a
	// time, the first received first, at most limit. They wait for nothing any more. It
	// returns how many there were.
	Redact(ctx context.Context, before time.Time, limit int) (int, error)

	// Forget puts another user id in the place of one, wherever that is kept, and redacts
	// the receipts of the user. Texts that say the id are taken, too, and what receivers
	// answered to messages about the user. [ErrNotFound]: it is
	// kept nowhere. Names still lead to what they led to, under the other id.
	Forget(ctx context.Context, user, as domain.UserID) error

	// Changes reads the history of one user's entitlements, oldest first.
	Changes(ctx context.Context, user domain.UserID) ([]domain.Change, error)

	// TakeQuestions returns questions and expected news that are due at now, the longest
	// due first, at most limit. They are the caller's for the lease, doubled with each earlier
	// attempt up to MostDoublings times: Due moves on by it, Attempts counts it. A
	// question is never given to two callers at once.
	TakeQuestions(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]Question, error)

	// OpenQuestions counts questions and expected news that wait for an answer: those that
	// are due at now, and those that were taken, with that lease, and not answered since.
	// Sorted by what they are about; of what there is none, there is no row.
	OpenQuestions(ctx context.Context, now time.Time, lease time.Duration) ([]OpenQuestions, error)

	// Holders counts who holds what from the plans that were bought: by entitlements of
	// orders and subscriptions that are not over at a time, begun or not. Sorted by plan
	// and feature.
	Holders(ctx context.Context, at time.Time) ([]Holding, error)

	// Users reads the ids of users with an account, in ascending order, those
	// after the one given, at most limit.
	Users(ctx context.Context, after domain.UserID, limit int) ([]domain.UserID, error)

	// Affected looks at the users with an account, in ascending order, those after the one
	// given, at most limit, and returns those whose rights may depend on a change, as
	// [domain.Account.DependsOn] has it; it may return more.
	Affected(ctx context.Context, change domain.CatalogChange, after domain.UserID, limit int) (Affected, error)

	// Setting reads what the deployment keeps under a name, or [ErrNotFound].
	Setting(ctx context.Context, name string) (string, error)

	// SetSetting keeps a value under a name, in place of the one before.
	SetSetting(ctx context.Context, name, value string) error

	// SwapSetting keeps a value under a name in place of the one that is given, and tells
	// whether it did: not if another is kept. An empty old value stands for none. Of two
	// at a time with one old value only one does.
	SwapSetting(ctx context.Context, name, old, value string) (swapped bool, err error)

	// LogAdmin adds an action to the admin log, which is only ever added to.
	LogAdmin(ctx context.Context, action AdminAction) error

	// AdminLog reads actions, the last kept first.
	AdminLog(ctx context.Context, query AdminLogQuery) ([]AdminAction, error)

	// Ready returns nil if the store answers and its schema is the one that this
	// program was built for. Its error says what to do.
	Ready(ctx context.Context) error
}

// Affected are users whose rights may depend on a change of the catalog, of those that
// were looked at.
type Affected struct {
	Users  []domain.UserID
	Looked int
	Last   domain.UserID // that was looked at; empty: there was none left
}

// Holding is how many users hold a feature from a plan.
type Holding struct {
	Plan    domain.PlanKey
	Feature domain.FeatureKey
	Users   int
}

// MostDoublings bounds the time between two attempts at a question: of half a minute it
// makes 17 hours.
const MostDoublings = 11

// LeaseOf is how long a question that was taken so often before is its taker's.
func LeaseOf(lease time.Duration, attempts int) time.Duration {
	return lease << min(max(attempts, 0), MostDoublings)
}

// DueFirst is when a question was due before it was taken so often, each time as soon as
// it was due.
func DueFirst(due time.Time, lease time.Duration, attempts int) time.Time {
	doubled := min(max(attempts, 0), MostDoublings)
	due = due.Add(-lease * (1<<doubled - 1))
	return due.Add(-LeaseOf(lease, MostDoublings) * time.Duration(max(attempts, 0)-doubled))
}

// OpenQuestions are those about one kind of subject.
type OpenQuestions struct {
	About  domain.RefKind
	Count  int
	Oldest time.Time // UTC, since when the oldest is due
}

// ReceiptQuery narrows a listing of receipts; zero fields do not.
type ReceiptQuery struct {
	Outcome domain.Outcome
	Type    domain.EventType
	User    domain.UserID
	// WaitsFor is what Stripe is asked about, of waiting ones; the customer account that
	// may turn out to be ours, of ignored ones; the customer whose order a person may have
	// made again, of quarantined ones.
	WaitsFor domain.Ref
	// Before and BeforeID name a place in the listing: what was received before, or
	// at the same time and has a lesser id. Without an id: what was received before.
	Before   time.Time
	BeforeID domain.EventID
	Limit    int // 0: 50
}
