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
	return s.advanceTo(t)
}

// RunDue makes happen what is due at the sandbox's clock: sessions expire,
// delayed payments settle, scheduled cancellations take effect. It happens by
// itself as well, shortly after; a test that moves its own clock calls RunDue
// to have it at once.
func (s *Sandbox) RunDue() { s.runAllDue() }
