package httpapi

import (
	"context"
	"sync"
	"time"

	"github.com/entitled-dev/entitled/ports"
)

const (
	// readyTime is less than what probes usually wait.
	readyTime = 2 * time.Second
	// readyFresh is how long an answer counts, and less than how often probes ask:
	// anybody may ask /readyz, as often as they like, and each question is one to
	// the database.
	readyFresh = time.Second
)

// readiness remembers for a moment whether the store answers, and asks it once for
// all who want to know at the same time.
type readiness struct {
	ask   func(context.Context) error
	clock ports.Clock

	mu    sync.Mutex
	asked time.Time
	err   error
	known bool          // asked and err say something
	under chan struct{} // closed when the question under way is answered; nil: none is
}

// check says why the store is not ready, as of a moment ago.
func (r *readiness) check(ctx context.Context) error {
	r.mu.Lock()
	// A clock that was put back must not make an old answer last.
	if age := r.clock().Sub(r.asked); r.known && age >= 0 && age < readyFresh {
		defer r.mu.Unlock()
		return r.err
	}
	if r.under == nil {
		r.under = make(chan struct{})
		// It belongs to all who wait for it: who asked first may leave.
		go r.look(r.under)
	}
	under := r.under
	r.mu.Unlock()

	select {
	case <-under:
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *readiness) look(answered chan struct{}) {
	ctx, cancel := context.WithTimeout(context.Background(), readyTime)
	defer cancel()
	err := r.ask(ctx)

	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked, r.err, r.known, r.under = r.clock(), err, true, nil
	close(answered)
}
