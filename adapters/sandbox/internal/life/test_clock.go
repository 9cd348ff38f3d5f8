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
	s.Work.Go(func() {
		if s.AdvanceTo(s.Running, time.Unix(at, 0)) != nil {
			return // the sandbox was closed
		}
		s.Mu.Lock()
		defer s.Mu.Unlock()
		clock.Advancing = false
		if s.TestClocks.Get(clock.ID) != nil {
			s.Emit("test_helpers.test_clock.ready", s.Render.TestClock(clock), nil)
		}
	})
}
