package life

import (
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
)

// updateLife is how long Stripe waits for the payment of a pending update.
const updateLife = 23 * time.Hour

// HoldUpdate lets a change wait for the payment of its invoice, the draft that it
// returns: the subscription stays what it is.
func (s *Stripe) HoldUpdate(sub *state.Subscription, ch state.ItemChange) *state.Invoice {
	u := &state.PendingUpdate{Change: ch, Waited: sub.Pending, ExpiresAt: s.Now().Add(updateLife).Unix()}
	sub.Pending = nil
	in := s.updateInvoice(sub, ch.Invoiced)
	u.Invoice, sub.Update = in.ID, u
	s.At(time.Unix(u.ExpiresAt, 0), state.Timer{Kind: updateExpires, About: sub.ID, With: in.ID})
	return in
}

// expireUnpaid gives a pending update up, unless it was paid or another took its place.
func (s *Stripe) expireUnpaid(t state.Timer) {
	if sub := s.Subscriptions.Get(t.About); sub.Update != nil && sub.Update.Invoice == t.With && !sub.Terminal() {
		s.ExpireUpdate(sub)
	}
}

// ReplaceUpdate voids the invoice of an update that another takes the place of.
func (s *Stripe) ReplaceUpdate(sub *state.Subscription) {
	u := sub.Update
	if u == nil {
		return
	}
	sub.Update, sub.Pending = nil, u.Waited
	if in := s.Invoices.Get(u.Invoice); in != nil && in.Payable() {
		s.VoidInvoice(in)
	}
}

// applyUpdate makes the change real: its invoice was paid.
func (s *Stripe) applyUpdate(sub *state.Subscription) {
	s.ChangeSubscription(sub, func() {
		ch := sub.Update.Change
		sub.Update = nil
		sub.Items, sub.Anchor, sub.Pending = ch.Items, ch.Anchor, ch.Pending
	})
	s.Emit("customer.subscription.pending_update_applied", s.Render.Subscription(sub), nil)
}

// ExpireUpdate drops a pending update whose payment did not come, and voids its invoice.
func (s *Stripe) ExpireUpdate(sub *state.Subscription) {
	if in := s.Invoices.Get(sub.Update.Invoice); in != nil && in.Payable() {
		s.VoidInvoice(in)
	}
	s.dropUpdate(sub)
}

// dropUpdate leaves the subscription as it is, without the change that waited.
func (s *Stripe) dropUpdate(sub *state.Subscription) {
	s.ChangeSubscription(sub, func() {
		sub.Pending = append(sub.Update.Waited, sub.Pending...)
		sub.Update = nil
	})
	s.Emit("customer.subscription.pending_update_expired", s.Render.Subscription(sub), nil)
}
