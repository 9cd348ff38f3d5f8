package clock

import (
	"slices"
	"time"
)

// Day is 24 hours.
const Day = 24 * time.Hour

// timer is something that happens by itself at a time of the sandbox's clock.
type timer struct {
	at  time.Time
	run func() // called with Mu held; looks itself whether it still applies
}

// At plans run for t. Mu is held.
func (c *Clock) At(t time.Time, run func()) {
	i, _ := slices.BinarySearchFunc(c.timers, t, func(x timer, t time.Time) int {
		if x.at.After(t) {
			return 1
		}
		return -1 // equal times keep their order
	})
	c.timers = slices.Insert(c.timers, i, timer{t, run})
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
	for len(c.timers) > 0 && !c.timers[0].at.After(c.Now()) {
		t := c.timers[0]
		c.timers = slices.Delete(c.timers, 0, 1)
		t.run()
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
	if len(c.timers) == 0 {
		return longest
	}
	return min(longest, max(0, c.timers[0].at.Sub(c.Now())))
}
