package api

import (
	"slices"
	"strings"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

var priceRoutes = []route{
	{
		pattern: "POST /v1/prices",
		params: []string{
			"currency", "product", "product_data[name]", "product_data[id]", "product_data[metadata][*]", "unit_amount", "active",
			"nickname", "lookup_key", "transfer_lookup_key", "recurring[interval]", "recurring[interval_count]",
			"recurring[usage_type]", "billing_scheme", "tax_behavior", "metadata[*]", "tiers_mode",
			"tiers[][up_to]", "tiers[][unit_amount]", "tiers[][flat_amount]", "currency_options[*]",
		},
		do: (*Server).createPrice,
	},
	{pattern: "GET /v1/prices/{id}", do: (*Server).retrievePrice},
	{
		pattern: "POST /v1/prices/{id}",
		params:  []string{"active", "nickname", "metadata[*]", "currency_options[*]", "lookup_key", "transfer_lookup_key", "tax_behavior"},
		do:      (*Server).updatePrice,
	},
	{
		pattern: "GET /v1/prices",
		params:  wire.Listing("active", "currency", "product", "type", "lookup_keys[]", "recurring[interval]", "recurring[usage_type]"),
		do:      (*Server).listPrices,
	},
}

func (s *Server) createPrice(c *Call) (wire.Object, *wire.Error) {
	scheme := c.OneOf("billing_scheme", "per_unit", "tiered")
	p := &state.Price{
		ID: wire.NewID("price_1", 23), Product: c.Text("product"), Currency: strings.ToLower(c.Required("currency")), Nickname: c.Text("nickname"),
		LookupKey: c.Limited("lookup_key", 200), Active: !c.Has("active") || c.Flag("active"),
		TaxBehavior: c.OneOf("tax_behavior", "exclusive", "inclusive", "unspecified"),
		Interval:    c.OneOf("recurring[interval]", "day", "week", "month", "year"), IntervalCount: c.Integer("recurring[interval_count]", 1, 1095),
		UsageType: c.OneOf("recurring[usage_type]", "licensed", "metered"), TiersMode: c.OneOf("tiers_mode", "graduated", "volume"),
		Metadata: c.Metadata("metadata", nil), Created: s.NowUnix(),
	}
	if scheme == "tiered" {
		c.Required("tiers_mode")
		if p.Tiers = readTiers(c, "tiers"); len(p.Tiers) == 0 {
			c.Fail(wire.MissingParam("tiers"))
		}
	} else {
		c.Required("unit_amount")
	}
	switch {
	case p.UsageType == "metered" && c.Version >= wire.Basil:
		c.Fail(wire.Invalid("recurring[meter]", "", "Metered prices must be backed by a meter since %s, and the sandbox does not serve meters: make the price in an older version, or outside of Stripe's API.", wire.Basil))
	case scheme == "tiered" && c.Has("unit_amount"):
		c.Fail(wire.Invalid("unit_amount", "", "You cannot set `unit_amount` if `billing_scheme=tiered`."))
	case scheme != "tiered" && c.HasAny("tiers"):
		c.Fail(wire.Invalid("tiers", "", "You can only set `tiers` if `billing_scheme=tiered`."))
	}
	p.UnitAmount = c.Integer("unit_amount", 0, wire.MaxAmount)
	if p.Currency != "" && !wire.IsCurrency(p.Currency) {
		c.Fail(wire.InvalidCurrency("currency", p.Currency))
	}
	p.Options = readCurrencyOptions(c, p)
	if c.HasAny("recurring") && p.Interval == "" {
		c.Fail(wire.MissingParam("recurring[interval]"))
	}
	c.checkInterval("recurring[interval_count]", p)
	if p.Interval != "" && p.IntervalCount == 0 {
		p.IntervalCount = 1
	}
	switch {
	case p.Product == "" && !c.HasAny("product_data"):
		c.Fail(wire.MissingParam("product"))
	case p.Product != "" && c.HasAny("product_data"):
		c.Fail(wire.Invalid("product", "parameters_exclusive", "You may only specify one of these parameters: product, product_data."))
	case p.Product != "" && s.Products.Get(p.Product) == nil:
		c.Fail(wire.MissingReference("product", p.Product, "product"))
	case p.Product == "":
		c.Required("product_data[name]")
	}
	holder := s.readHolder(c, p)
	if c.Err != nil {
		return nil, c.Err
	}
	if p.Product == "" {
		made := &state.Product{ID: c.Text("product_data[id]"), Name: c.Text("product_data[name]"), Active: true, Created: p.Created, Updated: p.Created,
			Metadata: c.Metadata("product_data[metadata]", nil)}
		if made.ID == "" {
			made.ID = wire.NewID("prod_", 14)
		}
		if s.Products.Get(made.ID) != nil {
			return nil, wire.Invalid("product_data[id]", "resource_already_exists", "Product already exists.")
		}
		s.Products.Add(made.ID, made)
		s.Emit("product.created", s.Render.Product(made), nil)
		p.Product = made.ID
	}
	s.takeLookupKey(holder)
	s.Prices.Add(p.ID, p)
	s.Emit("price.created", s.Render.Price(p), nil)
	return s.Render.Price(p), nil
}

func (c *Call) checkInterval(param string, p *state.Price) {
	if !state.IntervalOK(p.Interval, p.IntervalCount) {
		c.Fail(wire.Invalid(param, "", "An interval is of three years at most: 3 years, 36 months, 156 weeks or 1095 days."))
	}
}

// readHolder is another price that has p's lookup key and is to give it up; nil for none.
func (s *Server) readHolder(c *Call, p *state.Price) *state.Price {
	holder, transfer := s.PriceByLookupKey(p.LookupKey), c.Flag("transfer_lookup_key")
	if holder == nil || holder.ID == p.ID {
		return nil
	}
	if !transfer {
		c.Fail(wire.Invalid("lookup_key", "", "A price (`%s`) already uses that lookup key.", holder.ID))
	}
	return holder
}

func (s *Server) takeLookupKey(holder *state.Price) {
	if holder == nil {
		return
	}
	before := s.Render.Price(holder)
	holder.LookupKey = ""
	s.EmitUpdated("price.updated", before, s.Render.Price(holder))
}

func (s *Server) retrievePrice(c *Call) (wire.Object, *wire.Error) {
	p := s.Prices.Get(c.id)
	if p == nil {
		return nil, wire.NotFound("price", c.id, "price")
	}
	return s.Render.Price(p), nil
}

func (s *Server) listPrices(c *Call) (wire.Object, *wire.Error) {
	created, active, product := c.createdFilter(), c.equals("active"), c.equals("product")
	currency, kind, interval := c.Currency("currency"), c.equals("type"), c.equals("recurring[interval]")
	usage, keys := c.OneOf("recurring[usage_type]", "licensed", "metered"), c.List("lookup_keys")
	if len(keys) > 10 {
		c.Fail(wire.Invalid("lookup_keys", "", "You may specify up to 10 lookup keys."))
	}
	return page[*state.Price]{
		noun: "price", items: s.Prices.NewestFirst(),
		id: func(p *state.Price) string { return p.ID },
		keep: func(p *state.Price) bool {
			return created(p.Created) && active(boolText(p.Active)) && product(p.Product) && (currency == "" || currency == p.Currency) &&
				kind(p.Kind()) && interval(p.Interval) && (usage == "" || p.Recurring() && p.Metered() == (usage == "metered")) && (len(keys) == 0 || p.LookupKey != "" && slices.Contains(keys, p.LookupKey))
		},
		object: s.Render.Price,
	}.serve(c)
}
