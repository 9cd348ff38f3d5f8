package life

import (
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// PauseSubscription suspends the subscription: no service and no invoices. before is the
// subscription as it was last told.
func (s *Stripe) PauseSubscription(sub *state.Subscription, before wire.Object) {
	if sub.Status == "trialing" {
		sub.TrialEnd = min(sub.TrialEnd, s.NowUnix())
		sub.MoveEnd(sub.TrialEnd)
	}
	sub.Status = "paused"
	s.EmitUpdated("customer.subscription.updated", before, s.Render.Subscription(sub))
	s.Emit("customer.subscription.paused", s.Render.Subscription(sub), nil)
}

func (s *Stripe) unpause(sub *state.Subscription) {
	sub.Resuming = ""
	s.setStatus(sub, "active")
	s.Emit("customer.subscription.resumed", s.Render.Subscription(sub), nil)
}

// ResumeSubscription starts a paused subscription again, with a new period unless the old
// one goes on. A new period has to be paid first.
func (s *Stripe) ResumeSubscription(sub *state.Subscription, unchanged bool) {
	s.abandonResumption(sub)
	if unchanged {
		s.unpause(sub)
		return
	}
	before := s.Render.Subscription(sub)
	sub.SetAnchor(s.NowUnix())
	in := s.nextPeriod(sub, everyItem, sub.Anchor, "subscription_update", before)
	sub.Resuming = in.ID
	s.CollectInvoice(sub, in, Later(true))
}

// abandonResumption gives up an earlier try to resume that was not paid.
func (s *Stripe) abandonResumption(sub *state.Subscription) {
	if in := s.Invoices.Get(sub.Resuming); in != nil && in.Payable() {
		s.VoidInvoice(in)
	}
}

// ScheduleCollection takes up collecting again at its time, if that still stands.
func (s *Stripe) ScheduleCollection(sub *state.Subscription) {
	s.At(time.Unix(sub.PauseResumesAt, 0), state.Timer{Kind: collectionResumes, About: sub.ID, Number: sub.PauseResumesAt})
}

func (s *Stripe) resumeCollection(t state.Timer) {
	if sub := s.Subscriptions.Get(t.About); sub.PauseResumesAt == t.Number && !sub.Terminal() {
		s.ChangeSubscription(sub, func() { sub.PauseBehavior, sub.PauseResumesAt = "", 0 })
	}
}
