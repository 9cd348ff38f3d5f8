package api

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

var refundRoutes = []route{
	{
		pattern: "POST /v1/refunds",
		params:  []string{"charge", "payment_intent", "amount", "reason", "metadata[*]"},
		do:      (*Server).createRefund,
	},
	{pattern: "GET /v1/refunds/{id}", do: (*Server).retrieveRefund},
	{pattern: "POST /v1/refunds/{id}", params: []string{"metadata[*]"}, do: (*Server).updateRefund},
	{pattern: "POST /v1/refunds/{id}/cancel", do: (*Server).cancelRefund},
	{pattern: "GET /v1/refunds", params: wire.Listing("charge", "payment_intent"), do: (*Server).listRefunds},
}

func (s *Server) createRefund(c *Call) (wire.Object, *wire.Error) {
	amount := c.Integer("amount", 1, 1<<40)
	reason := c.OneOf("reason", "duplicate", "fraudulent", "requested_by_customer")
	metadata := c.Metadata("metadata", nil)
	ch := s.chargeToRefund(c)
	if c.Err != nil {
		return nil, c.Err
	}
	if amount == 0 {
		amount = ch.Amount - ch.Refunded
	}
	if e := s.RefusesRefund(ch, amount); e != nil {
		return nil, e
	}
	return s.Render.Refund(s.Refund(ch, amount, reason, metadata)), nil
}

// chargeToRefund is the charge that the request names, itself or by its intent.
func (s *Server) chargeToRefund(c *Call) *state.Charge {
	id, intent := c.Text("charge"), c.Text("payment_intent")
	switch {
	case c.Err != nil:
	case id != "" && intent != "":
		c.Fail(wire.Invalid("payment_intent", "parameters_exclusive", "You may only specify one of these parameters: charge, payment_intent."))
	case id != "":
		if ch := s.Charges.Get(id); ch != nil {
			return ch
		}
		c.Fail(wire.NotFound("charge", id, "id"))
	case intent != "":
		pi := s.PaymentIntents.Get(intent)
		if pi == nil {
			c.Fail(wire.NotFound("payment_intent", intent, "payment_intent"))
			return nil
		}
		if ch := s.Charges.Get(pi.LatestCharge); ch != nil {
			return ch
		}
		c.Fail(state.NothingToRefund(intent))
	default:
		c.Fail(wire.Invalid("", "", "One of the following params should be provided for this request: payment_intent or charge."))
	}
	return nil
}

func (s *Server) retrieveRefund(c *Call) (wire.Object, *wire.Error) {
	r := s.Refunds.Get(c.id)
	if r == nil {
		return nil, wire.NotFound("refund", c.id, "refund")
	}
	return s.Render.Refund(r), nil
}

func (s *Server) updateRefund(c *Call) (wire.Object, *wire.Error) {
	r := s.Refunds.Get(c.id)
	if r == nil {
		return nil, wire.NotFound("refund", c.id, "refund")
	}
	metadata := c.Metadata("metadata", r.Metadata)
	if c.Err != nil {
		return nil, c.Err
	}
	s.ChangeRefund(r, func() { r.Metadata = metadata })
	return s.Render.Refund(r), nil
}

// cancelRefund takes back what waits for the buyer to act; Stripe's API cancels
// no other refund.
func (s *Server) cancelRefund(c *Call) (wire.Object, *wire.Error) {
	r := s.Refunds.Get(c.id)
	switch {
	case r == nil:
		return nil, wire.NotFound("refund", c.id, "refund")
	case r.Status != "requires_action":
		return nil, wire.Invalid("", "", "Canceling this refund is unsupported.")
	}
	s.UndoRefund(r, "canceled", "")
	return s.Render.Refund(r), nil
}

func (s *Server) listRefunds(c *Call) (wire.Object, *wire.Error) {
	created, charge, intent := c.createdFilter(), c.equals("charge"), c.equals("payment_intent")
	return page[*state.Refund]{
		noun: "refund", items: s.Refunds.NewestFirst(),
		id:     func(r *state.Refund) string { return r.ID },
		keep:   func(r *state.Refund) bool { return created(r.Created) && charge(r.Charge) && intent(r.PaymentIntent) },
		object: s.Render.Refund,
	}.serve(c)
}
