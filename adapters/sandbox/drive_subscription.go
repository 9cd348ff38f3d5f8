package sandbox

import (
	"fmt"
	"slices"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/life"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// RenewSubscription brings a subscription's period to its end now, whatever the
// clock says: the next one starts and is billed, and the buyer's card pays or is
// declined, which makes the subscription past_due. pays makes no card good that
// SetCard has made bad. An invoice that is sent instead stays open, and one of an
// unpaid subscription a draft. A trial ends; what was to be canceled at the
// period's end is. Where items have periods of their own, the first to end is
// brought to its end.
func (s *Sandbox) RenewSubscription(subscriptionID string, pays bool) error {
	return s.withSubscriptionIn(subscriptionID, []string{"trialing", "active", "past_due", "unpaid"}, func(sub *state.Subscription) {
		s.stripe.RenewSubscription(sub, func(in *state.Invoice) { s.stripe.CollectInvoice(sub, in, life.Later(pays)) })
	})
}

// PauseSubscription suspends a subscription, as the end of a trial without a card
// does. See also Stripe's POST /v1/subscriptions/{id}/resume.
func (s *Sandbox) PauseSubscription(subscriptionID string) error {
	return s.withSubscriptionIn(subscriptionID, []string{"trialing", "active", "past_due"}, func(sub *state.Subscription) {
		s.stripe.PauseSubscription(sub, s.stripe.Render.Subscription(sub))
	})
}

// ResumeSubscription starts a paused subscription again: where it was while its
// period lasts, else with a new one, which the buyer's card pays.
func (s *Sandbox) ResumeSubscription(subscriptionID string) error {
	return s.withSubscriptionIn(subscriptionID, []string{"paused"}, func(sub *state.Subscription) {
		s.stripe.ResumeSubscription(sub, s.stripe.NowUnix() < sub.NextEnd())
	})
}

// ExpirePendingUpdate ends the wait for the payment of a pending_update now: its
// invoice is voided, and the subscription stays what it was.
func (s *Sandbox) ExpirePendingUpdate(subscriptionID string) error {
	var err error
	missing := s.withSubscription(subscriptionID, func(sub *state.Subscription) {
		if sub.Update == nil {
			err = fmt.Errorf("sandbox: %s has no pending update", sub.ID)
			return
		}
		s.stripe.ExpireUpdate(sub)
	})
	if missing != nil {
		return missing
	}
	return err
}

func (s *Sandbox) withSubscriptionIn(id string, statuses []string, do func(*state.Subscription)) error {
	var err error
	missing := s.withSubscription(id, func(sub *state.Subscription) {
		if !slices.Contains(statuses, sub.Status) {
			err = fmt.Errorf("sandbox: %s is %s, and has to be %s", id, sub.Status, wire.Alternatives(statuses))
			return
		}
		do(sub)
	})
	if missing != nil {
		return missing
	}
	return err
}
