package api

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

var chargeRoutes = []route{
	{pattern: "GET /v1/charges/{id}", do: (*Server).retrieveCharge},
	{
		pattern: "GET /v1/charges",
		params:  wire.Listing("customer", "payment_intent"),
		do:      (*Server).listCharges,
	},
}

func (s *Server) retrieveCharge(c *Call) (wire.Object, *wire.Error) {
	ch := s.Charges.Get(c.id)
	if ch == nil {
		return nil, wire.NotFound("charge", c.id, "id")
	}
	return s.Render.Charge(ch), nil
}

func (s *Server) listCharges(c *Call) (wire.Object, *wire.Error) {
	created, customer, intent := c.createdFilter(), c.equals("customer"), c.equals("payment_intent")
	return page[*state.Charge]{
		noun: "charge", items: s.Charges.NewestFirst(),
		id: func(ch *state.Charge) string { return ch.ID },
		keep: func(ch *state.Charge) bool {
			return created(ch.Created) && customer(ch.Customer) && intent(ch.PaymentIntent)
		},
		object: s.Render.Charge,
	}.serve(c)
}
