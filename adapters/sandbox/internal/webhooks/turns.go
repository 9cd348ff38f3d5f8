package webhooks

// line is what waits for its turn at one endpoint.
type line struct{ attempts []func() }

// attemptInTurn makes an attempt when the endpoint has answered all that were to be made
// before. Mu is held.
func (s *Sender) attemptInTurn(endpointID string, attempt func()) {
	l := s.lines[endpointID]
	if l == nil {
		l = &line{}
		s.lines[endpointID] = l
		s.Work.Go(func() { s.serve(endpointID, l) })
	}
	l.attempts = append(l.attempts, attempt)
}

// serve makes the attempts of a line one after the other until there is none.
func (s *Sender) serve(endpointID string, l *line) {
	for {
		s.Mu.Lock()
		if len(l.attempts) == 0 {
			if s.lines[endpointID] == l {
				delete(s.lines, endpointID)
			}
			s.Mu.Unlock()
			return
		}
		attempt := l.attempts[0]
		l.attempts = l.attempts[1:]
		s.Mu.Unlock()
		attempt()
	}
}
