package api

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// updatePrice changes what Stripe lets change: a price's amount in its own currency never.
func (s *Server) updatePrice(c *Call) (wire.Object, *wire.Error) {
	p := s.Prices.Get(c.id)
	if p == nil {
		return nil, wire.NotFound("price", c.id, "price")
	}
	change := *p
	if c.Has("active") {
		change.Active = c.Flag("active")
	}
	if c.Has("nickname") {
		change.Nickname = c.Form.Get("nickname")
	}
	change.Metadata = c.Metadata("metadata", p.Metadata)
	change.Options = readCurrencyOptions(c, p)
	if c.Has("lookup_key") {
		if change.LookupKey = c.Form.Get("lookup_key"); change.LookupKey != "" {
			c.Limited("lookup_key", 200)
		}
	}
	if v := c.OneOf("tax_behavior", "exclusive", "inclusive", "unspecified"); v != "" {
		if p.TaxBehavior != "" && p.TaxBehavior != "unspecified" && v != p.TaxBehavior {
			c.Fail(wire.Invalid("tax_behavior", "", "You cannot update the tax behavior of a price once it is set to inclusive or exclusive."))
		}
		change.TaxBehavior = v
	}
	holder := s.readHolder(c, &change)
	if c.Err != nil {
		return nil, c.Err
	}
	s.takeLookupKey(holder)
	before := s.Render.Price(p)
	*p = change
	s.EmitUpdated("price.updated", before, s.Render.Price(p))
	return s.Render.Price(p), nil
}

// updateProduct archives a product, among other things: nothing of it is sold then.
func (s *Server) updateProduct(c *Call) (wire.Object, *wire.Error) {
	p := s.Products.Get(c.id)
	if p == nil {
		return nil, wire.NotFound("product", c.id, "id")
	}
	change := *p
	if c.Has("active") {
		change.Active = c.Flag("active")
	}
	if c.Has("name") {
		change.Name = c.Required("name")
	}
	change.Images = c.readImages(p.Images)
	c.readProduct(&change)
	if c.Has("default_price") {
		change.DefaultPrice = s.readDefaultPrice(c, p)
	}
	if c.Has("description") {
		change.Description = c.Form.Get("description")
	}
	change.Metadata = c.Metadata("metadata", p.Metadata)
	if c.Err != nil {
		return nil, c.Err
	}
	s.ChangeProduct(p, change)
	return s.Render.Product(p), nil
}

// readDefaultPrice reads which of a product's prices is the one that is shown; empty is none.
func (s *Server) readDefaultPrice(c *Call, p *state.Product) string {
	id := c.Form.Get("default_price")
	price := s.Prices.Get(id)
	switch {
	case id == "":
	case price == nil:
		c.Fail(wire.MissingReference("price", id, "default_price"))
	case price.Product != p.ID:
		c.Fail(wire.Invalid("default_price", "", "The price specified belongs to another product: `%s`.", price.Product))
	case !price.Active:
		c.Fail(wire.Invalid("default_price", "", "The price specified is inactive. This field only accepts active prices."))
	}
	return id
}
