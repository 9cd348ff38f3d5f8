package life

import (
	"slices"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/clock"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// scheduledItems are the items that the subscription has from t on, where a phase ends
// then; nil if nothing changes.
func (s *Stripe) scheduledItems(sub *state.Subscription, t int64) []state.SubscriptionItem {
	sch := s.Schedules.Get(sub.Schedule)
	if sch == nil || !sch.Active() || sch.Phases[sch.Phase].End > t || sch.Phase+1 == len(sch.Phases) {
		return nil
	}
	var items []state.SubscriptionItem
	for _, next := range sch.Phases[sch.Phase+1].Items {
		i := slices.IndexFunc(sub.Items, func(it state.SubscriptionItem) bool { return it.Price == next.Price })
		if i >= 0 {
			kept := sub.Items[i]
			kept.Quantity = next.Quantity
			items = append(items, kept)
			continue
		}
		it := state.SubscriptionItem{ID: wire.NewID("si_", 14), Price: next.Price, Quantity: next.Quantity, Metadata: next.Metadata, Created: t, Anchor: t, Start: t, End: t}
		if peer := s.peer(sub.Items, it); peer >= 0 {
			it.Anchor = sub.Items[peer].Anchor
		}
		items = append(items, it)
	}
	return items
}

// endsSubscription tells whether the schedule ends the subscription at t.
func (s *Stripe) endsSubscription(sub *state.Subscription, t int64) bool {
	sch := s.Schedules.Get(sub.Schedule)
	return sch != nil && sch.Active() && sch.Phase+1 == len(sch.Phases) && sch.Phases[sch.Phase].End <= t && sch.EndBehavior == "cancel"
}

// advanceSchedule is called when a subscription's period ends at t. It takes the next
// phase's items, or ends the schedule after its last phase, and tells whether the
// subscription has ended with it. Mu is held.
func (s *Stripe) advanceSchedule(sub *state.Subscription, t int64) (ended bool) {
	sch := s.Schedules.Get(sub.Schedule)
	if sch == nil || !sch.Active() || sch.Phases[sch.Phase].End > t {
		return false
	}
	before := s.Render.Schedule(sch)
	switch items := s.scheduledItems(sub, t); {
	case items != nil:
		sch.Phases[sch.Phase].Items = slices.Clone(sub.Items) // as it was at last
		sub.Items, sub.Anchor = items, items[0].Anchor
		sch.Phase++
		s.EmitUpdated("subscription_schedule.updated", before, s.Render.Schedule(sch))
	case sch.EndBehavior == "cancel":
		sch.Status, sch.CompletedAt = "completed", s.NowUnix()
		s.Emit("subscription_schedule.completed", s.Render.Schedule(sch), nil)
		s.EndSubscription(sub, "cancellation_requested")
		return true
	default:
		s.ReleaseSchedule(sch, sub)
	}
	return false
}

// ReleaseSchedule ends the schedule and lets the subscription go on. The caller tells of the
// subscription.
func (s *Stripe) ReleaseSchedule(sch *state.Schedule, sub *state.Subscription) {
	sch.Status, sch.ReleasedAt = "released", s.NowUnix()
	sub.Schedule = ""
	s.Emit("subscription_schedule.released", s.Render.Schedule(sch), nil)
}

// dropSchedule cancels the schedule of a subscription that has ended.
func (s *Stripe) dropSchedule(sub *state.Subscription) {
	sch := s.Schedules.Get(sub.Schedule)
	if sch == nil || !sch.Active() {
		return
	}
	sch.Status, sch.CanceledAt = "canceled", s.NowUnix()
	kind := "subscription_schedule.canceled"
	if sub.CancelReason == "payment_failed" {
		kind = "subscription_schedule.aborted"
	}
	s.Emit(kind, s.Render.Schedule(sch), nil)
}

// expiryNotice is how long before its end a schedule is announced to end.
const expiryNotice = 7 * clock.Day

// AnnounceExpiry plans that the end of the schedule's last phase is announced, unless that
// is too late, or planned already.
func (s *Stripe) AnnounceExpiry(sch *state.Schedule) {
	end := sch.Phases[len(sch.Phases)-1].End
	at := time.Unix(end, 0).Add(-expiryNotice)
	planned := slices.ContainsFunc(s.Timers, func(t *state.Timer) bool {
		return t.Kind == scheduleExpiring && t.About == sch.ID && t.Number == end
	})
	if !planned && at.After(s.Now()) {
		s.At(at, state.Timer{Kind: scheduleExpiring, About: sch.ID, Number: end})
	}
}

// tellExpiring announces the end of a schedule, if that still stands.
func (s *Stripe) tellExpiring(t state.Timer) {
	if sch := s.Schedules.Get(t.About); sch.Active() && sch.Phases[len(sch.Phases)-1].End == t.Number {
		s.Emit("subscription_schedule.expiring", s.Render.Schedule(sch), nil)
	}
}
