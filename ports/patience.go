package ports

import (
	"context"
	"sync"
	"time"
)

type patienceKey struct{}

// patience is what is left of how long somebody waits.
type patience struct {
	mu    sync.Mutex
	left  time.Duration
	begun bool
}

// WithPatience has all calls of a store that are made with the context wait no longer than d
// in sum for a connection while all are taken: who needs several, one after the other, is told
// that the store is busy as soon as who needs one. What the calls themselves take is not counted.
func WithPatience(ctx context.Context, d time.Duration) context.Context {
	return context.WithValue(ctx, patienceKey{}, &patience{left: d})
}

// Waiting is for one such wait: it lasts as long as most, and no longer than what is left of the
// context's patience. First tells that it has one, of which no wait has led to anything yet. Done
// ends the wait, and says whether it has.
func Waiting(ctx context.Context, most time.Duration) (bounded context.Context, first bool, done func(got bool)) {
	p, has := ctx.Value(patienceKey{}).(*patience)
	if !has {
		bounded, cancel := context.WithTimeout(ctx, most)
		return bounded, false, func(bool) { cancel() }
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	began := time.Now()
	bounded, cancel := context.WithTimeout(ctx, min(most, p.left))
	return bounded, !p.begun, func(got bool) {
		cancel()
		p.mu.Lock()
		defer p.mu.Unlock()
		p.left -= time.Since(began)
		p.begun = p.begun || got
	}
}
