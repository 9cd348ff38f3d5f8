package sandbox

// Plans are what recurring prices were before there were prices. Stripe shows each of these
// as a plan still, by the same id.

var planRoutes = []route{
	{pattern: "GET /v1/plans", params: listing("active", "product"), do: (*Sandbox).listPlans},
	{pattern: "GET /v1/plans/{id}", do: (*Sandbox).retrievePlan},
}

func (s *Sandbox) retrievePlan(c *call) (object, *apiError) {
	p := s.prices.get(c.id)
	if p == nil || !p.recurring() {
		return nil, notFound("plan", c.id, "plan")
	}
	return p.plan(), nil
}

func (s *Sandbox) listPlans(c *call) (object, *apiError) {
	created, active, product := c.createdFilter(), c.equals("active"), c.equals("product")
	return page[*price]{
		noun: "plan", items: s.prices.newestFirst(),
		id: func(p *price) string { return p.id },
		keep: func(p *price) bool {
			return p.recurring() && created(p.created) && active(boolText(p.active)) && product(p.product)
		},
		object: (*price).plan,
	}.serve(c)
}

// plan is a recurring price as it was shown before.
func (p *price) plan() object {
	usage, aggregate := "licensed", any(nil)
	if p.metered() {
		usage, aggregate = "metered", "sum"
	}
	scheme, amount := "per_unit", any(p.unitAmount)
	if len(p.tiers) > 0 {
		scheme, amount = "tiered", nil
	}
	return object{
		"id": p.id, "object": "plan", "active": p.active, "aggregate_usage": aggregate, "amount": amount, "amount_decimal": p.unitAmountDecimal(),
		"billing_scheme": scheme, "created": p.created, "currency": p.currency, "interval": p.interval, "interval_count": p.intervalCount,
		"livemode": false, "metadata": metadataObject(p.metadata), "meter": nil, "nickname": orNull(p.nickname), "product": p.product,
		"tiers_mode": orNull(p.tiersMode), "transform_usage": nil, "trial_period_days": nil, "usage_type": usage,
	}
}
