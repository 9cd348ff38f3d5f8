package sandbox

import "time"

// WithWall has the sandbox's clock be ahead of another than the wall's.
func WithWall(now func() time.Time) Option { return func(s *Sandbox) { s.stripe.Wall = now } }

// EventTypes are the types of all events in the order of their making. Events would render
// each of them.
func EventTypes(s *Sandbox) []string {
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	out := make([]string, 0, len(s.stripe.Events.Order))
	for _, e := range s.stripe.Events.Order {
		out = append(out, e.Kind)
	}
	return out
}
