package domaintest

import (
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// This file is the truth about ends: what goes on by itself, and what does not.

// GoesOn tells whether a subscription goes on after a moment, by all that was decided until
// the end of the history, and when it ends all the same; zero: that is not decided.
func (h History) GoesOn(id string, after time.Time) (goesOn bool, endsAt time.Time) {
	s := h.subscriber(id)
	if s == nil || s.orphaned || !s.charges() {
		return false, time.Time{}
	}
	if s.scheduled() {
		return after.Before(s.scheduledEnd()), s.scheduledEnd()
	}
	return true, time.Time{}
}

// Holds tells whether a subscription has an item that a feature is of. What another item or
// price replaced does not go on, though it may be what is paid for.
func (h History) Holds(id string, feature domain.FeatureKey) bool {
	s := h.subscriber(id)
	return s != nil && slices.ContainsFunc(s.held(), func(i *item) bool {
		plan := Shop.Plans[i.tariff().plan]
		for _, grants := range []map[domain.FeatureKey]domain.Value{plan.Grants, plan.TrialGrants, plan.PastDueGrants} {
			if _, of := grants[feature]; of {
				return true
			}
		}
		return false
	})
}

// Untroubled tells whether all that was ever billed for a subscription was paid when it
// was due, and is.
func (h History) Untroubled(id string) bool {
	s := h.subscriber(id)
	if s == nil || s.debit || s.pending != nil || s.is.Pause != domain.PauseNone ||
		s.is.Status != domain.StatusActive && s.is.Status != domain.StatusTrialing {
		return false
	}
	settled := !slices.ContainsFunc(s.invoices, func(i *invoice) bool { return i.is.Status != domain.InvoicePaid })
	return settled && !slices.ContainsFunc(s.ledger, func(b *bought) bool { return b.isGone() || b.isBack() })
}

// Owes tells whether something of a subscription is open, or its status says so.
func (h History) Owes(id string) bool {
	s := h.subscriber(id)
	if s == nil {
		return false
	}
	return s.is.Status == domain.StatusPastDue || slices.ContainsFunc(s.invoices, func(i *invoice) bool {
		return i.is.Status == domain.InvoiceOpen || i.is.Status == domain.InvoiceUncollectible
	})
}

// charges tells whether Stripe will bill another period.
func (s *subscriber) charges() bool {
	return slices.Contains([]domain.SubscriptionStatus{domain.StatusTrialing, domain.StatusActive, domain.StatusPastDue}, s.is.Status)
}

func (h History) subscriber(id string) *subscriber {
	for _, s := range h.stories {
		if s.sub != nil && string(s.sub.is.ID) == id {
			return s.sub
		}
	}
	return nil
}
