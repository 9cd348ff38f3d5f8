package sandbox

import (
	"context"
	"path"
	"time"
)

// fault is something that goes wrong with one API request; the zero fault does nothing.
type fault struct {
	Status         int           // answered instead of performing the request
	Body           string        // of the answer; empty for an error object of Stripe's
	Remember       bool          // keep the answer for the request's idempotency key
	Delay          time.Duration // before anything else happens
	DropAfterApply bool          // perform the request, and close the connection without an answer
}

type plannedFault struct {
	method, path string
	fault        fault
}

// planFault has it go wrong with the next request that matches. mu is held.
func (s *Sandbox) planFault(method, path string, f fault) {
	s.faults = append(s.faults, plannedFault{method, path, f})
}

func (s *Sandbox) takeFault(method, requestPath string) fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		matches, _ := path.Match(f.path, requestPath)
		if matches && (f.method == "*" || f.method == method) {
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
			return f.fault
		}
	}
	return s.chaos.requestFault(method)
}

func (f fault) inFront() bool { return f.Status != 0 && !f.Remember }

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
