package sandbox

import "time"

// pendingUpdate is a change of items that waits for its invoice to be paid.
type pendingUpdate struct {
	change    itemChange
	waited    []invoiceLine // what had waited for an invoice before
	expiresAt int64
	invoice   string
}

// updateLife is how long Stripe waits for the payment of a pending update.
const updateLife = 23 * time.Hour

// holdUpdate lets a change wait for the payment of its invoice, the draft that it
// returns: the subscription stays what it is.
func (s *Sandbox) holdUpdate(sub *subscription, ch itemChange) *invoice {
	u := &pendingUpdate{change: ch, waited: sub.pending, expiresAt: s.now().Add(updateLife).Unix()}
	sub.pending = nil
	in := s.updateInvoice(sub, ch.invoiced)
	u.invoice, sub.update = in.id, u
	s.at(time.Unix(u.expiresAt, 0), func() {
		if sub.update == u && !sub.terminal() {
			s.expireUpdate(sub)
		}
	})
	return in
}

// replaceUpdate voids the invoice of an update that another takes the place of.
func (s *Sandbox) replaceUpdate(sub *subscription) {
	u := sub.update
	if u == nil {
		return
	}
	sub.update, sub.pending = nil, u.waited
	if in := s.invoices.get(u.invoice); in != nil && in.payable() {
		s.voidInvoice(in)
	}
}

// applyUpdate makes the change real: its invoice was paid.
func (s *Sandbox) applyUpdate(sub *subscription) {
	s.changeSubscription(sub, func() {
		ch := sub.update.change
		sub.update = nil
		sub.items, sub.anchor, sub.pending = ch.items, ch.anchor, ch.pending
	})
	s.emit("customer.subscription.pending_update_applied", s.subscriptionObject(sub), nil)
}

func (s *Sandbox) expireUpdate(sub *subscription) {
	if in := s.invoices.get(sub.update.invoice); in != nil && in.payable() {
		s.voidInvoice(in)
	}
	s.dropUpdate(sub)
}

// dropUpdate leaves the subscription as it is, without the change that waited.
func (s *Sandbox) dropUpdate(sub *subscription) {
	s.changeSubscription(sub, func() {
		sub.pending = append(sub.update.waited, sub.pending...)
		sub.update = nil
	})
	s.emit("customer.subscription.pending_update_expired", s.subscriptionObject(sub), nil)
}

func (s *Sandbox) pendingUpdateObject(sub *subscription) any {
	u := sub.update
	if u == nil {
		return nil
	}
	var anchor any
	if u.change.anchor != sub.anchor {
		anchor = u.change.anchor
	}
	return object{
		"billing_cycle_anchor": anchor, "expires_at": u.expiresAt, "subscription_items": s.subscriptionItemObjects(sub, u.change.items),
		"trial_end": nil, "trial_from_plan": nil,
	}
}
