package sandbox

import (
	"regexp"
	"slices"
	"strconv"
	"time"
)

type price struct {
	id, product, currency, nickname, lookupKey, taxBehavior string
	active                                                  bool
	unitAmount                                              int64 // minor units
	interval, usageType                                     string
	tiers                                                   []priceTier
	tiersMode                                               string
	intervalCount                                           int64
	metadata                                                map[string]string
	created                                                 int64
}

func (p *price) recurring() bool { return p.interval != "" }

// metered tells whether usage is billed, after the period, instead of a quantity.
func (p *price) metered() bool { return p.usageType == "metered" }

// amount is what a quantity costs, in minor units.
func (p *price) amount(quantity int64) int64 {
	if len(p.tiers) > 0 {
		return tiered(p.tiers, p.tiersMode, quantity)
	}
	return p.unitAmount * quantity
}

// each says what one costs, to a reader.
func (p *price) each() string {
	text := "at " + formatAmount(p.unitAmount, p.currency)
	if len(p.tiers) > 0 {
		text = "Tier 1 at " + formatAmount(p.tiers[0].UnitAmount, p.currency)
	}
	if p.recurring() {
		text += " / " + p.interval
	}
	return text
}

// unitAmountDecimal is null where there is no one amount.
func (p *price) unitAmountDecimal() any {
	if len(p.tiers) > 0 {
		return nil
	}
	return strconv.FormatInt(p.unitAmount, 10)
}

// Stripe's amounts have at most eight digits.
const maxAmount = 99_999_999

var currencyCode = regexp.MustCompile(`^[a-z]{3}$`)

var priceRoutes = []route{
	{
		pattern: "POST /v1/prices",
		params: []string{
			"currency", "product", "product_data[name]", "product_data[id]", "product_data[metadata][*]", "unit_amount", "active",
			"nickname", "lookup_key", "transfer_lookup_key", "recurring[interval]", "recurring[interval_count]",
			"recurring[usage_type]", "billing_scheme", "tax_behavior", "metadata[*]", "tiers_mode",
			"tiers[][up_to]", "tiers[][unit_amount]", "tiers[][flat_amount]",
		},
		do: (*Sandbox).createPrice,
	},
	{pattern: "GET /v1/prices/{id}", do: (*Sandbox).retrievePrice},
	{
		pattern: "POST /v1/prices/{id}",
		params:  []string{"active", "nickname", "metadata[*]"},
		do:      (*Sandbox).updatePrice,
	},
	{
		pattern: "GET /v1/prices",
		params:  listing("active", "currency", "product", "type", "lookup_keys[]", "recurring[interval]"),
		do:      (*Sandbox).listPrices,
	},
}

func (s *Sandbox) createPrice(c *call) (object, *apiError) {
	scheme := c.oneOf("billing_scheme", "per_unit", "tiered")
	p := &price{
		id: newID("price_1", 23), product: c.text("product"), currency: c.required("currency"), nickname: c.text("nickname"),
		lookupKey: c.limited("lookup_key", 200), active: !c.has("active") || c.flag("active"),
		taxBehavior: c.oneOf("tax_behavior", "exclusive", "inclusive", "unspecified"),
		interval:    c.oneOf("recurring[interval]", "day", "week", "month", "year"), intervalCount: c.integer("recurring[interval_count]", 1, 1095),
		usageType: c.oneOf("recurring[usage_type]", "licensed", "metered"), tiersMode: c.oneOf("tiers_mode", "graduated", "volume"),
		metadata: c.metadata("metadata", nil), created: s.nowUnix(),
	}
	if scheme == "tiered" {
		c.required("tiers_mode")
		if p.tiers = readTiers(c); len(p.tiers) == 0 {
			c.fail(missingParam("tiers"))
		}
	} else {
		c.required("unit_amount")
	}
	switch {
	case scheme == "tiered" && c.has("unit_amount"):
		c.fail(invalid("unit_amount", "", "You cannot set `unit_amount` if `billing_scheme=tiered`."))
	case scheme != "tiered" && c.hasAny("tiers"):
		c.fail(invalid("tiers", "", "You can only set `tiers` if `billing_scheme=tiered`."))
	}
	p.unitAmount = c.integer("unit_amount", 0, maxAmount)
	if p.currency != "" && !currencyCode.MatchString(p.currency) {
		c.fail(invalid("currency", "", "Invalid currency: %s.", p.currency))
	}
	if c.hasAny("recurring") && p.interval == "" {
		c.fail(missingParam("recurring[interval]"))
	}
	if p.interval != "" && p.intervalCount == 0 {
		p.intervalCount = 1
	}
	switch {
	case p.product == "" && !c.hasAny("product_data"):
		c.fail(missingParam("product"))
	case p.product != "" && c.hasAny("product_data"):
		c.fail(invalid("product", "parameters_exclusive", "You may only specify one of these parameters: product, product_data."))
	case p.product != "" && s.products.get(p.product) == nil:
		c.fail(missingReference("product", p.product, "product"))
	case p.product == "":
		c.required("product_data[name]")
	}
	holder := s.priceByLookupKey(p.lookupKey)
	transfer := c.flag("transfer_lookup_key")
	if holder != nil && !transfer {
		c.fail(invalid("lookup_key", "", "A price (`%s`) already uses that lookup key.", holder.id))
	}
	if c.err != nil {
		return nil, c.err
	}
	if p.product == "" {
		made := &product{id: c.text("product_data[id]"), name: c.text("product_data[name]"), active: true, created: p.created, updated: p.created,
			metadata: c.metadata("product_data[metadata]", nil)}
		if made.id == "" {
			made.id = newID("prod_", 14)
		}
		if s.products.get(made.id) != nil {
			return nil, invalid("product_data[id]", "resource_already_exists", "Product already exists.")
		}
		s.products.add(made.id, made)
		s.emit("product.created", s.productObject(made), nil)
		p.product = made.id
	}
	if holder != nil {
		before := s.priceObject(holder)
		holder.lookupKey = ""
		s.emitUpdated("price.updated", before, s.priceObject(holder))
	}
	s.prices.add(p.id, p)
	s.emit("price.created", s.priceObject(p), nil)
	return s.priceObject(p), nil
}

