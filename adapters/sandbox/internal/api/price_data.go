package api

import (
	"strings"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

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
func (s *Server) readPrice(c *Call, name string) *state.Price {
	p := &state.Price{
		ID: wire.NewID("price_1", 23), Currency: strings.ToLower(c.Required(name + "[currency]")), Created: s.NowUnix(),
		TaxBehavior: c.OneOf(name+"[tax_behavior]", "exclusive", "inclusive", "unspecified"),
		Interval:    c.OneOf(name+"[recurring][interval]", "day", "week", "month", "year"), IntervalCount: c.Integer(name+"[recurring][interval_count]", 1, 1095),
		Metadata: map[string]string{},
	}
	amount := name + "[unit_amount]"
	switch {
	case c.Has(name + "[unit_amount_decimal]"):
		if c.Has(amount) {
			c.Fail(wire.Invalid(name, "parameters_exclusive", "You may only specify one of these parameters: unit_amount, unit_amount_decimal."))
		}
		amount = name + "[unit_amount_decimal]" // of whole minor units alone
	case !c.Has(amount):
		c.Fail(wire.MissingParam(amount))
	}
	p.UnitAmount = c.Integer(amount, 0, wire.MaxAmount)
	if p.Currency != "" && !wire.IsCurrency(p.Currency) {
		c.Fail(wire.InvalidCurrency(name+"[currency]", p.Currency))
	}
	if c.HasAny(name+"[recurring]") && p.Interval == "" {
		c.Fail(wire.MissingParam(name + "[recurring][interval]"))
	}
	c.checkInterval(name+"[recurring][interval_count]", p)
	if p.Interval != "" && p.IntervalCount == 0 {
		p.IntervalCount = 1
	}
	return p
}

// readPriceData reads a price of a product that is there or is new. Nobody can buy it again:
// it is not active.
func (s *Server) readPriceData(c *Call, name string) *state.InlinePrice {
	in := &state.InlinePrice{Price: s.readPrice(c, name)}
	id, data := c.Text(name+"[product]"), name+"[product_data]"
	switch {
	case id != "" && c.HasAny(data):
		c.Fail(wire.Invalid(name, "parameters_exclusive", "You may only specify one of these parameters: product, product_data."))
	case id == "" && !c.HasAny(data):
		c.Fail(wire.MissingParam(name + "[product]"))
	case id != "" && s.Products.Get(id) == nil:
		c.Fail(wire.MissingReference("product", id, name+"[product]"))
	case id != "":
		in.Price.Product = id
	default:
		in.Product = &state.Product{
			ID: wire.NewID("prod_", 14), Name: c.Required(data + "[name]"), Description: c.Text(data + "[description]"), UnitLabel: c.Text(data + "[unit_label]"),
			Images: c.List(data + "[images]"), Active: true, Metadata: c.Metadata(data+"[metadata]", nil), Created: in.Price.Created, Updated: in.Price.Created,
		}
		in.Price.Product = in.Product.ID
	}
	return in
}
