package api

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/render"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// Plans are what recurring prices were before there were prices. Stripe shows each of these
// as a plan still, by the same id.

var planRoutes = []route{
	{pattern: "GET /v1/plans", params: wire.Listing("active", "product"), do: (*Server).listPlans},
	{pattern: "GET /v1/plans/{id}", do: (*Server).retrievePlan},
}

func (s *Server) retrievePlan(c *Call) (wire.Object, *wire.Error) {
	p := s.Prices.Get(c.id)
	if p == nil || !p.Recurring() {
		return nil, wire.NotFound("plan", c.id, "plan")
	}
	return render.Plan(p), nil
}

func (s *Server) listPlans(c *Call) (wire.Object, *wire.Error) {
	created, active, product := c.createdFilter(), c.equals("active"), c.equals("product")
	return page[*state.Price]{
		noun: "plan", items: s.Prices.NewestFirst(),
		id: func(p *state.Price) string { return p.ID },
		keep: func(p *state.Price) bool {
			return p.Recurring() && created(p.Created) && active(boolText(p.Active)) && product(p.Product)
		},
		object: render.Plan,
	}.serve(c)
}
