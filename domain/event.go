package domain

import "time"

// EventType is Stripe's name of what happened, passed through as it is. One name
// is ours: [TypeFetched].
type EventType string

// TypeFetched marks a fact that was not sent but fetched: the object as Stripe
// had it at the time of asking, in whole seconds.
const TypeFetched EventType = "entitled.fetched"

// Event is a verified message from Stripe.
type Event struct {
	ID         EventID
	Type       EventType
	Created    time.Time // UTC, whole seconds: Stripe's resolution
	APIVersion string
	Livemode   bool
	Account    string // the connected account, of a Connect event only
	Object     string // id of the object it is about; may be empty
	Fact       Fact   // nil: an object of a kind that says nothing of purchases
	Payload    []byte // as received, to the byte
}

// Fact is what one message says about one object. It is a closed set:
// [SessionFact], [SubscriptionFact], [InvoiceFact].
type Fact interface {
	// Refs are the names under which the owning account may be known, the most
	// trustworthy first: ids that we gave or were given, then what metadata
	// claims.
	Refs() []Ref

	// record joins the fact into an account that it may change freely.
	record(a Account, c Catalog) (Account, Verdict)
}

// SessionFact is what we were told of a Checkout Session.
type SessionFact struct {
	Type          EventType
	At            time.Time
	ID            SessionID
	Mode          Mode
	Status        string  // Stripe's: open, complete, expired
	PaymentStatus string  // Stripe's: paid, unpaid, no_payment_required
	Order         OrderID // as client_reference_id or metadata claim it
	Customer      CustomerID
	Subscription  SubscriptionID
	PaymentIntent PaymentIntentID
	RecoveredFrom SessionID
	URL           string
	Amount        int64 // minor currency units
	Currency      string
}

// Refs implements [Fact].
func (s SessionFact) Refs() []Ref {
	return refs(
		Ref{RefSession, string(s.ID)},
		Ref{RefSession, string(s.RecoveredFrom)},
		Ref{RefOrder, string(s.Order)},
	)
}

// paid tells whether the session says that there is nothing left to pay.
func (s SessionFact) paid() bool {
	return s.Type == "checkout.session.async_payment_succeeded" ||
		s.Status == "complete" && GuardPaid.holds(s)
}

// SubscriptionFact is a snapshot of a subscription.
type SubscriptionFact struct {
	Type     EventType
	At       time.Time
	Snapshot Subscription
}

// Refs implements [Fact].
func (s SubscriptionFact) Refs() []Ref {
	return refs(
		Ref{RefSubscription, string(s.Snapshot.ID)},
		Ref{RefCustomer, string(s.Snapshot.Customer)},
		Ref{RefOrder, string(s.Snapshot.Order)},
	)
}

// InvoiceFact is what we were told of an invoice.
type InvoiceFact struct {
	Type          EventType
	At            time.Time
	ID            InvoiceID
	Customer      CustomerID
	Subscription  SubscriptionID // empty: not for a subscription
	PaymentIntent PaymentIntentID
	Amount        int64 // paid or due, minor currency units
	Currency      string
	PeriodStart   time.Time // the lines' earliest start
	PeriodEnd     time.Time // the lines' latest end
}

// Refs implements [Fact].
func (i InvoiceFact) Refs() []Ref {
	return refs(
		Ref{RefSubscription, string(i.Subscription)},
		Ref{RefCustomer, string(i.Customer)},
	)
}

// Outcome says what became of an event.
type Outcome string

const (
	OutcomeApplied     Outcome = "applied"     // it changed what we know
	OutcomeUnchanged   Outcome = "unchanged"   // it said nothing new
	OutcomeIgnored     Outcome = "ignored"     // it is not about a purchase of ours
	OutcomeQuarantined Outcome = "quarantined" // it is ours and does not fit: a person has to look
	OutcomeFailed      Outcome = "failed"      // we could not process it; Stripe will try again
)

// Outcomes lists every outcome.
var Outcomes = []Outcome{OutcomeApplied, OutcomeUnchanged, OutcomeIgnored, OutcomeQuarantined, OutcomeFailed}

// Final tells whether an event with this outcome need not be processed again. One
// that did not fit may fit the next time: the catalog was mended, the program is
// newer.
func (o Outcome) Final() bool {
	return o == OutcomeApplied || o == OutcomeUnchanged || o == OutcomeIgnored
}

// Verdict is an outcome and, in a sentence, why.
type Verdict struct {
	Outcome Outcome
	Reason  string
}

// ProcessedEvent is the receipt of an event.
type ProcessedEvent struct {
	ID          EventID
	Type        EventType
	Object      string
	User        UserID // whose account it was about; empty: nobody's
	Created     time.Time
	ReceivedAt  time.Time
	ProcessedAt time.Time
	APIVersion  string
	Livemode    bool
	Outcome     Outcome
	Reason      string // of an outcome that needs one
	Attempts    int    // how often we tried, 1 at first
	Payload     []byte // as received, to the byte
}
