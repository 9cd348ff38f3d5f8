package sandbox

import "strings"

// promotionCode is what a buyer types in to have a coupon.
type promotionCode struct {
	id, code, coupon, customer string
	active                     bool
	expiresAt                  int64
	maxRedemptions, redeemed   int64
	firstTime                  bool  // for customers who have paid nothing yet
	leastAmount                int64 // minor units of leastCurrency
	leastCurrency              string
	metadata                   map[string]string
	created                    int64
}

var promotionCodeRoutes = []route{
	{
		pattern: "POST /v1/promotion_codes",
		params: []string{
			"coupon", "promotion[type]", "promotion[coupon]", "code", "customer", "active", "expires_at", "max_redemptions", "metadata[*]",
			"restrictions[first_time_transaction]", "restrictions[minimum_amount]", "restrictions[minimum_amount_currency]",
		},
		do: (*Sandbox).createPromotionCode,
	},
	{pattern: "GET /v1/promotion_codes/{id}", do: (*Sandbox).retrievePromotionCode},
	{pattern: "POST /v1/promotion_codes/{id}", params: []string{"active", "metadata[*]"}, do: (*Sandbox).updatePromotionCode},
	{pattern: "GET /v1/promotion_codes", params: listing("active", "code", "coupon", "customer"), do: (*Sandbox).listPromotionCodes},
}

func (s *Sandbox) createPromotionCode(c *call) (object, *apiError) {
	from := "coupon"
	if c.version >= clover {
		from = "promotion[coupon]"
		c.required("promotion[type]")
		c.oneOf("promotion[type]", "coupon")
	}
	pc := &promotionCode{
		coupon: c.required(from), code: c.limited("code", 500), customer: c.text("customer"), active: !c.has("active") || c.flag("active"),
		expiresAt: c.integer("expires_at", s.nowUnix()+1, 1<<40), maxRedemptions: c.integer("max_redemptions", 1, 1<<31),
		firstTime: c.flag("restrictions[first_time_transaction]"), leastAmount: c.integer("restrictions[minimum_amount]", 1, maxAmount),
		leastCurrency: c.text("restrictions[minimum_amount_currency]"), metadata: c.metadata("metadata", nil), created: s.nowUnix(),
	}
	switch {
	case c.err != nil:
	case s.liveCoupon(pc.coupon) == nil:
		c.fail(missingReference("coupon", pc.coupon, from))
	case pc.customer != "" && s.liveCustomer(pc.customer) == nil:
		c.fail(missingReference("customer", pc.customer, "customer"))
	case (pc.leastAmount == 0) != (pc.leastCurrency == ""):
		c.fail(invalid("restrictions", "", "You must pass both `minimum_amount` and `minimum_amount_currency`, or neither."))
	case strings.Trim(strings.ToLower(pc.code), "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
		c.fail(invalid("code", "", "Promotion codes can only contain alphanumeric characters and dashes."))
	case pc.active && s.codeInUse(pc.code, pc.customer) != nil:
		c.fail(invalid("code", "", "An active promotion code with `code: %s` already exists.", pc.code))
	}
	if c.err != nil {
		return nil, c.err
	}
	if pc.code == "" {
		pc.code = strings.ToUpper(newID("", 8))
	}
	pc.id = newID("promo_1", 23)
	s.promotionCodes.add(pc.id, pc)
	s.emit("promotion_code.created", s.promotionCodeObject(pc), nil)
	return s.promotionCodeObject(pc), nil
}

// codeInUse is the active code that reads the same for the customer, nil for none.
func (s *Sandbox) codeInUse(code, customer string) *promotionCode {
	for _, other := range s.promotionCodes.order {
		if code != "" && other.active && strings.EqualFold(other.code, code) && (other.customer == "" || customer == "" || other.customer == customer) {
			return other
		}
	}
	return nil
}

// redeemable tells whether the code can still be redeemed: it is not active without that.
func (s *Sandbox) redeemable(pc *promotionCode, now int64) bool {
	return pc.active && (pc.expiresAt == 0 || now < pc.expiresAt) && (pc.maxRedemptions == 0 || pc.redeemed < pc.maxRedemptions) && s.coupons.get(pc.coupon).valid(now)
}

func (s *Sandbox) retrievePromotionCode(c *call) (object, *apiError) {
	pc := s.promotionCodes.get(c.id)
	if pc == nil {
		return nil, notFound("promotion_code", c.id, "promotion_code")
	}
	return s.promotionCodeObject(pc), nil
}

func (s *Sandbox) updatePromotionCode(c *call) (object, *apiError) {
	pc := s.promotionCodes.get(c.id)
	if pc == nil {
		return nil, notFound("promotion_code", c.id, "promotion_code")
	}
	change := *pc
	if c.has("active") {
		change.active = c.flag("active")
	}
	change.metadata = c.metadata("metadata", pc.metadata)
	if c.err == nil && change.active && !pc.active && s.codeInUse(pc.code, pc.customer) != nil {
		c.fail(invalid("active", "", "An active promotion code with `code: %s` already exists.", pc.code))
	}
	if c.err != nil {
		return nil, c.err
	}
	before := s.promotionCodeObject(pc)
	*pc = change
	s.emitUpdated("promotion_code.updated", before, s.promotionCodeObject(pc))
	return s.promotionCodeObject(pc), nil
}

func (s *Sandbox) listPromotionCodes(c *call) (object, *apiError) {
	created, coupon, customer, code := c.createdFilter(), c.equals("coupon"), c.equals("customer"), c.text("code")
	active := c.flag("active")
	return page[*promotionCode]{
		noun: "promotion_code", items: s.promotionCodes.newestFirst(),
		id: func(pc *promotionCode) string { return pc.id },
		keep: func(pc *promotionCode) bool {
			return created(pc.created) && coupon(pc.coupon) && customer(pc.customer) && (code == "" || strings.EqualFold(code, pc.code)) &&
				(!c.has("active") || active == s.redeemable(pc, s.nowUnix()))
		},
		object: s.promotionCodeObject,
	}.serve(c)
}

func (s *Sandbox) promotionCodeObject(pc *promotionCode) object {
	return object{
		"id": pc.id, "object": "promotion_code", "active": s.redeemable(pc, s.nowUnix()), "code": pc.code, "coupon": s.couponObject(s.coupons.get(pc.coupon)),
		"created": pc.created, "customer": orNull(pc.customer), "expires_at": orNull(pc.expiresAt), "livemode": false,
		"max_redemptions": orNull(pc.maxRedemptions), "metadata": metadataObject(pc.metadata), "promotion": object{"type": "coupon", "coupon": pc.coupon},
		"restrictions":   object{"first_time_transaction": pc.firstTime, "minimum_amount": orNull(pc.leastAmount), "minimum_amount_currency": orNull(pc.leastCurrency)},
		"times_redeemed": pc.redeemed,
	}
}
