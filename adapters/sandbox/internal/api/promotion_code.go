package api

import (
	"strings"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

var promotionCodeRoutes = []route{
	{
		pattern: "POST /v1/promotion_codes",
		params: []string{
			"coupon", "promotion[type]", "promotion[coupon]", "code", "customer", "active", "expires_at", "max_redemptions", "metadata[*]",
			"restrictions[first_time_transaction]", "restrictions[minimum_amount]", "restrictions[minimum_amount_currency]",
		},
		do: (*Server).CreatePromotionCode,
	},
	{pattern: "GET /v1/promotion_codes/{id}", do: (*Server).retrievePromotionCode},
	{pattern: "POST /v1/promotion_codes/{id}", params: []string{"active", "metadata[*]"}, do: (*Server).updatePromotionCode},
	{pattern: "GET /v1/promotion_codes", params: wire.Listing("active", "code", "coupon", "customer"), do: (*Server).listPromotionCodes},
}

// CreatePromotionCode makes a code that customers enter.
func (s *Server) CreatePromotionCode(c *Call) (wire.Object, *wire.Error) {
	from := "coupon"
	if c.Version >= wire.Clover {
		from = "promotion[coupon]"
		c.Required("promotion[type]")
		c.OneOf("promotion[type]", "coupon")
	}
	pc := &state.PromotionCode{
		Coupon: c.Required(from), Code: c.Limited("code", 500), Customer: c.Text("customer"), Active: !c.Has("active") || c.Flag("active"),
		ExpiresAt: c.Integer("expires_at", s.NowUnix()+1, 1<<40), MaxRedemptions: c.Integer("max_redemptions", 1, 1<<31),
		FirstTime: c.Flag("restrictions[first_time_transaction]"), LeastAmount: c.Integer("restrictions[minimum_amount]", 1, wire.MaxAmount),
		LeastCurrency: c.Text("restrictions[minimum_amount_currency]"), Metadata: c.Metadata("metadata", nil), Created: s.NowUnix(),
	}
	switch {
	case c.Err != nil:
	case s.LiveCoupon(pc.Coupon) == nil:
		c.Fail(wire.MissingReference("coupon", pc.Coupon, from))
	case pc.Customer != "" && s.LiveCustomer(pc.Customer) == nil:
		c.Fail(wire.MissingReference("customer", pc.Customer, "customer"))
	case (pc.LeastAmount == 0) != (pc.LeastCurrency == ""):
		c.Fail(wire.Invalid("restrictions", "", "You must pass both `minimum_amount` and `minimum_amount_currency`, or neither."))
	case strings.Trim(strings.ToLower(pc.Code), "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
		c.Fail(wire.Invalid("code", "", "Promotion codes can only contain alphanumeric characters and dashes."))
	case pc.Active && s.codeInUse(pc.Code, pc.Customer) != nil:
		c.Fail(wire.Invalid("code", "", "An active promotion code with `code: %s` already exists.", pc.Code))
	}
	if c.Err != nil {
		return nil, c.Err
	}
	if pc.Code == "" {
		pc.Code = strings.ToUpper(wire.NewID("", 8))
	}
	pc.ID = wire.NewID("promo_1", 23)
	s.PromotionCodes.Add(pc.ID, pc)
	s.Emit("promotion_code.created", s.Render.PromotionCode(pc), nil)
	return s.Render.PromotionCode(pc), nil
}

// codeInUse is the active code that reads the same for the customer, nil for none.
func (s *Server) codeInUse(code, customer string) *state.PromotionCode {
	for _, other := range s.PromotionCodes.Order {
		if code != "" && other.Active && strings.EqualFold(other.Code, code) && (other.Customer == "" || customer == "" || other.Customer == customer) {
			return other
		}
	}
	return nil
}

func (s *Server) retrievePromotionCode(c *Call) (wire.Object, *wire.Error) {
	pc := s.PromotionCodes.Get(c.id)
	if pc == nil {
		return nil, wire.NotFound("promotion_code", c.id, "promotion_code")
	}
	return s.Render.PromotionCode(pc), nil
}

func (s *Server) updatePromotionCode(c *Call) (wire.Object, *wire.Error) {
	pc := s.PromotionCodes.Get(c.id)
	if pc == nil {
		return nil, wire.NotFound("promotion_code", c.id, "promotion_code")
	}
	change := *pc
	if c.Has("active") {
		change.Active = c.Flag("active")
	}
	change.Metadata = c.Metadata("metadata", pc.Metadata)
	if c.Err == nil && change.Active && !pc.Active && s.codeInUse(pc.Code, pc.Customer) != nil {
		c.Fail(wire.Invalid("active", "", "An active promotion code with `code: %s` already exists.", pc.Code))
	}
	if c.Err != nil {
		return nil, c.Err
	}
	before := s.Render.PromotionCode(pc)
	*pc = change
	s.EmitUpdated("promotion_code.updated", before, s.Render.PromotionCode(pc))
	return s.Render.PromotionCode(pc), nil
}

func (s *Server) listPromotionCodes(c *Call) (wire.Object, *wire.Error) {
	created, coupon, customer, code := c.createdFilter(), c.equals("coupon"), c.equals("customer"), c.Text("code")
	active := c.Flag("active")
	return page[*state.PromotionCode]{
		noun: "promotion_code", items: s.PromotionCodes.NewestFirst(),
		id: func(pc *state.PromotionCode) string { return pc.ID },
		keep: func(pc *state.PromotionCode) bool {
			return created(pc.Created) && coupon(pc.Coupon) && customer(pc.Customer) && (code == "" || strings.EqualFold(code, pc.Code)) &&
				(!c.Has("active") || active == s.Redeemable(pc, s.NowUnix()))
		},
		object: s.Render.PromotionCode,
	}.serve(c)
}
