package life

import "github.com/entitled-dev/entitled/adapters/sandbox/internal/state"

// ChangeProduct tells of a change, if it is one.
func (s *Stripe) ChangeProduct(p *state.Product, change state.Product) {
	before := s.Render.Product(p)
	*p = change
	p.Updated = s.NowUnix()
	s.EmitUpdated("product.updated", before, s.Render.Product(p))
}