func (s *Sandbox) priceByLookupKey(key string) *price {
	if key == "" {
		return nil
	}
	for _, p := range s.prices.order {
		if p.lookupKey == key {
			return p
		}
	}
	return nil
}

func (s *Sandbox) retrievePrice(c *call) (object, *apiError) {
	p := s.prices.get(c.id)
	if p == nil {
		return nil, notFound("price", c.id, "price")
	}
	return s.priceObject(p), nil
}

func (s *Sandbox) listPrices(c *call) (object, *apiError) {
	created, active, product := c.createdFilter(), c.equals("active"), c.equals("product")
	currency, kind, interval := c.equals("currency"), c.equals("type"), c.equals("recurring[interval]")
	keys := c.list("lookup_keys")
	if len(keys) > 10 {
		c.fail(invalid("lookup_keys", "", "You may specify up to 10 lookup keys."))
	}
	return page[*price]{
		noun: "price", items: s.prices.newestFirst(),
		id: func(p *price) string { return p.id },
		keep: func(p *price) bool {
			return created(p.created) && active(boolText(p.active)) && product(p.product) && currency(p.currency) &&
				kind(p.kind()) && interval(p.interval) && (len(keys) == 0 || p.lookupKey != "" && slices.Contains(keys, p.lookupKey))
		},
		object: s.priceObject,
	}.serve(c)
}

func (p *price) kind() string {
	if p.recurring() {
		return "recurring"
	}
	return "one_time"
}

func (s *Sandbox) priceObject(p *price) object {
	var recurring any
	usage, aggregate := "licensed", any(nil)
	if p.metered() {
		usage, aggregate = "metered", "sum"
	}
	scheme, unit := "per_unit", any(p.unitAmount)
	if len(p.tiers) > 0 {
		scheme, unit = "tiered", nil
	}
	if p.recurring() {
		recurring = object{
			"aggregate_usage": aggregate, "interval": p.interval, "interval_count": p.intervalCount, "meter": nil,
			"usage_type": usage,
		}
	}
	behavior := p.taxBehavior
	if behavior == "" {
		behavior = "unspecified"
	}
	return object{
		"id": p.id, "object": "price", "active": p.active, "billing_scheme": scheme, "created": p.created,
		"currency": p.currency, "custom_unit_amount": nil, "livemode": false, "lookup_key": orNull(p.lookupKey),
		"metadata": metadataObject(p.metadata), "nickname": orNull(p.nickname), "product": p.product,
		"recurring": recurring, "tax_behavior": behavior, "tiers_mode": orNull(p.tiersMode), "transform_quantity": nil, "type": p.kind(),
		"unit_amount": unit, "unit_amount_decimal": p.unitAmountDecimal(),
	}
}

// periodEnd is the end of the period that t lies in, for periods of p counted
// from anchor. Counting from the anchor keeps the 31st the 31st after February.
func (p *price) periodEnd(anchor, t int64) int64 {
	for n := 1; ; n++ {
		if end := p.periods(anchor, n*int(p.intervalCount)); end > t {
			return end
		}
	}
}

// periods adds n intervals to t. A month that is too short ends the period on
// its last day, as at Stripe.
func (p *price) periods(t int64, n int) int64 {
	from := time.Unix(t, 0).UTC()
	switch p.interval {
	case "day":
		return from.AddDate(0, 0, n).Unix()
	case "week":
		return from.AddDate(0, 0, 7*n).Unix()
	case "year":
		n *= 12
	}
	to := from.AddDate(0, n, 0)
	if to.Day() != from.Day() {
		to = to.AddDate(0, 0, -to.Day())
	}
	return to.Unix()
}
