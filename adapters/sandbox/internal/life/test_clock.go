package life

import (
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
)

// AdvanceClock answers before the time has come, as Stripe does: the clock is advancing until
// it is ready.
func (s *Stripe) AdvanceClock(clock *state.TestClock, at int64) {
	clock.Advancing, clock.Target = true, at
	s.Emit("test_helpers.test_clock.advancing", s.Render.TestClock(clock), nil)
	s.Work.Go(func() { s.advanceToTarget(clock) })
}

// advanceToTarget moves the sandbox's clock to where a test clock is going. Mu is not held.
func (s *Stripe) advanceToTarget(clock *state.TestClock) {
	if s.AdvanceTo(s.Running, time.Unix(clock.Target, 0)) != nil {
		return // the sandbox was closed
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	clock.Advancing = false
	if s.TestClocks.Get(clock.ID) == clock {
		s.Emit("test_helpers.test_clock.ready", s.Render.TestClock(clock), nil)
	}
}

// goOnAdvancing has the test clocks go on that were on their way when they were written down.
func (s *Stripe) goOnAdvancing() {
	for _, clock := range s.TestClocks.Order {
		if clock.Advancing {
			s.Work.Go(func() { s.advanceToTarget(clock) })
		}
	}
}
