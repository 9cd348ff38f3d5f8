package ports

import (
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// Cause says, in one word, why an event was ignored. Words are few, so that they
// can be counted.
type Cause string

const (
	CauseNone         Cause = ""
	CauseWrongMode    Cause = "wrong_mode"    // live at a test deployment, or the reverse
	CauseOtherAccount Cause = "other_account" // of a Connect account that is not ours
	CauseNoPurchase   Cause = "no_purchase"   // its kind of object says nothing of purchases
	CauseStranger     Cause = "stranger"      // of somebody who bought elsewhere on the Stripe account
	CauseNothingNew   Cause = "nothing_new"   // its type says nothing that others do not say
)

// Causes lists every cause.
var Causes = []Cause{CauseNone, CauseWrongMode, CauseOtherAccount, CauseNoPurchase, CauseStranger, CauseNothingNew}

// Answer is how asking Stripe on doubt ended.
type Answer string

const (
	AnswerSettled Answer = "settled" // it was told, and the doubt is over
	AnswerNothing Answer = "nothing" // Stripe has no such object
	AnswerFailed  Answer = "failed"  // Stripe could not answer: it will be asked again
)

// Answers lists every answer.
var Answers = []Answer{AnswerSettled, AnswerNothing, AnswerFailed}

// TwiceOutcome is what came of a purchase that was made twice.
type TwiceOutcome string

const (
	TwiceAlarmed  TwiceOutcome = "alarm"    // both stay: a person is to look
	TwiceKept     TwiceOutcome = "kept"     // both stay, as the catalog says
	TwiceRefunded TwiceOutcome = "refunded" // the older one was refunded, and has ended
)

// TwiceOutcomes lists every one.
var TwiceOutcomes = []TwiceOutcome{TwiceAlarmed, TwiceKept, TwiceRefunded}

// Meter counts what operators watch. Its methods are quick and never fail.
type Meter interface {
	// Event counts an event that was processed.
	Event(outcome domain.Outcome, cause Cause)
	// Refused counts an event that Stripe sent and that could not be kept: it has to come again.
	Refused()
	// Granted counts an event that gave a right, and how long that took to be kept: since
	// Stripe made the event, by Stripe's clock and to the second, and since it came in.
	Granted(sinceSent, sinceReceived time.Duration)
	// Asked counts a question put to Stripe on doubt.
	Asked(about domain.RefKind, answer Answer)
	// Remade counts orders that the database had lost and that were made again.
	Remade(orders int)
	// Drift counts what no webhook brought in time, and reconciliation found.
	Drift(kind DriftKind)
	// Delivered counts an attempt to deliver a message to an endpoint, by whether it was.
	Delivered(delivered bool)

	// Differences counts rows that are kept otherwise than they follow from what else is.
	Differences(n int)
	// BoughtTwice counts a purchase that turned out to be made twice, by what came of it.
	BoughtTwice(outcome TwiceOutcome)
	// Deriving says whether what users have is being derived again after a change of the
	// catalog, by this process, and at how many users it has looked.
	Deriving(underWay bool, looked int)
}
