package sandbox

import (
	"errors"
	"fmt"
	"time"
)

// ErrOwnClock is returned by Advance where WithClock has set a time that only its owner can
// move.
var ErrOwnClock = errors.New("sandbox: the clock is the one that WithClock was given: move that, and call RunDue")

// Now is the sandbox's time, UTC: the wall clock, and as much as it was advanced.
func (s *Sandbox) Now() time.Time { return s.now().UTC() }

// Advance moves the sandbox's clock forward and makes happen on the way, each at its time,
// what is due until then: periods end and are billed an hour later, trials end, failed
// payments are tried again and given up, sessions expire, delayed payments settle,
// cancellations take effect, banks decide disputes that nobody answers, failed webhooks are
// sent again. Before the clock goes on, the webhooks of one moment have been answered, or
// have failed; so an endpoint must not wait for Advance itself. It returns ErrOwnClock under
// WithClock.
func (s *Sandbox) Advance(d time.Duration) error {
	if d < 0 {
		return fmt.Errorf("sandbox: the clock cannot go back by %s", -d)
	}
	return s.AdvanceTo(s.now().Add(d))
}

// AdvanceTo is Advance up to a time. One that is over changes nothing.
func (s *Sandbox) AdvanceTo(t time.Time) error {
	if s.ownClock {
		return ErrOwnClock
	}
	s.advancing.Lock() // two at once would skip what is due between them
	defer s.advancing.Unlock()
	for {
		_ = s.wait(s.ctx, func() bool { return s.due == 0 }) // ends early when the sandbox is closed
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
