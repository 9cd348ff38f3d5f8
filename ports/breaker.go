package ports

import "fmt"

// ErrGatewayAway is an [ErrGatewayBusy]: Stripe has not answered lately, and was not
// asked this time.
var ErrGatewayAway = fmt.Errorf("%w: it has not answered lately, and is left alone for a moment", ErrGatewayBusy)

// BreakerState is how a [Breaker] stands.
type BreakerState string

const (
	BreakerClosed   BreakerState = "closed"    // questions are put
	BreakerOpen     BreakerState = "open"      // none is
	BreakerHalfOpen BreakerState = "half_open" // one is, and what comes of it decides
)

// BreakerStates lists every state.
var BreakerStates = []BreakerState{BreakerClosed, BreakerOpen, BreakerHalfOpen}

// Breaker keeps questions from a Stripe that does not answer. It opens where calls that
// it allowed fail one after the other with [ErrGatewayBusy], or take too long. After a
// while it allows a single one, and closes if Stripe answers that: a refusal is an answer.
type Breaker interface {
	State() BreakerState

	// Allow says whether a call may be made: [ErrGatewayAway] if not. If so, done has to
	// be told how it ended.
	Allow() (done func(error), err error)
}
