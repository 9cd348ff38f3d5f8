package sandbox

import (
	"net/http"
	"strconv"
	"strings"
)

// coupon is what takes a share or an amount off.
type coupon struct {
	id, name, currency, duration string
	percent                      int64 // hundredths of a percent, 0 for an amount
	amount                       int64 // minor units, 0 for a percentage
	months                       int64 // of a repeating one
	maxRedemptions, redeemed     int64 // how often it may be, and was, redeemed; 0 for no limit
	redeemBy                     int64
	metadata                     map[string]string
	created                      int64
	deleted                      bool
}

var couponRoutes = []route{
	{
		pattern: "POST /v1/coupons",
		params:  []string{"id", "name", "percent_off", "amount_off", "currency", "duration", "duration_in_months", "max_redemptions", "redeem_by", "metadata[*]"},
		do:      (*Sandbox).createCoupon,
	},
	{pattern: "GET /v1/coupons/{id}", do: (*Sandbox).retrieveCoupon},
	{pattern: "POST /v1/coupons/{id}", params: []string{"name", "metadata[*]"}, do: (*Sandbox).updateCoupon},
	{pattern: "DELETE /v1/coupons/{id}", do: (*Sandbox).deleteCoupon},
	{pattern: "GET /v1/coupons", params: listing(), do: (*Sandbox).listCoupons},
}

func (s *Sandbox) createCoupon(c *call) (object, *apiError) {
	co := &coupon{
		id: c.limited("id", 200), name: c.limited("name", 40), currency: c.text("currency"), duration: c.oneOf("duration", "forever", "once", "repeating"),
		percent: c.percentage("percent_off"), amount: c.integer("amount_off", 1, maxAmount), months: c.integer("duration_in_months", 1, 1000),
		maxRedemptions: c.integer("max_redemptions", 1, 1<<31), redeemBy: c.integer("redeem_by", 0, 1<<40), metadata: c.metadata("metadata", nil),
		created: s.nowUnix(),
	}
	if co.duration == "" {
		co.duration = "once"
	}
	switch {
	case c.has("percent_off") && c.has("amount_off"):
		c.fail(invalid("", "parameters_exclusive", "You may only specify one of these parameters: amount_off, percent_off."))
	case !c.has("percent_off") && !c.has("amount_off"):
		c.fail(invalid("", "parameter_missing", "Must provide percent_off or amount_off."))
	case c.has("amount_off") && co.currency == "":
		c.fail(invalid("currency", "parameter_missing", "You must pass currency when passing amount_off"))
	case co.currency != "" && !currencyCode.MatchString(co.currency):
		c.fail(invalid("currency", "", "Invalid currency: %s.", co.currency))
	case co.duration == "repeating" && co.months == 0:
		c.fail(invalid("duration_in_months", "parameter_missing", "You must pass duration_in_months when passing duration=repeating"))
	case co.duration != "repeating" && co.months != 0:
		c.fail(invalid("duration_in_months", "", "duration_in_months must be blank if duration is %s", co.duration))
	case co.redeemBy != 0 && co.redeemBy <= s.nowUnix():
		c.fail(invalid("redeem_by", "", "redeem_by must be in the future."))
	case s.liveCoupon(co.id) != nil:
		c.fail(invalid("id", "resource_already_exists", "Coupon already exists."))
	}
	if c.err != nil {
		return nil, c.err
	}
	if co.id == "" {
		co.id = newID("", 8)
	}
	s.coupons.add(co.id, co)
	s.emit("coupon.created", s.couponObject(co), nil)
	return s.couponObject(co), nil
}

// percentage reads more than 0 and at most 100, in hundredths of a percent.
func (p *params) percentage(name string) int64 {
	v := p.text(name)
	if v == "" {
		return 0
	}
	whole, part, _ := strings.Cut(v, ".")
	n, err := strconv.ParseInt(whole+(part + "00")[:2], 10, 64)
	switch {
	case err != nil || strings.Trim(part, "0123456789") != "":
		p.fail(invalid(name, "", "Invalid decimal: %s", v))
	case len(strings.TrimRight(part, "0")) > 2:
		p.fail(invalid(name, "", "Stripe may take %s, the sandbox takes two decimals at most.", v))
	case n <= 0 || n > 10_000:
		p.fail(invalid(name, "", "%s must be more than 0 and less than or equal to 100", name))
	}
	return n
}

// liveCoupon is nil for an unknown or a deleted coupon.
func (s *Sandbox) liveCoupon(id string) *coupon {
	if co := s.coupons.get(id); co != nil && !co.deleted {
		return co
	}
	return nil
}

// valid tells whether the coupon can still be redeemed.
func (co *coupon) valid(now int64) bool {
	return !co.deleted && (co.maxRedemptions == 0 || co.redeemed < co.maxRedemptions) && (co.redeemBy == 0 || now < co.redeemBy)
}

func (s *Sandbox) retrieveCoupon(c *call) (object, *apiError) {
	co := s.liveCoupon(c.id)
	if co == nil {
		return nil, notFound("coupon", c.id, "coupon")
	}
	return s.couponObject(co), nil
}

func (s *Sandbox) updateCoupon(c *call) (object, *apiError) {
	co := s.liveCoupon(c.id)
	if co == nil {
		return nil, notFound("coupon", c.id, "coupon")
	}
	change := *co
	if c.has("name") {
		change.name = c.form.Get("name")
	}
	change.metadata = c.metadata("metadata", co.metadata)
	if c.err != nil {
		return nil, c.err
	}
	before := s.couponObject(co)
	*co = change
	s.emitUpdated("coupon.updated", before, s.couponObject(co))
	return s.couponObject(co), nil
}

// deleteCoupon leaves the discounts alone that were made of it.
func (s *Sandbox) deleteCoupon(c *call) (object, *apiError) {
	co := s.liveCoupon(c.id)
	if co == nil {
		return nil, notFound("coupon", c.id, "coupon")
	}
	co.deleted = true
	s.emit("coupon.deleted", s.couponObject(co), nil)
	return object{"id": co.id, "object": "coupon", "deleted": true}, nil
}

func (s *Sandbox) listCoupons(c *call) (object, *apiError) {
	created := c.createdFilter()
	return page[*coupon]{
		noun: "coupon", items: s.coupons.newestFirst(),
		id:     func(co *coupon) string { return co.id },
		keep:   func(co *coupon) bool { return !co.deleted && created(co.created) },
		object: s.couponObject,
	}.serve(c)
}

func (s *Sandbox) couponObject(co *coupon) object {
	var percent any
	if co.percent != 0 {
		percent = float64(co.percent) / 100
	}
	return object{
		"id": co.id, "object": "coupon", "amount_off": orNull(co.amount), "created": co.created, "currency": orNull(co.currency), "duration": co.duration,
		"duration_in_months": orNull(co.months), "livemode": false, "max_redemptions": orNull(co.maxRedemptions), "metadata": metadataObject(co.metadata),
		"name": orNull(co.name), "percent_off": percent, "redeem_by": orNull(co.redeemBy), "times_redeemed": co.redeemed, "valid": co.valid(s.nowUnix()),
	}
}

// expired is the error of a coupon or a code that cannot be redeemed any more.
func expired(param, what, id string) *apiError {
	return &apiError{status: http.StatusBadRequest, kind: "invalid_request_error", code: "coupon_expired", param: param, message: what + " expired: " + id}
}
