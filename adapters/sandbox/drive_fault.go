package sandbox

import (
	"path"
	"strings"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/chaos"
)

// Fault is something that goes wrong with one API request. The zero Fault does
// nothing, so it can be planned to let a request pass before the next fault.
type Fault struct {
	// Status answers with this status instead of performing the request.
	Status int
	// Body is the answer's body; empty means an error object of Stripe's for
	// that status. It need not be JSON.
	Body string
	// Remember keeps the answer for the request's idempotency key, as Stripe
	// does with a 500 that arises after the request was begun. Without it the
	// answer comes from in front of the API, as a 429 or a proxy's 502 does.
	Remember bool
	// Delay waits before anything else happens. A client that gives up
	// meanwhile has had nothing done.
	Delay time.Duration
	// DropAfterApply performs the request, waits for Delay, and closes the
	// connection without an answer.
	DropAfterApply bool
}

// FailNext plans faults for the next requests that match pattern, one for
// each: "POST /v1/checkout/sessions". The method may be *, and * in the path
// stands for one segment, as in "GET /v1/subscriptions/*".
func (s *Sandbox) FailNext(pattern string, faults ...Fault) {
	method, p, ok := strings.Cut(pattern, " ")
	if _, err := path.Match(p, ""); !ok || err != nil {
		panic("sandbox: a fault's pattern is a method and a path, not " + pattern)
	}
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	for _, f := range faults {
		s.stripe.Chaos.PlanFault(method, p, chaos.Fault(f))
	}
}

// PlannedFaults are those that no request has met yet, as the patterns of FailNext.
func (s *Sandbox) PlannedFaults() []string {
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	out := make([]string, 0, len(s.stripe.Chaos.Planned))
	for _, f := range s.stripe.Chaos.Planned {
		out = append(out, f.Method+" "+f.Path)
	}
	return out
}
