package httpapi

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/entitled-dev/entitled/ports"
)

// limiter lets each caller do something so often. It remembers the callers of the
// last while only: those not seen while many others came begin anew.
type limiter struct {
	rate  rate.Limit
	burst int
	clock ports.Clock

	mu       sync.Mutex
	recent   map[string]*rate.Limiter
	previous map[string]*rate.Limiter
}

// limiterMost bounds each of the two maps: some megabytes in all.
const limiterMost = 20_000

func newLimiter(r rate.Limit, burst int, clock ports.Clock) *limiter {
	return &limiter{rate: r, burst: burst, clock: clock, recent: map[string]*rate.Limiter{}}
}

// take counts one call, or says how long to wait before the next.
func (l *limiter) take(key string) error {
	now := l.clock()
	reservation := l.of(key).ReserveN(now, 1)
	if wait := reservation.DelayFrom(now); wait > 0 {
		reservation.CancelAt(now)
		return rateLimited{max(wait, time.Millisecond)}
	}
	return nil
}

func (l *limiter) of(key string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if one, seen := l.recent[key]; seen {
		return one
	}
	if len(l.recent) >= limiterMost {
		l.recent, l.previous = make(map[string]*rate.Limiter, limiterMost), l.recent
	}
	one, seen := l.previous[key]
	if !seen {
		one = rate.NewLimiter(l.rate, l.burst)
	}
	l.recent[key] = one
	return one
}

// limitKey tells callers apart: a user, or what a service key asks about.
func limitKey(ctx context.Context, about string) string {
	caller := exchangeOf(ctx).caller
	if caller.Role == ports.RoleUser {
		return "user\x00" + string(caller.User)
	}
	return "key\x00" + caller.Name + "\x00" + about
}
