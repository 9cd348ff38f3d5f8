package sandbox

// deleteProduct deletes a product that never had a price: what a price belongs to can
// only be archived.
func (s *Sandbox) deleteProduct(c *call) (object, *apiError) {
	p := s.products.get(c.id)
	if p == nil {
		return nil, notFound("product", c.id, "id")
	}
	for _, price := range s.prices.order {
		if price.product == p.id {
			return nil, invalid("", "", "This product cannot be deleted because it has one or more user-created prices.")
		}
	}
	s.products.remove(p.id)
	s.emit("product.deleted", s.productObject(p), nil)
	return object{"id": p.id, "object": "product", "deleted": true}, nil
}
