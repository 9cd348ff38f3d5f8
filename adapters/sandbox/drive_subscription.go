package sandbox

import (
	"fmt"
	"slices"
)

// RenewSubscription brings a subscription's period to its end now, whatever the
// clock says: the next one starts and is billed, and the buyer's card pays or is
// declined, which makes the subscription past_due. A trial ends; what was to be
// canceled at the period's end is.
func (s *Sandbox) RenewSubscription(subscriptionID string, pays bool) error {
	return s.withSubscriptionIn(subscriptionID, []string{"trialing", "active", "past_due"}, func(sub *subscription) { s.renew(sub, pays) })
}

// PauseSubscription suspends a subscription, as the end of a trial without a card
// does. See also Stripe's POST /v1/subscriptions/{id}/resume.
func (s *Sandbox) PauseSubscription(subscriptionID string) error {
	return s.withSubscriptionIn(subscriptionID, []string{"trialing", "active", "past_due"}, func(sub *subscription) {
		s.pause(sub, s.subscriptionObject(sub))
	})
}

// ResumeSubscription starts a paused subscription again: where it was while its
// period lasts, else with a new one, which the buyer's card pays.
func (s *Sandbox) ResumeSubscription(subscriptionID string) error {
	return s.withSubscriptionIn(subscriptionID, []string{"paused"}, func(sub *subscription) {
		s.resume(sub, s.nowUnix() < sub.periodEnd)
	})
}

// PayInvoice pays an open invoice, or the latest one of a subscription, as the
// buyer does on Stripe's page or the next attempt with a card that is good again.
func (s *Sandbox) PayInvoice(invoiceOrSubscriptionID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := invoiceOrSubscriptionID
	if sub := s.subscriptions.get(id); sub != nil {
		id = sub.latestInvoice
	}
	in := s.invoices.get(id)
	switch {
	case in == nil:
		return fmt.Errorf("sandbox: no such invoice or subscription: %s", invoiceOrSubscriptionID)
	case !in.payable():
		return fmt.Errorf("sandbox: invoice %s is %s, and has to be open", in.id, in.status)
	}
	s.chargeFor(in, false, true)
	s.settled(in)
	return nil
}

func (s *Sandbox) withSubscriptionIn(id string, statuses []string, do func(*subscription)) error {
	var err error
	missing := s.withSubscription(id, func(sub *subscription) {
		if !slices.Contains(statuses, sub.status) {
			err = fmt.Errorf("sandbox: %s is %s, and has to be one of %v", id, sub.status, statuses)
			return
		}
		do(sub)
	})
	if missing != nil {
		return missing
	}
	return err
}
