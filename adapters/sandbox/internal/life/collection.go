package life

import (
	"strings"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/clock"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
)

// This file has subscriptions go on by themselves. Where WithClock was given it does not:
// such a test says itself when a period ends, see RenewSubscription.

// CollectionPolicy says what Stripe does about an invoice that its card did not pay.
type CollectionPolicy struct {
	RetryAfter []time.Duration // how long after each failed attempt the next one is made
	Then       string          // what the subscription becomes after the last: canceled, unpaid or past_due
}

const (
	// draftLife is how long a period's invoice stays a draft that the shop may still change.
	draftLife = time.Hour

	// trialNotice is how long before its end a trial is announced to end.
	trialNotice = 3 * clock.Day
)

// goesOn plans what happens to a subscription next. It is called whenever one is told of, so
// that what moved its period moves this too. Mu is held.
func (s *Stripe) goesOn(id string) {
	sub := s.Subscriptions.Get(id)
	if sub == nil || s.OwnClock {
		return
	}
	next := s.nextMoment(sub)
	if next == sub.Next {
		return
	}
	if sub.Next = next; next != 0 {
		s.At(time.Unix(next, 0), state.Timer{Kind: subscriptionMoment, About: id, Number: next})
	}
}

// nextMoment is when something happens to a subscription by itself; 0 for never.
func (s *Stripe) nextMoment(sub *state.Subscription) int64 {
	switch sub.Status {
	case "trialing", "active", "past_due", "unpaid":
	default:
		return 0
	}
	next := sub.NextEnd()
	for _, notice := range []int64{trialNoticeAt(sub), s.upcomingAt(sub)} {
		if notice != 0 {
			next = min(next, notice)
		}
	}
	return next
}

// trialNoticeAt is when the trial is to be announced to end; 0 if it is not, or was.
func trialNoticeAt(sub *state.Subscription) int64 {
	if sub.Status != "trialing" || sub.Noticed {
		return 0
	}
	return max(sub.TrialEnd-int64(trialNotice/time.Second), sub.Created)
}

// reach is what happens at a moment that was planned, if that still stands.
func (s *Stripe) reach(t state.Timer) {
	sub, moment := s.Subscriptions.Get(t.About), t.Number
	if sub.Next != moment || s.nextMoment(sub) != moment {
		return
	}
	sub.Next = 0
	switch moment {
	case trialNoticeAt(sub):
		sub.Noticed = true
		s.Emit("customer.subscription.trial_will_end", s.Render.Subscription(sub), nil)
	case s.upcomingAt(sub):
		s.announceUpcoming(sub)
	default:
		s.RenewSubscription(sub, func(in *state.Invoice) { s.collectLater(sub, in) })
	}
	s.goesOn(sub.ID)
}

// collectLater announces a period's invoice and collects it when the shop has had its time
// to change it.
func (s *Stripe) collectLater(sub *state.Subscription, in *state.Invoice) {
	if sub.PauseBehavior == "keep_as_draft" || sub.Status == "unpaid" {
		s.CollectInvoice(sub, in, Later(true))
		return
	}
	s.AnnounceInvoice(in)
	s.At(time.Unix(in.Created, 0).Add(draftLife), state.Timer{Kind: periodDraftEnds, About: in.ID})
}

// collectPeriod collects what a period's draft has become.
func (s *Stripe) collectPeriod(t state.Timer) {
	in := s.Invoices.Get(t.About)
	switch sub := s.Subscriptions.Get(in.Subscription); {
	case in.Status != "draft": // the shop was faster
	case sub.Terminal():
		s.UpdateInvoice(in, func() { in.AutoAdvance = false })
	default:
		s.CollectInvoice(sub, in, Later(true))
		s.afterAttempt(in)
	}
}

// tryAgain makes the next attempt to collect an invoice, if it is still to be made.
func (s *Stripe) tryAgain(t state.Timer) {
	in := s.Invoices.Get(t.About)
	if !in.Payable() || in.NextAttempt != t.Number {
		return
	}
	pi := s.PaymentIntents.Get(in.PaymentIntent)
	if pm := s.MethodFor(in); pi != nil && pi.Status == "requires_action" && pm != nil && pi.PaymentMethod == pm.ID {
		s.UpdateInvoice(in, func() { // it is no use before the owner of the card answers, or gives another
			in.Attempts++
			s.planAttempt(in)
		})
	} else if s.ChargeFor(in, Later(true)) {
		s.InvoiceSettled(in)
	}
	s.afterAttempt(in)
}

// afterAttempt gives an invoice up of which no attempt is left.
func (s *Stripe) afterAttempt(in *state.Invoice) {
	sub := s.Subscriptions.Get(in.Subscription)
	if in.Status != "open" || in.AutoAdvance || in.Attempts == 0 || sub == nil || sub.Terminal() {
		return
	}
	s.becomes(sub, s.Collection.Then)
}

// becomes is what the account's settings make of a subscription that is not paid for.
func (s *Stripe) becomes(sub *state.Subscription, status string) {
	if status == "canceled" {
		s.EndSubscription(sub, "payment_failed")
	} else {
		s.setStatus(sub, status)
	}
}

// isOfSubscription tells whether an event of this kind is about a subscription.
func isOfSubscription(kind string) bool { return strings.HasPrefix(kind, "customer.subscription.") }
