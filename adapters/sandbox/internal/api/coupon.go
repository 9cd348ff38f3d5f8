package api

import (
	"net/http"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

var couponRoutes = []route{
	{
		pattern: "POST /v1/coupons",
		params:  []string{"id", "name", "percent_off", "amount_off", "currency", "duration", "duration_in_months", "max_redemptions", "redeem_by", "metadata[*]"},
		do:      (*Server).CreateCoupon,
	},
	{pattern: "GET /v1/coupons/{id}", do: (*Server).retrieveCoupon},
	{pattern: "POST /v1/coupons/{id}", params: []string{"name", "metadata[*]"}, do: (*Server).updateCoupon},
	{pattern: "DELETE /v1/coupons/{id}", do: (*Server).deleteCoupon},
	{pattern: "GET /v1/coupons", params: wire.Listing(), do: (*Server).listCoupons},
}

// CreateCoupon makes a coupon.
func (s *Server) CreateCoupon(c *Call) (wire.Object, *wire.Error) {
	co := &state.Coupon{
		ID: c.Limited("id", 200), Name: c.Limited("name", 40), Currency: c.Currency("currency"), Duration: c.OneOf("duration", "forever", "once", "repeating"),
		Percent: c.Percentage("percent_off"), Amount: c.Integer("amount_off", 1, wire.MaxAmount), Months: c.Integer("duration_in_months", 1, 1000),
		MaxRedemptions: c.Integer("max_redemptions", 1, 1<<31), RedeemBy: c.Integer("redeem_by", 0, 1<<40), Metadata: c.Metadata("metadata", nil),
		Created: s.NowUnix(),
	}
	if co.Duration == "" {
		co.Duration = "once"
	}
	switch {
	case c.Has("percent_off") && c.Has("amount_off"):
		c.Fail(wire.Invalid("", "parameters_exclusive", "You may only specify one of these parameters: amount_off, percent_off."))
	case !c.Has("percent_off") && !c.Has("amount_off"):
		c.Fail(wire.Invalid("", "parameter_missing", "Must provide percent_off or amount_off."))
	case c.Has("amount_off") && co.Currency == "":
		c.Fail(wire.Invalid("currency", "parameter_missing", "You must pass currency when passing amount_off"))
	case co.Currency != "" && !wire.IsCurrency(co.Currency):
		c.Fail(wire.InvalidCurrency("currency", co.Currency))
	case co.Duration == "repeating" && co.Months == 0:
		c.Fail(wire.Invalid("duration_in_months", "parameter_missing", "You must pass duration_in_months when passing duration=repeating"))
	case co.Duration != "repeating" && co.Months != 0:
		c.Fail(wire.Invalid("duration_in_months", "", "duration_in_months must be blank if duration is %s", co.Duration))
	case co.RedeemBy != 0 && co.RedeemBy <= s.NowUnix():
		c.Fail(wire.Invalid("redeem_by", "", "redeem_by must be in the future."))
	case s.LiveCoupon(co.ID) != nil:
		c.Fail(wire.Invalid("id", "resource_already_exists", "Coupon already exists."))
	}
	if c.Err != nil {
		return nil, c.Err
	}
	if co.ID == "" {
		co.ID = wire.NewID("", 8)
	}
	s.Coupons.Add(co.ID, co)
	s.Emit("coupon.created", s.Render.Coupon(co), nil)
	return s.Render.Coupon(co), nil
}

func (s *Server) retrieveCoupon(c *Call) (wire.Object, *wire.Error) {
	co := s.LiveCoupon(c.id)
	if co == nil {
		return nil, wire.NotFound("coupon", c.id, "coupon")
	}
	return s.Render.Coupon(co), nil
}

func (s *Server) updateCoupon(c *Call) (wire.Object, *wire.Error) {
	co := s.LiveCoupon(c.id)
	if co == nil {
		return nil, wire.NotFound("coupon", c.id, "coupon")
	}
	change := *co
	if c.Has("name") {
		change.Name = c.Form.Get("name")
	}
	change.Metadata = c.Metadata("metadata", co.Metadata)
	if c.Err != nil {
		return nil, c.Err
	}
	before := s.Render.Coupon(co)
	*co = change
	s.EmitUpdated("coupon.updated", before, s.Render.Coupon(co))
	return s.Render.Coupon(co), nil
}

// deleteCoupon leaves the discounts alone that were made of it.
func (s *Server) deleteCoupon(c *Call) (wire.Object, *wire.Error) {
	co := s.LiveCoupon(c.id)
	if co == nil {
		return nil, wire.NotFound("coupon", c.id, "coupon")
	}
	co.Deleted = true
	s.Emit("coupon.deleted", s.Render.Coupon(co), nil)
	return wire.Object{"id": co.ID, "object": "coupon", "deleted": true}, nil
}

func (s *Server) listCoupons(c *Call) (wire.Object, *wire.Error) {
	created := c.createdFilter()
	return page[*state.Coupon]{
		noun: "coupon", items: s.Coupons.NewestFirst(),
		id:     func(co *state.Coupon) string { return co.ID },
		keep:   func(co *state.Coupon) bool { return !co.Deleted && created(co.Created) },
		object: s.Render.Coupon,
	}.serve(c)
}

// expired is the error of a coupon or a code that cannot be redeemed any more.
func expired(param, what, id string) *wire.Error {
	return &wire.Error{Status: http.StatusBadRequest, Kind: "invalid_request_error", Code: "coupon_expired", Param: param, Message: what + " expired: " + id}
}
