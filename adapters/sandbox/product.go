package sandbox

type product struct {
	id, name, description, unitLabel, defaultPrice string
	active                                         bool
	images                                         []string
	metadata                                       map[string]string
	created, updated                               int64
}

var productRoutes = []route{
	{
		pattern: "POST /v1/products",
		params: append([]string{"id", "name", "description", "active", "unit_label", "metadata[*]", "images[]", "default_price_data[metadata][*]"},
			priceDataParams("default_price_data")...),
		do: (*Sandbox).createProduct,
	},
	{pattern: "GET /v1/products/{id}", do: (*Sandbox).retrieveProduct},
	{
		pattern: "POST /v1/products/{id}",
		params:  []string{"active", "name", "description", "metadata[*]", "images", "images[]"},
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
		images: c.readImages(nil), created: s.nowUnix(), updated: s.nowUnix(),
	}
	if p.id == "" {
		p.id = newID("prod_", 14)
	}
	if s.products.get(p.id) != nil {
		c.fail(invalid("id", "resource_already_exists", "Product already exists."))
	}
	var standard *price
	if c.hasAny("default_price_data") {
		standard = s.readPrice(c, "default_price_data")
		standard.metadata = c.metadata("default_price_data[metadata]", nil)
		standard.active, standard.product, p.defaultPrice = true, p.id, standard.id
	}
	if c.err != nil {
		return nil, c.err
	}
	s.products.add(p.id, p)
	s.emit("product.created", s.productObject(p), nil)
	if standard != nil {
		s.prices.add(standard.id, standard)
		s.emit("price.created", s.priceObject(standard), nil)
	}
	return s.productObject(p), nil
}

// readImages reads the addresses of pictures, up to eight; was are those if the request
// has none, and an empty value removes them.
func (c *call) readImages(was []string) []string {
	if !c.hasAny("images") {
		return was
	}
	images := c.list("images")
	if len(images) > 8 {
		c.fail(invalid("images", "", "You may specify up to 8 images."))
	}
	return images
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
		"images": append([]string{}, p.images...), "livemode": false, "metadata": metadataObject(p.metadata), "name": p.name,
		"package_dimensions": nil, "shippable": nil, "statement_descriptor": nil, "tax_code": nil,
		"unit_label": orNull(p.unitLabel), "updated": p.updated, "url": nil,
	}
}
