package sandbox

// updatePrice changes what Stripe lets change: a price's amount never.
func (s *Sandbox) updatePrice(c *call) (object, *apiError) {
	p := s.prices.get(c.id)
	if p == nil {
		return nil, notFound("price", c.id, "price")
	}
	change := *p
	if c.has("active") {
		change.active = c.flag("active")
	}
	if c.has("nickname") {
		change.nickname = c.form.Get("nickname")
	}
	change.metadata = c.metadata("metadata", p.metadata)
	if c.err != nil {
		return nil, c.err
	}
	before := s.priceObject(p)
	*p = change
	s.emitUpdated("price.updated", before, s.priceObject(p))
	return s.priceObject(p), nil
}

// updateProduct archives a product, among other things: nothing of it is sold then.
func (s *Sandbox) updateProduct(c *call) (object, *apiError) {
	p := s.products.get(c.id)
	if p == nil {
		return nil, notFound("product", c.id, "id")
	}
	change := *p
	if c.has("active") {
		change.active = c.flag("active")
	}
	if c.has("name") {
		change.name = c.required("name")
	}
	change.images = c.readImages(p.images)
	if c.has("description") {
		change.description = c.form.Get("description")
	}
	change.metadata = c.metadata("metadata", p.metadata)
	if c.err != nil {
		return nil, c.err
	}
	s.changeProduct(p, change)
	return s.productObject(p), nil
}

func (s *Sandbox) changeProduct(p *product, change product) {
	before := s.productObject(p)
	*p = change
	p.updated = s.nowUnix()
	s.emitUpdated("product.updated", before, s.productObject(p))
}
