package sandbox

import (
	"fmt"
	"slices"
)

// Refund gives back amount, in minor units, or all that is left if it is 0, and
// returns the refund's id. What was paid is named by its charge, payment intent,
// checkout session or invoice, or by its subscription for the latest invoice.
func (s *Sandbox) Refund(paymentID string, amount int64) (string, error) {
	if amount < 0 {
		return "", fmt.Errorf("sandbox: a refund cannot be of %d: use a positive amount, or 0 for all", amount)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, err := s.chargeOf(paymentID)
	if err != nil {
		return "", err
	}
	if amount == 0 {
		amount = ch.amount - ch.refunded
	}
	if e := s.refusesRefund(ch, amount); e != nil {
		return "", fmt.Errorf("sandbox: %s", e.message)
	}
	return s.refund(ch, amount, "requested_by_customer", nil).id, nil
}

// SettleRefund lets the refund of a bank debit arrive now. It fails if the refund
// is not pending.
func (s *Sandbox) SettleRefund(refundID string) error {
	return s.withRefund(refundID, []string{"pending"}, s.settleRefund)
}

// FailRefund has the buyer's bank send a refund back, which it can do after it
// had succeeded too.
func (s *Sandbox) FailRefund(refundID string) error {
	return s.withRefund(refundID, []string{"pending", "requires_action", "succeeded"}, func(r *refund) {
		why := "unknown"
		if r.toCard {
			why = "lost_or_stolen_card"
		}
		s.undoRefund(r, "failed", why)
	})
}

// CancelRefund takes a pending refund back, as Stripe's dashboard does; the API
// cancels only one that waits for the buyer.
func (s *Sandbox) CancelRefund(refundID string) error {
	return s.withRefund(refundID, []string{"pending", "requires_action"}, func(r *refund) { s.undoRefund(r, "canceled", "") })
}

// RequireRefundAction has a pending refund wait for the buyer to say where the
// money is to go.
func (s *Sandbox) RequireRefundAction(refundID string) error {
	return s.withRefund(refundID, []string{"pending"}, func(r *refund) {
		s.changeRefund(r, func() { r.status = "requires_action" })
	})
}

// DisputeOptions say what kind of dispute it is.
type DisputeOptions struct {
	Inquiry bool   // the bank asks first, and takes no money yet
	Reason  string // one of Stripe's; "fraudulent" if empty
	Amount  int64  // minor units; the whole charge if 0
}

// OpenDispute has the buyer's bank dispute a payment, named as for Refund, and
// returns the dispute's id.
func (s *Sandbox) OpenDispute(paymentID string, o DisputeOptions) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, err := s.chargeOf(paymentID)
	switch {
	case err != nil:
		return "", err
	case !s.disputable(ch):
		return "", fmt.Errorf("sandbox: %s did not succeed, or is disputed already", ch.id)
	case o.Amount < 0 || o.Amount > ch.amount:
		return "", fmt.Errorf("sandbox: a dispute of %d is not within the %d of %s", o.Amount, ch.amount, ch.id)
	}
	return s.openDispute(ch, disputeOptions(o)).id, nil
}

// EscalateDispute makes a chargeback of an inquiry.
func (s *Sandbox) EscalateDispute(disputeID string) error {
	return s.withDispute(disputeID, inquiries, s.escalateDispute)
}

// WinDispute decides a chargeback for the shop, which may happen after it was
// lost too.
func (s *Sandbox) WinDispute(disputeID string) error {
	return s.withDispute(disputeID, append([]string{"lost"}, chargebacks...), func(d *dispute) { s.decideDispute(d, "won") })
}

// LoseDispute decides a chargeback for the buyer.
func (s *Sandbox) LoseDispute(disputeID string) error {
	return s.withDispute(disputeID, chargebacks, func(d *dispute) { s.decideDispute(d, "lost") })
}

// CloseInquiry ends an inquiry that came to nothing.
func (s *Sandbox) CloseInquiry(disputeID string) error {
	return s.withDispute(disputeID, inquiries, func(d *dispute) { s.decideDispute(d, "warning_closed") })
}

var (
	inquiries   = []string{"warning_needs_response", "warning_under_review"}
	chargebacks = []string{"needs_response", "under_review"}
)

func (s *Sandbox) withRefund(id string, from []string, do func(*refund)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.refunds.get(id)
	switch {
	case r == nil:
		return fmt.Errorf("sandbox: no such refund: %s", id)
	case !slices.Contains(from, r.status):
		return fmt.Errorf("sandbox: %s is %s, and has to be %s", id, r.status, alternatives(from))
	}
	do(r)
	return nil
}

func (s *Sandbox) withDispute(id string, from []string, do func(*dispute)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.disputes.get(id)
	switch {
	case d == nil:
		return fmt.Errorf("sandbox: no such dispute: %s", id)
	case !slices.Contains(from, d.status):
		return fmt.Errorf("sandbox: %s is %s, and has to be %s", id, d.status, alternatives(from))
	}
	do(d)
	return nil
}

// chargeOf is the charge of what was paid under any of the ids that lead to it.
// mu is held.
func (s *Sandbox) chargeOf(id string) (*charge, error) {
	charge, intent, invoice := id, id, id
	if cs := s.sessions.get(id); cs != nil {
		intent = cs.paymentIntent
	}
	if sub := s.subscriptions.get(id); sub != nil {
		invoice = sub.latestInvoice
	}
	if in := s.invoices.get(invoice); in != nil {
		intent = in.paymentIntent
	}
	if pi := s.paymentIntents.get(intent); pi != nil {
		charge = pi.latestCharge
	}
	if ch := s.charges.get(charge); ch != nil {
		return ch, nil
	}
	return nil, fmt.Errorf("sandbox: %s is not a charge, nor a payment intent, session, invoice or subscription that has one", id)
}
