package clock

import (
	"context"
	"time"
)

// After plans run for some time from now: of the sandbox's clock, or of the wall's where
// another moves the sandbox's. Mu is not held.
func (c *Clock) After(d time.Duration, run func()) {
	if !c.OwnClock {
		c.Mu.Lock()
		defer c.Mu.Unlock()
		c.At(c.Now().Add(d), run)
		return
	}
	c.Work.Go(func() {
		if c.Sleep(c.Running, d) {
			c.Mu.Lock()
			defer c.Mu.Unlock()
			run()
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
		return true
	case <-ctx.Done():
	case <-c.Running.Done():
	}
	return false
}
