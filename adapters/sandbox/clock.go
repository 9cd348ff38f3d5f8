package sandbox

import (
	"errors"
	"time"
)

// advanceTo moves the clock forward to a time, and makes happen on the way, each at its time,
// what is due until then. It fails only where the sandbox is closed meanwhile.
func (s *Sandbox) advanceTo(t time.Time) error {
	s.advancing.Lock() // two at once would skip what is due between them
	defer s.advancing.Unlock()
	for {
		_ = s.idle(s.ctx) // ends early when the sandbox is closed
		if s.ctx.Err() != nil {
			return errors.New("sandbox: closed")
		}
		if !s.runNext(t) {
			return nil
		}
	}
}

// runNext moves the clock to what is due next until t, and makes that happen. If there is
// nothing more, it moves the clock to t.
func (s *Sandbox) runNext(t time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.timers) == 0 || s.timers[0].at.After(t) {
		s.moveTo(t)
		return false
	}
	s.moveTo(s.timers[0].at)
	s.runDue()
	return true
}

// moveTo sets the clock forward. mu is held.
func (s *Sandbox) moveTo(t time.Time) {
	if ahead := t.Sub(s.now()); ahead > 0 {
		s.ahead.Add(int64(ahead))
	}
}

// after plans run for some time from now: of the sandbox's clock, or of the wall's where
// another moves the sandbox's. mu is not held.
func (s *Sandbox) after(d time.Duration, run func()) {
	if !s.ownClock {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.at(s.now().Add(d), run)
		return
	}
	s.work.Go(func() {
		if s.sleep(s.ctx, d) {
			s.mu.Lock()
			defer s.mu.Unlock()
			run()
		}
	})
}
