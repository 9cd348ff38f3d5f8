package life

import (
	"slices"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// RenewSubscription ends the period of the items whose period ends first and bills their next
// one, or ends the subscription where that was scheduled. What becomes of the bill, a
// draft, is the caller's affair. Mu is held.
func (s *Stripe) RenewSubscription(sub *state.Subscription, collect func(*state.Invoice)) {
	switch {
	case sub.Status == "trialing":
		s.EndTrial(sub, collect)
	case sub.EndsWithPeriod():
		s.EndSubscription(sub, "cancellation_requested")
	default:
		before := s.Render.Subscription(sub)
		end := sub.NextEnd()
		if s.advanceSchedule(sub, end) {
			return
		}
		ending := func(it state.SubscriptionItem) bool { return it.End == end }
		collect(s.nextPeriod(sub, ending, end, "subscription_cycle", before))
	}
}

// EndTrial ends a trial, at its time or before it. Without a card it goes the
// way that trial_settings says.
func (s *Stripe) EndTrial(sub *state.Subscription, collect func(*state.Invoice)) {
	if sub.EndsWithPeriod() {
		s.EndSubscription(sub, "cancellation_requested")
		return
	}
	before := s.Render.Subscription(sub)
	sub.TrialEnd = min(sub.TrialEnd, s.NowUnix())
	sub.SetAnchor(sub.TrialEnd)
	switch {
	case s.MethodOf(sub) == nil && sub.MissingPaymentMethod == "cancel":
		s.EndSubscription(sub, "")
	case s.MethodOf(sub) == nil && sub.MissingPaymentMethod == "pause":
		s.PauseSubscription(sub, before)
	default:
		sub.Status = "active"
		collect(s.nextPeriod(sub, everyItem, sub.TrialEnd, "subscription_cycle", before))
	}
}

// everyItem chooses all items of a subscription.
func everyItem(state.SubscriptionItem) bool { return true }

// nextPeriod starts the period of some items at start and returns its invoice, a
// draft. before is the subscription as it was last told.
func (s *Stripe) nextPeriod(sub *state.Subscription, which func(state.SubscriptionItem) bool, start int64, reason string, before wire.Object) *state.Invoice {
	in := s.nextInvoice(sub, which, start, reason)
	s.AddInvoice(in)
	s.usedUp(sub, in, start)
	sub.LatestInvoice = in.ID
	s.EmitUpdated("customer.subscription.updated", before, s.Render.Subscription(sub))
	return in
}

// nextInvoice starts the period of some items at start, and bills it. Nothing else
// changes, so that a preview can have it of a copy.
func (s *Stripe) nextInvoice(sub *state.Subscription, which func(state.SubscriptionItem) bool, start int64, reason string) *state.Invoice {
	began, _ := sub.Period()
	in := &state.Invoice{
		Customer: sub.Customer, Subscription: sub.ID, Currency: sub.Currency, BillingReason: reason, Lines: slices.Clone(sub.Pending),
		SubscriptionMetadata: sub.Metadata, PeriodStart: began, PeriodEnd: start, AutomaticTax: sub.AutomaticTax,
		AutoAdvance: true, DaysUntilDue: sub.DaysUntilDue,
	}
	sub.Pending = nil
	in.Lines = append(in.Lines, s.WaitingLines(sub.Customer, sub.ID, sub.Currency)...)
	for i := range sub.Items {
		it := &sub.Items[i]
		if ended := *it; which(ended) {
			s.startPeriod(it, start)
			in.Lines = append(in.Lines, s.itemLine(sub, *it, ended))
		}
	}
	s.ReduceInvoice(in, sub.DiscountAt(start))
	return in
}

// CollectInvoice goes with a draft the way that the subscription goes: it is paid or
// fails, is sent, or what pause_collection says. An unpaid subscription's stay
// drafts.
func (s *Stripe) CollectInvoice(sub *state.Subscription, in *state.Invoice, a Attempt) {
	if sub.PauseBehavior == "keep_as_draft" || sub.Status == "unpaid" {
		s.UpdateInvoice(in, func() { in.AutoAdvance = false })
		s.AnnounceInvoice(in)
		return
	}
	s.FinalizeInvoice(in, "Subscription update", []string{"card"})
	switch {
	case sub.PauseBehavior == "void":
		s.VoidInvoice(in)
	case sub.PauseBehavior == "mark_uncollectible":
		s.WriteOffInvoice(in)
	case in.ToBeSent() && in.Due() > 0:
		// The customer has until its due date.
	case s.ChargeFor(in, a):
		s.InvoiceSettled(in)
	case sub.Status == "active":
		s.setStatus(sub, "past_due")
	}
}

func (s *Stripe) setStatus(sub *state.Subscription, status string) {
	s.ChangeSubscription(sub, func() { sub.Status = status })
}

// GiveUpInvoice is what follows when the last attempt to collect an invoice has failed:
// canceled, unpaid or past_due, as the account's settings say.
func (s *Stripe) GiveUpInvoice(in *state.Invoice, status string) {
	s.BeginInvoiceUpdate(in)
	in.AutoAdvance = false
	s.ChargeFor(in, Later(false))
	sub := s.Subscriptions.Get(in.Subscription)
	if sub != nil && !sub.Terminal() {
		s.becomes(sub, status)
	}
}
