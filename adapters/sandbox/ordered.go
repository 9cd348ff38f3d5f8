package sandbox

import "time"

// newSecond is the time of an event, which no other has if events are ordered. mu is held.
func (s *Sandbox) newSecond() int64 {
	now := s.nowUnix()
	if !s.ordered {
		return now
	}
	if now <= s.lastEvent {
		now = s.lastEvent + 1
		if !s.ownClock { // else only its owner moves the clock, and events run ahead of it
			s.moveTo(time.Unix(now, 0))
		}
	}
	s.lastEvent = now
	return now
}

// attemptInTurn makes an attempt when the endpoint has answered all that were to be made
// before. mu is held.
func (s *Sandbox) attemptInTurn(ep *endpoint, attempt func()) {
	s.lines[ep.id] = append(s.lines[ep.id], attempt)
	if len(s.lines[ep.id]) == 1 {
		s.work.Go(func() { s.serveLine(ep.id) })
	}
}

// serveLine makes the attempts of an endpoint one after the other until there is none.
func (s *Sandbox) serveLine(endpointID string) {
	for {
		s.mu.Lock()
		attempt := s.lines[endpointID][0]
		s.mu.Unlock()
		attempt()
		s.mu.Lock()
		s.lines[endpointID] = s.lines[endpointID][1:]
		last := len(s.lines[endpointID]) == 0
		if last {
			delete(s.lines, endpointID)
		}
		s.mu.Unlock()
		if last {
			return
		}
	}
}
