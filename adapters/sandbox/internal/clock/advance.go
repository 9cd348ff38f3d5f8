package clock

import "time"

// Pass moves the clock forward by d at once, and waits for no webhook. What is due by that
// happens right after.
func (c *Clock) Pass(d time.Duration) {
	c.Mu.Lock()
	defer c.Mu.Unlock()
	c.MoveTo(c.Now().Add(d))
	c.wakeTimers()
}

// RunNext moves the clock to what is due next until t, and makes that happen. If there is
// nothing more, it moves the clock to t.
func (c *Clock) RunNext(t time.Time) bool {
	c.Mu.Lock()
	defer c.Mu.Unlock()
	if len(c.Timers) == 0 || c.Timers[0].Due.After(t) {
		c.MoveTo(t)
		return false
	}
	c.MoveTo(c.Timers[0].Due)
	c.runDue()
	return true
}

// Latest is how far the clock goes: how much it is ahead of the wall's is counted in nanoseconds,
// which are 292 years at most.
func (c *Clock) Latest() time.Time { return time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC) }

// MoveTo sets the clock forward, and up to Latest. Mu is held.
func (c *Clock) MoveTo(t time.Time) {
	if t.After(c.Latest()) {
		t = c.Latest()
	}
	if ahead := t.Sub(c.Now()); ahead > 0 {
		c.ahead.Add(int64(ahead))
	}
}

// SetTo has the clock show a time, be it over, and go on from there. Mu is held.
func (c *Clock) SetTo(t time.Time) {
	c.ahead.Store(int64(t.Sub(c.Wall())))
	c.wakeTimers()
}
