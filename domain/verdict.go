package domain

import "time"

// Outcome says what became of an event.
type Outcome string

const (
	OutcomeApplied     Outcome = "applied"     // it changed what we know
	OutcomeUnchanged   Outcome = "unchanged"   // it said nothing new
	OutcomeIgnored     Outcome = "ignored"     // it is not about a purchase of ours
	OutcomeWaiting     Outcome = "waiting"     // it names nobody that we know, and may be ours: Stripe is asked whose it is
	OutcomeQuarantined Outcome = "quarantined" // it is ours and does not fit: a person has to look
	OutcomeFailed      Outcome = "failed"      // we could not process it; Stripe will try again
)

// Outcomes lists every outcome.
var Outcomes = []Outcome{
	OutcomeApplied, OutcomeUnchanged, OutcomeIgnored, OutcomeWaiting, OutcomeQuarantined, OutcomeFailed,
}

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
	Doubt   Doubt // what the facts cannot settle among themselves; zero: nothing
	// Kept: it is ignored, and the account remembers it all the same.
	Kept bool
}

// Doubt is a question that only Stripe can answer. Until it has, a deterministic
// rule decides.
type Doubt struct {
	// Subject is what to ask about: a subscription of which two snapshots may be
	// the newest; a payment intent or charge of which we do not know whose it is, what
	// it paid or how much it is over; an invoice or a credit note of which we do not know
	// all lines.
	Subject Ref
	// Since is the time that an answer has to be from after, by Stripe's clock in
	// whole seconds; zero: any answer will do.
	Since time.Time
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
	// WaitsFor is what Stripe is asked about, of a waiting one. Of an ignored one it is
	// the customer account that may turn out to be ours, and of a quarantined one the
	// customer whose order may be made again, and then it is processed again.
	WaitsFor Ref
	Attempts int    // how often we tried, 1 at first
	Payload  []byte // as received, to the byte
	// Redacted: its body is not kept, or no longer: it was a stranger's, the time for which
	// bodies are kept is over, or the user was forgotten.
	Redacted bool
}
