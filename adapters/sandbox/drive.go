package sandbox

import (
	"errors"
	"fmt"
	"slices"
)

// ErrNotOpen is returned for a payment of a session that is complete or
// expired.
var ErrNotOpen = errors.New("sandbox: the checkout session is not open")

// ErrDeclined is returned for a card that is declined. The session stays open.
var ErrDeclined = errors.New("sandbox: the card was declined")

// Pay completes an open session as a buyer with a good card does. It does not
// wait for the webhooks; see WaitIdle.
func (s *Sandbox) Pay(sessionID string) error {
	return s.PayWithCard(sessionID, goodCard)
}

// PayWithCard pays with one of the test cards that the hosted page lists. It
// returns ErrDeclined or ErrNotOpen where that is the reason.
func (s *Sandbox) PayWithCard(sessionID, number string) error {
	return s.payAs(sessionID, payment{card: digits(number)})
}

// PayDelayed completes a session with a bank debit, which succeeds or fails
// after the time of WithDelayedAfter, or at SettleDelayed. A session with
// nothing to pay completes at once.
func (s *Sandbox) PayDelayed(sessionID string, succeeds bool) error {
	p := payment{settles: "fails"}
	if succeeds {
		p.settles = "succeeds"
	}
	return s.payAs(sessionID, p)
}

func (s *Sandbox) payAs(sessionID string, p payment) error {
	return s.withSession(sessionID, func(cs *session) error {
		if !cs.openUntil(s.now()) {
			return fmt.Errorf("%w: %s is %s", ErrNotOpen, cs.id, cs.status)
		}
		if p.settles != "" && !cs.offersDebit() {
			return fmt.Errorf("sandbox: %s takes no bank debit", cs.id)
		}
		return buyerError(s.pay(cs, p), cs.id)
	})
}

// SettleDelayed brings a session's bank debit to its end now. It fails if none
// is under way.
func (s *Sandbox) SettleDelayed(sessionID string) error {
	return s.withSession(sessionID, func(cs *session) error {
		if cs.settles == "" {
			return fmt.Errorf("sandbox: %s has no delayed payment under way", cs.id)
		}
		s.settleDelayed(cs)
		return nil
	})
}

// ExpireSession expires an open session now, as its time would; ErrNotOpen for
// any other.
func (s *Sandbox) ExpireSession(sessionID string) error {
	return s.withSession(sessionID, func(cs *session) error {
		if cs.status != "open" {
			return fmt.Errorf("%w: %s is %s", ErrNotOpen, cs.id, cs.status)
		}
		s.expire(cs)
		return nil
	})
}

func (s *Sandbox) withSession(id string, do func(*session) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	cs := s.sessions.get(id)
	if cs == nil {
		return fmt.Errorf("sandbox: no such checkout session: %s", id)
	}
	return do(cs)
}

// CancelSubscription ends a subscription now, as its cancellation in Stripe's
// dashboard does.
func (s *Sandbox) CancelSubscription(subscriptionID string) error {
	return s.withSubscription(subscriptionID, func(sub *subscription) {
		s.cancelNow(sub)
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
	return s.withSubscription(subscriptionID, func(sub *subscription) {
		if status == "canceled" {
			s.endSubscription(sub, "payment_failed")
			return
		}
		s.changeSubscription(sub, func() {
			sub.status = status
			if sub.terminal() {
				sub.endedAt = s.nowUnix()
			}
		})
	})
}

func (s *Sandbox) withSubscription(id string, do func(*subscription)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	sub := s.subscriptions.get(id)
	switch {
	case sub == nil:
		return fmt.Errorf("sandbox: no such subscription: %s", id)
	case sub.terminal():
		return fmt.Errorf("sandbox: %s has ended", id)
	}
	do(sub)
	return nil
}
