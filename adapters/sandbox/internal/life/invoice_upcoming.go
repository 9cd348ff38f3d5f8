package life

import (
	"slices"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
)

// upcomingAt is when the next invoice is to be announced; 0 if it is not, or was.
func (s *Stripe) upcomingAt(sub *state.Subscription) int64 {
	end := sub.NextEnd()
	at := end - int64(s.UpcomingNotice/time.Second)
	ending := slices.IndexFunc(sub.Items, func(it state.SubscriptionItem) bool { return it.End == end })
	charged := sub.Status != "unpaid" && sub.DaysUntilDue == 0 // Stripe announces what it collects by itself
	if s.UpcomingNotice <= 0 || !charged || sub.Announced == end || at <= sub.Items[ending].Start {
		return 0
	}
	return at
}

// announceUpcoming tells what the next invoice will be, if there will be one.
func (s *Stripe) announceUpcoming(sub *state.Subscription) {
	sub.Announced = sub.NextEnd()
	next := *sub
	next.Items = slices.Clone(sub.Items)
	in := s.UpcomingInvoiceOf(&next)
	if in == nil {
		return
	}
	s.Show(in)
	s.Emit("invoice.upcoming", s.Render.Upcoming(in), nil)
}

// UpcomingInvoiceOf is the next invoice of a subscription as it stands, of which it is given a
// copy to change; nil if none is to come.
func (s *Stripe) UpcomingInvoiceOf(sub *state.Subscription) *state.Invoice {
	switch {
	case sub.Terminal() || sub.Status == "paused" || sub.EndsWithPeriod() || s.endsSubscription(sub, sub.NextEnd()):
		return nil
	case sub.Status == "trialing":
		sub.Status = "active"
		sub.SetAnchor(sub.TrialEnd)
		return s.nextInvoice(sub, everyItem, sub.TrialEnd, "upcoming")
	}
	end := sub.NextEnd()
	if items := s.scheduledItems(sub, end); items != nil {
		sub.Items = items
	}
	return s.nextInvoice(sub, func(it state.SubscriptionItem) bool { return it.End == end }, end, "upcoming")
}
