package sandbox

type product struct {
	id, name, description, unitLabel, defaultPrice string
	active                                         bool
	metadata                                       map[string]string
	created, updated                               int64
}

var productRoutes = []route{
	{
		pattern: "POST /v1/products",
		params:  []string{"id", "name", "description", "active", "unit_label", "metadata[*]"},
		do:      (*Sandbox).createProduct,
	},
	{pattern: "GET /v1/products/{id}", do: (*Sandbox).retrieveProduct},
	{
		pattern: "POST /v1/products/{id}",
		params:  []string{"active", "name", "description", "metadata[*]"},
		do:      (*Sandbox).updateProduct,
	},
	{pattern: "DELETE /v1/products/{id}", do: (*Sandbox).deleteProduct},
	{
		pattern: "GET /v1/products",
		params:  listing("active", "ids[]"),
		do:      (*Sandbox).listProducts,
	},
}

func (s *Sandbox) createProduct(c *call) (object, *apiError) {
	p := &product{
		id: c.text("id"), name: c.required("name"), description: c.text("description"), unitLabel: c.text("unit_label"),
		active: !c.has("active") || c.flag("active"), metadata: c.metadata("metadata", nil),
		created: s.nowUnix(), updated: s.nowUnix(),
	}
	if p.id == "" {
		p.id = newID("prod_", 14)
	}
	if s.products.get(p.id) != nil {
		c.fail(invalid("id", "resource_already_exists", "Product already exists."))
	}
	if c.err != nil {
		return nil, c.err
	}
	s.products.add(p.id, p)
	s.emit("product.created", s.productObject(p), nil)
	return s.productObject(p), nil
}

func (s *Sandbox) retrieveProduct(c *call) (object, *apiError) {
	p := s.products.get(c.id)
	if p == nil {
		return nil, notFound("product", c.id, "id")
	}
	return s.productObject(p), nil
}

func (s *Sandbox) listProducts(c *call) (object, *apiError) {
	created, active := c.createdFilter(), c.equals("active")
	ids := map[string]bool{}
	for _, id := range c.list("ids") {
		ids[id] = true
	}
	return page[*product]{
		noun: "product", items: s.products.newestFirst(),
		id: func(p *product) string { return p.id },
		keep: func(p *product) bool {
			return created(p.created) && active(boolText(p.active)) && (len(ids) == 0 || ids[p.id])
		},
		object: s.productObject,
	}.serve(c)
}

func boolText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

func (s *Sandbox) productObject(p *product) object {
	return object{
		"id": p.id, "object": "product", "active": p.active, "created": p.created,
		"default_price": orNull(p.defaultPrice), "description": orNull(p.description), "features": []object{}, "marketing_features": []object{},
		"images": []string{}, "livemode": false, "metadata": metadataObject(p.metadata), "name": p.name,
		"package_dimensions": nil, "shippable": nil, "statement_descriptor": nil, "tax_code": nil,
		"unit_label": orNull(p.unitLabel), "updated": p.updated, "url": nil,
	}
}
