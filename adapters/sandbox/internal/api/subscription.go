package api

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

var subscriptionRoutes = []route{
	{pattern: "GET /v1/subscriptions/{id}", do: (*Server).retrieveSubscription},
	{
		pattern: "GET /v1/subscriptions",
		params:  wire.Listing("customer", "status", "price", "collection_method"),
		do:      (*Server).listSubscriptions,
	},
	{pattern: "POST /v1/subscriptions", params: subscriptionCreateParams, do: (*Server).createSubscription},
	{pattern: "POST /v1/subscriptions/{id}", params: subscriptionUpdateParams, do: (*Server).updateSubscription},
	{
		pattern: "DELETE /v1/subscriptions/{id}",
		params:  []string{"cancellation_details[comment]", "cancellation_details[feedback]", "invoice_now", "prorate"},
		do:      (*Server).cancelSubscription,
	},
	{pattern: "DELETE /v1/subscriptions/{id}/discount", do: (*Server).deleteSubscriptionDiscount},
	{
		pattern: "POST /v1/subscriptions/{id}/resume",
		params:  []string{"billing_cycle_anchor", "billing_cycle_anchor[type]", "proration_behavior"},
		do:      (*Server).resumeSubscription,
	},
}

func (s *Server) retrieveSubscription(c *Call) (wire.Object, *wire.Error) {
	sub := s.Subscriptions.Get(c.id)
	if sub == nil {
		return nil, wire.NotFound("subscription", c.id, "id")
	}
	return s.Render.Subscription(sub), nil
}

// listSubscriptions leaves out canceled ones unless they are asked for.
func (s *Server) listSubscriptions(c *Call) (wire.Object, *wire.Error) {
	created, customer := c.createdFilter(), c.equals("customer")
	status := c.OneOf("status", "active", "all", "canceled", "ended", "incomplete", "incomplete_expired", "past_due", "paused", "trialing", "unpaid")
	price, method := c.Text("price"), c.OneOf("collection_method", "charge_automatically", "send_invoice")
	return page[*state.Subscription]{
		noun: "subscription", items: s.Subscriptions.NewestFirst(),
		id: func(sub *state.Subscription) string { return sub.ID },
		keep: func(sub *state.Subscription) bool {
			switch {
			case status == "" && sub.Status == "canceled",
				status == "ended" && !sub.Terminal(),
				status != "" && status != "all" && status != "ended" && status != sub.Status,
				price != "" && !sub.Has(price),
				method != "" && (method == "send_invoice") != (sub.DaysUntilDue > 0):
				return false
			}
			return created(sub.Created) && customer(sub.Customer)
		},
		object: s.Render.Subscription,
	}.serve(c)
}

// refuseFinalBill refuses that an end is billed: the sandbox neither prorates it nor makes an
// invoice of it.
func (c *Call) refuseFinalBill() {
	for _, name := range []string{"invoice_now", "prorate"} {
		if c.Flag(name) {
			c.Fail(unserved(name + "=true"))
		}
	}
}

func (s *Server) cancelSubscription(c *Call) (wire.Object, *wire.Error) {
	sub := s.Subscriptions.Get(c.id)
	if sub == nil || sub.Terminal() {
		return nil, wire.NotFound("subscription", c.id, "id") // Stripe no longer knows an ended one here
	}
	c.refuseFinalBill()
	comment, feedback := c.Text("cancellation_details[comment]"), c.Text("cancellation_details[feedback]")
	if c.Err != nil {
		return nil, c.Err
	}
	sub.CancelComment, sub.CancelFeedback = comment, feedback
	s.CancelNow(sub)
	return s.Render.Subscription(sub), nil
}
