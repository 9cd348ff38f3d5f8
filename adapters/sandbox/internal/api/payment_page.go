package api

import (
	"slices"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// cliRoutes are calls that Stripe has for its command line alone, so that no description of
// its API has them: stripe trigger completes a Checkout Session by its page.
var cliRoutes = []route{
	{pattern: "GET /v1/payment_pages/{id}", do: (*Server).retrieveSession},
	{pattern: "POST /v1/payment_pages/{id}/confirm", params: []string{"payment_method", "expected_amount"}, do: (*Server).confirmPage},
}

// confirmPage pays a session as its buyer does on the page, with a method that was made before.
func (s *Server) confirmPage(c *Call) (wire.Object, *wire.Error) {
	cs := s.Sessions.Get(c.id)
	if cs == nil {
		return nil, wire.NotFound("checkout.session", c.id, "session")
	}
	id, expected := c.Required("payment_method"), c.Integer("expected_amount", 0, wire.MaxAmount)
	switch {
	case c.Err != nil:
		return nil, c.Err
	case !cs.OpenUntil(s.Now()):
		return nil, wire.Invalid("", "", "You can only pay an open Checkout Session; this one is %s.", cs.Status)
	case c.Has("expected_amount") && expected != s.SessionTotal(cs):
		return nil, wire.Invalid("expected_amount", "", "The Checkout Session comes to %d, not to %d.", s.SessionTotal(cs), expected)
	case !s.known(id):
		return nil, wire.MissingReference("PaymentMethod", id, "payment_method")
	}
	pm := s.method(id)
	switch {
	case pm.Customer != "" && pm.Customer != cs.Customer:
		return nil, wire.Invalid("payment_method", "", "The PaymentMethod %s belongs to another customer.", pm.ID)
	case !slices.Contains(cs.PaymentMethodTypes, pm.Kind):
		return nil, wire.Invalid("payment_method", "", "The Checkout Session does not take a PaymentMethod of type %s.", pm.Kind)
	}
	if e := s.PaySessionWith(cs, pm); e != nil {
		return nil, e
	}
	return s.Render.Session(cs), nil
}
