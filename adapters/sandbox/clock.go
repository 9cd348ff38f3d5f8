package sandbox

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// advanceTo moves the clock forward to a time, and makes happen on the way, each at its time,
// what is due until then. It fails where ctx ends or the sandbox is closed meanwhile.
func (s *Sandbox) advanceTo(ctx context.Context, t time.Time) error {
	select {
	case s.advancing <- struct{}{}: // two at once would skip what is due between them
		defer func() { <-s.advancing }()
	case <-ctx.Done():
		return fmt.Errorf("sandbox: the clock is being advanced already: %w", ctx.Err())
	case <-s.ctx.Done():
	}
	for {
		err := s.idle(ctx)
		switch {
		case s.ctx.Err() != nil:
			return errors.New("sandbox: closed")
		case err != nil:
			return s.heldBy(ctx.Err())
		case !s.runNext(t):
			return nil
		}
	}
}

// heldBy says which endpoint the clock waits for.
func (s *Sandbox) heldBy(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	held := "a webhook"
	for _, d := range s.deliveries {
		if d.due {
			held = fmt.Sprintf("%s, sent to %s,", d.event.kind, d.endpoint.url)
			break
		}
	}
	return fmt.Errorf("sandbox: the clock stands at %s, since %s is not answered: %w", s.now().UTC().Format(time.RFC3339), held, err)
}

// pass moves the clock forward by d at once, and waits for no webhook. What is due by that
// happens right after.
func (s *Sandbox) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moveTo(s.now().Add(d))
	s.wakeTimers()
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
