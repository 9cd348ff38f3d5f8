package clock

import (
	"context"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
)

// After plans something for some time from now: of the sandbox's clock, or of the wall's where
// another moves the sandbox's. Mu is held.
func (c *Clock) After(d time.Duration, t state.Timer) {
	if !c.OwnClock {
		c.At(c.Now().Add(d), t)
		return
	}
	c.Work.Go(func() {
		if c.Sleep(c.Running, d) {
			c.Mu.Lock()
			defer c.Mu.Unlock()
			c.happens[t.Kind](t)
		}
	})
}

// Sleep tells whether the whole time passed.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil // both may be over by now
	case <-ctx.Done():
	case <-c.Running.Done():
	}
	return false
}
