package httpapi

// BodyBytes is how much of bodies is held, and how much may be.
func (s *Server) BodyBytes() (held, most int64) {
	s.bodies.mu.Lock()
	defer s.bodies.mu.Unlock()
	return s.bodies.used, s.bodies.most
}

// Connections is how many there are, and how many there may be.
func (s *Server) Connections() (open, most int) {
	s.connected.mu.Lock()
	defer s.connected.mu.Unlock()
	return s.connected.open, s.connected.most
}
