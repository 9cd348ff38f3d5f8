package sandbox

import (
	"context"
	"net/http"
	"path"
	"strings"
	"time"
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

type plannedFault struct {
	method, path string
	fault        Fault
}

// FailNext plans faults for the next requests that match pattern, one for
// each: "POST /v1/checkout/sessions". The method may be *, and * in the path
// stands for one segment, as in "GET /v1/subscriptions/*".
func (s *Sandbox) FailNext(pattern string, faults ...Fault) {
	method, p, ok := strings.Cut(pattern, " ")
	if _, err := path.Match(p, ""); !ok || err != nil {
		panic("sandbox: a fault's pattern is a method and a path, not " + pattern)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range faults {
		s.faults = append(s.faults, plannedFault{method, p, f})
	}
}

// PlannedFaults are those that no request has met yet, as the patterns of FailNext.
func (s *Sandbox) PlannedFaults() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]string, 0, len(s.faults))
	for _, f := range s.faults {
		out = append(out, f.method+" "+f.path)
	}
	return out
}

func (s *Sandbox) takeFault(method, requestPath string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		matches, _ := path.Match(f.path, requestPath)
		if matches && (f.method == "*" || f.method == method) {
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
			return f.fault
		}
	}
	return s.chaos.fault(method)
}

func (f Fault) inFront() bool { return f.Status != 0 && !f.Remember }

func (f Fault) answer(requestID string) answer {
	if f.Body != "" {
		return answer{status: f.Status, body: []byte(f.Body)}
	}
	e := &apiError{status: f.Status, kind: "api_error", message: "An unknown error occurred."}
	switch {
	case f.Status == http.StatusTooManyRequests:
		e.kind, e.code, e.message = "invalid_request_error", "rate_limit", "Request rate limit exceeded."
	case f.Status < 500:
		e.kind, e.message = "invalid_request_error", http.StatusText(f.Status)
	}
	return errorAnswer(e, requestID)
}

// sleep tells whether the whole time passed.
func (s *Sandbox) sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
	case <-s.ctx.Done():
	}
	return false
}
