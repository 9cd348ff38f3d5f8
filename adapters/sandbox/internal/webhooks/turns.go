package webhooks

import "github.com/entitled-dev/entitled/adapters/sandbox/internal/state"

// attemptInTurn makes an attempt when the endpoint has answered all that were to be made
// before. Mu is held.
func (s *Sender) attemptInTurn(ep *state.Endpoint, attempt func()) {
	s.lines[ep.ID] = append(s.lines[ep.ID], attempt)
	if len(s.lines[ep.ID]) == 1 {
		s.Work.Go(func() { s.serveLine(ep.ID) })
	}
}

// serveLine makes the attempts of an endpoint one after the other until there is none.
func (s *Sender) serveLine(endpointID string) {
	for {
		s.Mu.Lock()
		attempt := s.lines[endpointID][0]
		s.Mu.Unlock()
		attempt()
		s.Mu.Lock()
		s.lines[endpointID] = s.lines[endpointID][1:]
		last := len(s.lines[endpointID]) == 0
		if last {
			delete(s.lines, endpointID)
		}
		s.Mu.Unlock()
		if last {
			return
		}
	}
}
