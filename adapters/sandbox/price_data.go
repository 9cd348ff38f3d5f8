package sandbox

// inlinePrice is a price that a request makes in passing (price_data), with its product if
// that is new too.
type inlinePrice struct {
	price   *price
	product *product // nil for one that is there
}

// priceDataParams are the parameters below a name that describe such a price.
func priceDataParams(name string) []string {
	return []string{
		name + "[currency]", name + "[unit_amount]", name + "[unit_amount_decimal]", name + "[tax_behavior]",
		name + "[recurring][interval]", name + "[recurring][interval_count]",
	}
}

// productDataParams are those of a product that is new too.
func productDataParams(name string) []string {
	return []string{
		name + "[product]", name + "[product_data][name]", name + "[product_data][description]", name + "[product_data][images][]",
		name + "[product_data][metadata][*]", name + "[product_data][unit_label]",
	}
}

// readPrice reads a price below name. Its product is the caller's affair.
func (s *Sandbox) readPrice(c *call, name string) *price {
	p := &price{
		id: newID("price_1", 23), currency: c.required(name + "[currency]"), created: s.nowUnix(),
		taxBehavior: c.oneOf(name+"[tax_behavior]", "exclusive", "inclusive", "unspecified"),
		interval:    c.oneOf(name+"[recurring][interval]", "day", "week", "month", "year"), intervalCount: c.integer(name+"[recurring][interval_count]", 1, 1095),
		metadata: map[string]string{},
	}
	amount := name + "[unit_amount]"
	switch {
	case c.has(name + "[unit_amount_decimal]"):
		if c.has(amount) {
			c.fail(invalid(name, "parameters_exclusive", "You may only specify one of these parameters: unit_amount, unit_amount_decimal."))
		}
		amount = name + "[unit_amount_decimal]" // of whole minor units alone
	case !c.has(amount):
		c.fail(missingParam(amount))
	}
	p.unitAmount = c.integer(amount, 0, maxAmount)
	if p.currency != "" && !currencyCode.MatchString(p.currency) {
		c.fail(invalid(name+"[currency]", "", "Invalid currency: %s.", p.currency))
	}
	if c.hasAny(name+"[recurring]") && p.interval == "" {
		c.fail(missingParam(name + "[recurring][interval]"))
	}
	if p.interval != "" && p.intervalCount == 0 {
		p.intervalCount = 1
	}
	return p
}

// readPriceData reads a price of a product that is there or is new. Nobody can buy it again:
// it is not active.
func (s *Sandbox) readPriceData(c *call, name string) *inlinePrice {
	in := &inlinePrice{price: s.readPrice(c, name)}
	id, data := c.text(name+"[product]"), name+"[product_data]"
	switch {
	case id != "" && c.hasAny(data):
		c.fail(invalid(name, "parameters_exclusive", "You may only specify one of these parameters: product, product_data."))
	case id == "" && !c.hasAny(data):
		c.fail(missingParam(name + "[product]"))
	case id != "" && s.products.get(id) == nil:
		c.fail(missingReference("product", id, name+"[product]"))
	case id != "":
		in.price.product = id
	default:
		in.product = &product{
			id: newID("prod_", 14), name: c.required(data + "[name]"), description: c.text(data + "[description]"), unitLabel: c.text(data + "[unit_label]"),
			images: c.list(data + "[images]"), active: true, metadata: c.metadata(data+"[metadata]", nil), created: in.price.created, updated: in.price.created,
		}
		in.price.product = in.product.id
	}
	return in
}

// addInline keeps and announces what a request has made in passing.
func (s *Sandbox) addInline(in *inlinePrice) {
	if in.product != nil {
		s.products.add(in.product.id, in.product)
		s.emit("product.created", s.productObject(in.product), nil)
	}
	s.prices.add(in.price.id, in.price)
	s.emit("price.created", s.priceObject(in.price), nil)
}
