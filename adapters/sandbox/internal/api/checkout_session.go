package api

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

var sessionRoutes = []route{
	{pattern: "POST /v1/checkout/sessions", params: sessionParams, do: (*Server).createSession},
	{pattern: "GET /v1/checkout/sessions/{id}", do: (*Server).retrieveSession},
	{pattern: "POST /v1/checkout/sessions/{id}", params: []string{"metadata", "metadata[*]"}, do: (*Server).updateSession},
	{pattern: "POST /v1/checkout/sessions/{id}/expire", do: (*Server).expireSession},
	{pattern: "GET /v1/checkout/sessions/{id}/line_items", params: wire.ListParams, do: (*Server).listLineItems},
	{
		pattern: "GET /v1/checkout/sessions",
		params:  wire.Listing("customer", "payment_intent", "subscription", "status"),
		do:      (*Server).listSessions,
	},
}

func (s *Server) retrieveSession(c *Call) (wire.Object, *wire.Error) {
	cs := s.Sessions.Get(c.id)
	if cs == nil {
		return nil, wire.NotFound("checkout.session", c.id, "session")
	}
	return s.Render.Session(cs), nil
}

func (s *Server) listSessions(c *Call) (wire.Object, *wire.Error) {
	created, customer, intent := c.createdFilter(), c.equals("customer"), c.equals("payment_intent")
	subscription, status := c.equals("subscription"), c.equals("status")
	return page[*state.Session]{
		noun: "checkout.session", items: s.Sessions.NewestFirst(),
		id: func(cs *state.Session) string { return cs.ID },
		keep: func(cs *state.Session) bool {
			return created(cs.Created) && customer(cs.Customer) && intent(cs.PaymentIntent) &&
				subscription(cs.Subscription) && status(cs.Status)
		},
		object: s.Render.Session,
	}.serve(c)
}

func (s *Server) listLineItems(c *Call) (wire.Object, *wire.Error) {
	cs := s.Sessions.Get(c.id)
	if cs == nil {
		return nil, wire.NotFound("checkout.session", c.id, "session")
	}
	return page[wire.Object]{
		noun: "item", items: s.Render.LineItems(cs),
		id:     func(o wire.Object) string { return o["id"].(string) },
		keep:   func(wire.Object) bool { return true },
		object: func(o wire.Object) wire.Object { return o },
	}.serve(c)
}

func (s *Server) expireSession(c *Call) (wire.Object, *wire.Error) {
	cs := s.Sessions.Get(c.id)
	if cs == nil {
		return nil, wire.NotFound("checkout.session", c.id, "session")
	}
	if cs.Status != "open" {
		return nil, wire.Invalid("", "", "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session has a status of `%s`.", cs.Status)
	}
	s.ExpireSession(cs)
	return s.Render.Session(cs), nil
}

func (s *Server) updateSession(c *Call) (wire.Object, *wire.Error) {
	cs := s.Sessions.Get(c.id)
	if cs == nil {
		return nil, wire.NotFound("checkout.session", c.id, "session")
	}
	metadata := c.Metadata("metadata", cs.Metadata)
	if c.Err != nil {
		return nil, c.Err
	}
	cs.Metadata = metadata
	return s.Render.Session(cs), nil
}
