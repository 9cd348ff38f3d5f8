package api

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

var disputeRoutes = []route{
	{pattern: "GET /v1/disputes/{id}", do: (*Server).retrieveDispute},
	{
		pattern: "POST /v1/disputes/{id}", params: disputeUpdateParams,
		do: (*Server).updateDispute,
	},
	{pattern: "POST /v1/disputes/{id}/close", do: (*Server).closeDispute},
	{pattern: "GET /v1/disputes", params: wire.Listing("charge", "payment_intent"), do: (*Server).listDisputes},
}

func (s *Server) retrieveDispute(c *Call) (wire.Object, *wire.Error) {
	d := s.Disputes.Get(c.id)
	if d == nil {
		return nil, wire.NotFound("dispute", c.id, "dispute")
	}
	return s.Render.Dispute(d), nil
}

// closeDispute concedes it.
func (s *Server) closeDispute(c *Call) (wire.Object, *wire.Error) {
	d := s.Disputes.Get(c.id)
	switch {
	case d == nil:
		return nil, wire.NotFound("dispute", c.id, "dispute")
	case d.Status != "needs_response":
		return nil, wire.Invalid("", "", "A dispute whose status is %s cannot be closed; only one that needs_response can.", d.Status)
	}
	s.DecideDispute(d, "lost")
	return s.Render.Dispute(d), nil
}

func (s *Server) listDisputes(c *Call) (wire.Object, *wire.Error) {
	created, charge, intent := c.createdFilter(), c.equals("charge"), c.equals("payment_intent")
	return page[*state.Dispute]{
		noun: "dispute", items: s.Disputes.NewestFirst(),
		id:     func(d *state.Dispute) string { return d.ID },
		keep:   func(d *state.Dispute) bool { return created(d.Created) && charge(d.Charge) && intent(d.PaymentIntent) },
		object: s.Render.Dispute,
	}.serve(c)
}
