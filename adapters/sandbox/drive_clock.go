package sandbox

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrOwnClock is returned by Advance where WithClock has set a time that only its owner can
// move.
var ErrOwnClock = errors.New("sandbox: the clock is the one that WithClock was given: move that, and call RunDue")

// Now is the sandbox's time, UTC: the wall clock, and as much as it was advanced.
func (s *Sandbox) Now() time.Time { return s.stripe.Now().UTC() }

// Advance moves the sandbox's clock forward and makes happen on the way, each at its time,
// what is due until then: periods end and are billed an hour later, trials end, failed
// payments are tried again and given up, sessions expire, delayed payments settle,
// cancellations take effect, banks decide disputes that nobody answers, failed webhooks are
// sent again. Before the clock goes on, the webhooks of one moment have been answered, or
// have failed; so an endpoint must not wait for Advance itself, and one that does not answer
// holds it for the time of WithWebhookTimeout at each attempt: see AdvanceContext. It goes up to
// the year 2200. It returns ErrOwnClock under WithClock.
func (s *Sandbox) Advance(d time.Duration) error {
	return s.AdvanceContext(context.Background(), d)
}

// AdvanceContext is Advance that goes no further when ctx ends. The clock then stands where
// it has come to, and the error wraps ctx's and says whose answer was waited for.
func (s *Sandbox) AdvanceContext(ctx context.Context, d time.Duration) error {
	if d < 0 {
		return fmt.Errorf("sandbox: the clock cannot go back by %s", -d)
	}
	return s.AdvanceToContext(ctx, s.stripe.Now().Add(d))
}

// AdvanceTo is Advance up to a time. One that is over changes nothing.
func (s *Sandbox) AdvanceTo(t time.Time) error {
	return s.AdvanceToContext(context.Background(), t)
}

// AdvanceToContext is AdvanceTo that goes no further when ctx ends, as AdvanceContext.
func (s *Sandbox) AdvanceToContext(ctx context.Context, t time.Time) error {
	if s.stripe.OwnClock {
		return ErrOwnClock
	}
	return s.stripe.AdvanceTo(ctx, t)
}

// Sleep lets some time pass at once, for a service that lives on the sandbox's clock and waits
// by it before it answers a webhook. Advance would wait for that webhook; Sleep does not, and
// what is due on the way happens right after. Under WithClock it returns ErrOwnClock.
func (s *Sandbox) Sleep(d time.Duration) error {
	if s.stripe.OwnClock {
		return ErrOwnClock
	}
	s.stripe.Pass(d)
	return nil
}

// RunDue makes happen what is due at the sandbox's clock: sessions expire,
// delayed payments settle, scheduled cancellations take effect. It happens by
// itself as well, shortly after; a test that moves its own clock calls RunDue
// to have it at once.
func (s *Sandbox) RunDue() { s.stripe.RunAllDue() }
