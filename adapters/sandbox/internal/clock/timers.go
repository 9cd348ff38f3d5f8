package clock

import (
	"slices"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
)

// Day is 24 hours.
const Day = 24 * time.Hour

// On says what happens when a timer of a kind is due. do is called with Mu held, and looks
// itself whether it still applies. Each kind is told of once, before the clock is started.
func (c *Clock) On(kind state.TimerKind, do func(state.Timer)) {
	if c.happens[kind] != nil {
		panic("sandbox: two say what happens at " + string(kind))
	}
	c.happens[kind] = do
}

// Knows tells whether something happens when a timer of the kind is due.
func (c *Clock) Knows(kind state.TimerKind) bool { return c.happens[kind] != nil }

// At plans something, of a kind that On was told of. Mu is held.
func (c *Clock) At(due time.Time, t state.Timer) {
	t.Due = due
	i, _ := slices.BinarySearchFunc(c.Timers, due, func(x *state.Timer, due time.Time) int {
		if x.Due.After(due) {
			return 1
		}
		return -1 // equal times keep their order
	})
	c.Timers = slices.Insert(c.Timers, i, &t)
	c.wakeTimers()
}

// wakeTimers has the loop look again at what is due.
func (c *Clock) wakeTimers() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// RunAllDue makes happen what is due. Mu is not held.
func (c *Clock) RunAllDue() {
	c.Mu.Lock()
	defer c.Mu.Unlock()
	c.runDue()
}

func (c *Clock) runDue() {
	for len(c.Timers) > 0 && !c.Timers[0].Due.After(c.Now()) {
		t := c.Timers[0]
		c.Timers = slices.Delete(c.Timers, 0, 1)
		c.happens[t.Kind](*t)
	}
}

func (c *Clock) runTimers() {
	for {
		c.RunAllDue()
		wait := time.NewTimer(c.untilNext())
		select {
		case <-c.Running.Done():
			wait.Stop()
			return
		case <-c.wake:
			wait.Stop()
		case <-wait.C:
		}
	}
}

func (c *Clock) untilNext() time.Duration {
	longest := time.Minute // a laptop may sleep meanwhile
	if c.OwnClock {
		longest = 50 * time.Millisecond // it may jump at any time
	}
	c.Mu.Lock()
	defer c.Mu.Unlock()
	if len(c.Timers) == 0 {
		return longest
	}
	return min(longest, max(0, c.Timers[0].Due.Sub(c.Now())))
}
