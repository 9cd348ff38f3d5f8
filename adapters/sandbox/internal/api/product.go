package api

import (
	"fmt"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

var productRoutes = []route{
	{
		pattern: "POST /v1/products",
		params: append([]string{"id", "name", "description", "active", "unit_label", "metadata[*]", "images[]", "url", "statement_descriptor", "shippable",
			"marketing_features[][name]", "features[][name]", "default_price_data[metadata][*]"}, priceDataParams("default_price_data")...),
		do: (*Server).createProduct,
	},
	{pattern: "GET /v1/products/{id}", do: (*Server).retrieveProduct},
	{
		pattern: "POST /v1/products/{id}",
		params: []string{
			"active", "name", "description", "metadata[*]", "images", "images[]", "unit_label", "url", "statement_descriptor", "shippable", "default_price",
			"marketing_features", "marketing_features[][name]", "features", "features[][name]",
		},
		do: (*Server).updateProduct,
	},
	{pattern: "DELETE /v1/products/{id}", do: (*Server).deleteProduct},
	{
		pattern: "GET /v1/products",
		params:  wire.Listing("active", "ids[]"),
		do:      (*Server).listProducts,
	},
}

func (s *Server) createProduct(c *Call) (wire.Object, *wire.Error) {
	p := &state.Product{
		ID: c.Text("id"), Name: c.Required("name"), Description: c.Text("description"),
		Active: !c.Has("active") || c.Flag("active"), Metadata: c.Metadata("metadata", nil),
		Images: c.readImages(nil), Created: s.NowUnix(), Updated: s.NowUnix(),
	}
	c.readProduct(p)
	if p.ID == "" {
		p.ID = wire.NewID("prod_", 14)
	}
	if s.Products.Get(p.ID) != nil {
		c.Fail(wire.Invalid("id", "resource_already_exists", "Product already exists."))
	}
	var standard *state.Price
	if c.HasAny("default_price_data") {
		standard = s.readPrice(c, "default_price_data")
		standard.Metadata = c.Metadata("default_price_data[metadata]", nil)
		standard.Active, standard.Product, p.DefaultPrice = true, p.ID, standard.ID
	}
	if c.Err != nil {
		return nil, c.Err
	}
	s.Products.Add(p.ID, p)
	s.Emit("product.created", s.Render.Product(p), nil)
	if standard != nil {
		s.Prices.Add(standard.ID, standard)
		s.Emit("price.created", s.Render.Price(standard), nil)
	}
	return s.Render.Product(p), nil
}

// readProduct reads what a pricing page or a receipt shows of a product.
func (c *Call) readProduct(p *state.Product) {
	if c.Has("unit_label") {
		p.UnitLabel = c.Form.Get("unit_label")
	}
	if c.Has("url") {
		if p.URL = ""; c.Form.Get("url") != "" {
			p.URL = c.WebURL("url")
		}
	}
	if c.Has("statement_descriptor") {
		p.StatementDescriptor = c.Limited("statement_descriptor", 22)
	}
	if c.Has("shippable") {
		p.Shippable = c.OneOf("shippable", "true", "false")
	}
	for _, name := range []string{"marketing_features", "features"} { // by its newer name and its older
		if !c.HasAny(name) {
			continue
		}
		p.Features = nil
		for _, i := range c.Indexes(name) {
			p.Features = append(p.Features, c.Limited(fmt.Sprintf("%s[%d][name]", name, i), 80))
		}
		if len(p.Features) > 15 {
			c.Fail(wire.Invalid(name, "", "You may specify up to 15 marketing features."))
		}
	}
}

// readImages reads the addresses of pictures, up to eight; was are those if the request
// has none, and an empty value removes them.
func (c *Call) readImages(was []string) []string {
	if !c.HasAny("images") {
		return was
	}
	images := c.List("images")
	if len(images) > 8 {
		c.Fail(wire.Invalid("images", "", "You may specify up to 8 images."))
	}
	return images
}

func (s *Server) retrieveProduct(c *Call) (wire.Object, *wire.Error) {
	p := s.Products.Get(c.id)
	if p == nil {
		return nil, wire.NotFound("product", c.id, "id")
	}
	return s.Render.Product(p), nil
}

func (s *Server) listProducts(c *Call) (wire.Object, *wire.Error) {
	created, active := c.createdFilter(), c.equals("active")
	ids := map[string]bool{}
	for _, id := range c.List("ids") {
		ids[id] = true
	}
	return page[*state.Product]{
		noun: "product", items: s.Products.NewestFirst(),
		id: func(p *state.Product) string { return p.ID },
		keep: func(p *state.Product) bool {
			return created(p.Created) && active(boolText(p.Active)) && (len(ids) == 0 || ids[p.ID])
		},
		object: s.Render.Product,
	}.serve(c)
}

func boolText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// deleteProduct deletes a product that never had a price: what a price belongs to can
// only be archived.
func (s *Server) deleteProduct(c *Call) (wire.Object, *wire.Error) {
	p := s.Products.Get(c.id)
	if p == nil {
		return nil, wire.NotFound("product", c.id, "id")
	}
	for _, price := range s.Prices.Order {
		if price.Product == p.ID {
			return nil, wire.Invalid("", "", "This product cannot be deleted because it has one or more user-created prices.")
		}
	}
	s.Products.Remove(p.ID)
	s.Emit("product.deleted", s.Render.Product(p), nil)
	return wire.Object{"id": p.ID, "object": "product", "deleted": true}, nil
}
