package sandbox

import (
	"strings"
	"time"
)

// This file has subscriptions go on by themselves. Where WithClock was given it does not:
// such a test says itself when a period ends, see RenewSubscription.

// collectionPolicy says what Stripe does about an invoice that its card did not pay.
type collectionPolicy struct {
	RetryAfter []time.Duration // how long after each failed attempt the next one is made
	Then       string          // what the subscription becomes after the last: canceled, unpaid or past_due
}

const (
	// draftLife is how long a period's invoice stays a draft that the shop may still change.
	draftLife = time.Hour

	// trialNotice is how long before its end a trial is announced to end.
	trialNotice = 3 * day
)

// goesOn plans what happens to a subscription next. It is called whenever one is told of, so
// that what moved its period moves this too. mu is held.
func (s *Sandbox) goesOn(id string) {
	sub := s.subscriptions.get(id)
	if sub == nil || s.ownClock {
		return
	}
	next := s.nextMoment(sub)
	if next == sub.next {
		return
	}
	if sub.next = next; next != 0 {
		s.at(time.Unix(next, 0), func() { s.reach(sub, next) })
	}
}

// nextMoment is when something happens to a subscription by itself; 0 for never.
func (s *Sandbox) nextMoment(sub *subscription) int64 {
	switch sub.status {
	case "trialing", "active", "past_due", "unpaid":
	default:
		return 0
	}
	next := sub.nextEnd()
	for _, notice := range []int64{sub.trialNoticeAt(), s.upcomingAt(sub)} {
		if notice != 0 {
			next = min(next, notice)
		}
	}
	return next
}

// trialNoticeAt is when the trial is to be announced to end; 0 if it is not, or was.
func (sub *subscription) trialNoticeAt() int64 {
	if sub.status != "trialing" || sub.noticed {
		return 0
	}
	return max(sub.trialEnd-int64(trialNotice/time.Second), sub.created)
}

// reach is what happens at a moment that was planned, if that still stands.
func (s *Sandbox) reach(sub *subscription, moment int64) {
	if sub.next != moment || s.nextMoment(sub) != moment {
		return
	}
	sub.next = 0
	switch moment {
	case sub.trialNoticeAt():
		sub.noticed = true
		s.emit("customer.subscription.trial_will_end", s.subscriptionObject(sub), nil)
	case s.upcomingAt(sub):
		s.announceUpcoming(sub)
	default:
		s.renew(sub, func(in *invoice) { s.collectLater(sub, in) })
	}
	s.goesOn(sub.id)
}

// collectLater announces a period's invoice and collects it when the shop has had its time
// to change it.
func (s *Sandbox) collectLater(sub *subscription, in *invoice) {
	if sub.pauseBehavior == "keep_as_draft" || sub.status == "unpaid" {
		s.collect(sub, in, later(true))
		return
	}
	s.announce(in)
	s.at(time.Unix(in.created, 0).Add(draftLife), func() {
		switch {
		case in.status != "draft": // the shop was faster
		case sub.terminal():
			in.autoAdvance = false
		default:
			s.collect(sub, in, later(true))
			s.afterAttempt(in)
		}
	})
}

// tryAgain makes the next attempt to collect an invoice, if it is still to be made.
func (s *Sandbox) tryAgain(in *invoice, planned int64) {
	if !in.payable() || in.nextAttempt != planned {
		return
	}
	pi := s.paymentIntents.get(in.paymentIntent)
	if pm := s.methodFor(in); pi != nil && pi.status == "requires_action" && pm != nil && pi.paymentMethod == pm.id {
		in.attempts++ // it is no use before the owner of the card answers, or gives another
		s.planAttempt(in)
	} else if s.chargeFor(in, later(true)) {
		s.settled(in)
	}
	s.afterAttempt(in)
}

// afterAttempt gives an invoice up of which no attempt is left.
func (s *Sandbox) afterAttempt(in *invoice) {
	sub := s.subscriptions.get(in.subscription)
	if in.status != "open" || in.autoAdvance || in.attempts == 0 || sub == nil || sub.terminal() {
		return
	}
	s.becomes(sub, s.collection.Then)
}

// becomes is what the account's settings make of a subscription that is not paid for.
func (s *Sandbox) becomes(sub *subscription, status string) {
	if status == "canceled" {
		s.endSubscription(sub, "payment_failed")
	} else {
		s.setStatus(sub, status)
	}
}

// isOfSubscription tells whether an event of this kind is about a subscription.
func isOfSubscription(kind string) bool { return strings.HasPrefix(kind, "customer.subscription.") }
