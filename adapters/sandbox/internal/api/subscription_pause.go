package api

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// resumeSubscription is refused what would have to be prorated.
func (s *Server) resumeSubscription(c *Call) (wire.Object, *wire.Error) {
	sub := s.Subscriptions.Get(c.id)
	if sub == nil {
		return nil, wire.NotFound("subscription", c.id, "id")
	}
	anchor := wire.AnchorParam(c.Version)
	unchanged := c.OneOf(anchor, "now", "unchanged") == "unchanged"
	c.OneOf("proration_behavior", "always_invoice", "create_prorations", "none")
	switch {
	case c.Err != nil:
		return nil, c.Err
	case sub.Status != "paused":
		return nil, wire.Invalid("", "", "Only a subscription that is paused can be resumed; this one is %s.", sub.Status)
	case unchanged && s.NowUnix() >= sub.NextEnd():
		return nil, wire.Invalid(anchor, "", "The sandbox does not support billing_cycle_anchor=unchanged once the period has ended: it would have to be prorated. Use now.")
	}
	s.ResumeSubscription(sub, unchanged)
	return s.Render.Subscription(sub), nil
}

// readPauseCollection reads whether invoices are collected. It changes no status.
func (s *Server) readPauseCollection(c *Call, sub *state.Subscription) {
	if !c.HasAny("pause_collection") {
		return
	}
	sub.PauseBehavior, sub.PauseResumesAt = "", 0
	if c.Has("pause_collection") && c.Form.Get("pause_collection") == "" {
		return
	}
	c.Required("pause_collection[behavior]")
	sub.PauseBehavior = c.OneOf("pause_collection[behavior]", "keep_as_draft", "mark_uncollectible", "void")
	if c.Has("pause_collection[resumes_at]") {
		sub.PauseResumesAt = c.Integer("pause_collection[resumes_at]", s.NowUnix()+1, 1<<40)
	}
}
