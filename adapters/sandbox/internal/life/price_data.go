package life

import "github.com/entitled-dev/entitled/adapters/sandbox/internal/state"

// AddInline keeps and announces what a request has made in passing.
func (s *Stripe) AddInline(in *state.InlinePrice) {
	if in.Product != nil {
		s.Products.Add(in.Product.ID, in.Product)
		s.Emit("product.created", s.Render.Product(in.Product), nil)
	}
	s.Prices.Add(in.Price.ID, in.Price)
	s.Emit("price.created", s.Render.Price(in.Price), nil)
}
