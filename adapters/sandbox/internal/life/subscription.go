package life

import (
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
)

// CancelNow ends a subscription before the end of its period. A cancellation that was to
// come is none any more.
func (s *Stripe) CancelNow(sub *state.Subscription) {
	sub.CancelAtPeriodEnd, sub.CancelAt, sub.CanceledAt = false, 0, 0
	s.EndSubscription(sub, "cancellation_requested")
}

// EndSubscription cancels at once; reason is one of cancellation_details'.
func (s *Stripe) EndSubscription(sub *state.Subscription, reason string) {
	now := s.NowUnix()
	sub.Status, sub.EndedAt = "canceled", now
	if sub.CanceledAt == 0 {
		sub.CanceledAt = now // else the time of the request, which was earlier
	}
	sub.CancelReason = reason
	sub.Update = nil
	s.dropSchedule(sub)
	s.Emit("customer.subscription.deleted", s.Render.Subscription(sub), nil)
}

// ChangeSubscription tells of a change, if it is one.
func (s *Stripe) ChangeSubscription(sub *state.Subscription, change func()) {
	before := s.Render.Subscription(sub)
	change()
	s.EmitUpdated("customer.subscription.updated", before, s.Render.Subscription(sub))
}

// neverBegan ends a subscription whose first payment did not come.
func (s *Stripe) neverBegan(sub *state.Subscription) {
	s.ChangeSubscription(sub, func() { sub.Status, sub.EndedAt = "incomplete_expired", s.NowUnix() })
}

// ScheduleCancel ends the subscription at its CancelAt, if that still stands
// when the time comes.
func (s *Stripe) ScheduleCancel(sub *state.Subscription) {
	s.At(time.Unix(sub.CancelAt, 0), state.Timer{Kind: cancellationDue, About: sub.ID, Number: sub.CancelAt})
}

func (s *Stripe) cancelAsPlanned(t state.Timer) {
	if sub := s.Subscriptions.Get(t.About); sub.CancelAt == t.Number && !sub.Terminal() {
		s.EndSubscription(sub, "cancellation_requested")
	}
}
