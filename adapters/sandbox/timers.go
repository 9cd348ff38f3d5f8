package sandbox

import (
	"slices"
	"time"
)

const day = 24 * time.Hour

// timer is something that happens by itself at a time of the sandbox's clock.
type timer struct {
	at  time.Time
	run func() // called with mu held; looks itself whether it still applies
}

// at plans run for t. mu is held.
func (s *Sandbox) at(t time.Time, run func()) {
	i, _ := slices.BinarySearchFunc(s.timers, t, func(x timer, t time.Time) int {
		if x.at.After(t) {
			return 1
		}
		return -1 // equal times keep their order
	})
	s.timers = slices.Insert(s.timers, i, timer{t, run})
	s.wakeTimers()
}

// wakeTimers has the loop look again at what is due.
func (s *Sandbox) wakeTimers() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// runAllDue makes happen what is due. mu is not held.
func (s *Sandbox) runAllDue() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runDue()
}

func (s *Sandbox) runDue() {
	for len(s.timers) > 0 && !s.timers[0].at.After(s.now()) {
		t := s.timers[0]
		s.timers = slices.Delete(s.timers, 0, 1)
		t.run()
	}
}

func (s *Sandbox) runTimers() {
	for {
		s.runAllDue()
		wait := time.NewTimer(s.untilNext())
		select {
		case <-s.ctx.Done():
			wait.Stop()
			return
		case <-s.wake:
			wait.Stop()
		case <-wait.C:
		}
	}
}

func (s *Sandbox) untilNext() time.Duration {
	longest := time.Minute // a laptop may sleep meanwhile
	if s.ownClock {
		longest = 50 * time.Millisecond // it may jump at any time
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.timers) == 0 {
		return longest
	}
	return min(longest, max(0, s.timers[0].at.Sub(s.now())))
}
