package sandbox

import "time"

// WithWall has the sandbox's clock be ahead of another than the wall's.
func WithWall(now func() time.Time) Option { return func(s *Sandbox) { s.stripe.Wall = now } }
