package sandbox

import (
	"errors"
	"fmt"
	"slices"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/life"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/pages"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
)

// ErrNotOpen is returned for a payment of a session that is complete or
// expired.
var ErrNotOpen = errors.New("sandbox: the checkout session is not open")

// ErrDeclined is returned for a card that is declined. The session stays open.
var ErrDeclined = errors.New("sandbox: the card was declined")

// Pay completes an open session as a buyer with a good card does. It does not
// wait for the webhooks; see WaitIdle.
func (s *Sandbox) Pay(sessionID string) error {
	return s.PayWithCard(sessionID, state.GoodCard)
}

// PayWithCard pays with one of the test cards that the hosted page lists. It
// returns ErrDeclined or ErrNotOpen where that is the reason.
func (s *Sandbox) PayWithCard(sessionID, number string) error {
	return s.payAs(sessionID, life.Payment{Card: pages.Digits(number)})
}

// PayDelayed completes a session with a bank debit, which succeeds or fails
// after the time of WithDelayedAfter, or at SettleDelayed. A session with
// nothing to pay completes at once.
func (s *Sandbox) PayDelayed(sessionID string, succeeds bool) error {
	p := life.Payment{Settles: "fails"}
	if succeeds {
		p.Settles = "succeeds"
	}
	return s.payAs(sessionID, p)
}

func (s *Sandbox) payAs(sessionID string, p life.Payment) error {
	return s.withSession(sessionID, func(cs *state.Session) error {
		if !cs.OpenUntil(s.stripe.Now()) {
			return fmt.Errorf("%w: %s is %s", ErrNotOpen, cs.ID, cs.Status)
		}
		if p.Settles != "" && !cs.OffersDebit() {
			return fmt.Errorf("sandbox: %s takes no bank debit", cs.ID)
		}
		return buyerError(s.stripe.PaySession(cs, p), cs.ID)
	})
}

// SettleDelayed brings a session's bank debit to its end now. It fails if none
// is under way.
func (s *Sandbox) SettleDelayed(sessionID string) error {
	return s.withSession(sessionID, func(cs *state.Session) error {
		if cs.Settles == "" {
			return fmt.Errorf("sandbox: %s has no delayed payment under way", cs.ID)
		}
		s.stripe.SettleDelayed(cs)
		return nil
	})
}

// ExpireSession expires an open session now, as its time would; ErrNotOpen for
// any other.
func (s *Sandbox) ExpireSession(sessionID string) error {
	return s.withSession(sessionID, func(cs *state.Session) error {
		if cs.Status != "open" {
			return fmt.Errorf("%w: %s is %s", ErrNotOpen, cs.ID, cs.Status)
		}
		s.stripe.ExpireSession(cs)
		return nil
	})
}

func (s *Sandbox) withSession(id string, do func(*state.Session) error) error {
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	cs := s.stripe.Sessions.Get(id)
	if cs == nil {
		return fmt.Errorf("sandbox: no such checkout session: %s", id)
	}
	return do(cs)
}

// CancelSubscription ends a subscription now, as its cancellation in Stripe's
// dashboard does.
func (s *Sandbox) CancelSubscription(subscriptionID string) error {
	return s.withSubscription(subscriptionID, func(sub *state.Subscription) {
		s.stripe.CancelNow(sub)
	})
}

// SetSubscriptionStatus moves a live subscription to a status that it would
// reach by a payment or its lack: active, past_due, unpaid, paused, trialing,
// incomplete, incomplete_expired, canceled. Only the status changes, and with
// it customer.subscription.updated is sent (for canceled,
// customer.subscription.deleted).
func (s *Sandbox) SetSubscriptionStatus(subscriptionID, status string) error {
	statuses := []string{"active", "past_due", "unpaid", "paused", "trialing", "incomplete", "incomplete_expired", "canceled"}
	if !slices.Contains(statuses, status) {
		return fmt.Errorf("sandbox: no such subscription status: %q", status)
	}
	return s.withSubscription(subscriptionID, func(sub *state.Subscription) {
		if status == "canceled" {
			s.stripe.EndSubscription(sub, "payment_failed")
			return
		}
		s.stripe.ChangeSubscription(sub, func() {
			sub.Status = status
			if sub.Terminal() {
				sub.EndedAt = s.stripe.NowUnix()
			}
		})
	})
}

func (s *Sandbox) withSubscription(id string, do func(*state.Subscription)) error {
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	sub := s.stripe.Subscriptions.Get(id)
	switch {
	case sub == nil:
		return fmt.Errorf("sandbox: no such subscription: %s", id)
	case sub.Terminal():
		return fmt.Errorf("sandbox: %s has ended", id)
	}
	do(sub)
	return nil
}
