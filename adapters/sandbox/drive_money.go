package sandbox

import (
	"fmt"
	"slices"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// Refund gives back amount, in minor units, or all that is left if it is 0, and
// returns the refund's id. What was paid is named by its charge, payment intent,
// checkout session or invoice, or by its subscription for the latest invoice.
func (s *Sandbox) Refund(paymentID string, amount int64) (string, error) {
	if amount < 0 {
		return "", fmt.Errorf("sandbox: a refund cannot be of %d: use a positive amount, or 0 for all", amount)
	}
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	ch, err := s.chargeOf(paymentID)
	if err != nil {
		return "", err
	}
	if amount == 0 {
		amount = ch.Amount - ch.Refunded
	}
	if e := s.stripe.RefusesRefund(ch, amount); e != nil {
		return "", fmt.Errorf("sandbox: %s", e.Message)
	}
	return s.stripe.Refund(ch, amount, "requested_by_customer", nil).ID, nil
}

// SettleRefund lets the refund of a bank debit arrive now. It fails if the refund
// is not pending.
func (s *Sandbox) SettleRefund(refundID string) error {
	return s.withRefund(refundID, []string{"pending"}, s.stripe.SettleRefund)
}

// FailRefund has the buyer's bank send a refund back, which it can do after it
// had succeeded too.
func (s *Sandbox) FailRefund(refundID string) error {
	return s.withRefund(refundID, []string{"pending", "requires_action", "succeeded"}, func(r *state.Refund) {
		why := "unknown"
		if r.ToCard {
			why = "lost_or_stolen_card"
		}
		s.stripe.UndoRefund(r, "failed", why)
	})
}

// CancelRefund takes a pending refund back, as Stripe's dashboard does; the API
// cancels only one that waits for the buyer.
func (s *Sandbox) CancelRefund(refundID string) error {
	return s.withRefund(refundID, []string{"pending", "requires_action"}, func(r *state.Refund) { s.stripe.UndoRefund(r, "canceled", "") })
}

// RequireRefundAction has a pending refund wait for the buyer to say where the
// money is to go.
func (s *Sandbox) RequireRefundAction(refundID string) error {
	return s.withRefund(refundID, []string{"pending"}, func(r *state.Refund) {
		s.stripe.ChangeRefund(r, func() { r.Status = "requires_action" })
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
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	ch, err := s.chargeOf(paymentID)
	switch {
	case err != nil:
		return "", err
	case !s.stripe.Disputable(ch):
		return "", fmt.Errorf("sandbox: %s did not succeed, or is disputed already", ch.ID)
	case o.Amount < 0 || o.Amount > ch.Amount:
		return "", fmt.Errorf("sandbox: a dispute of %d is not within the %d of %s", o.Amount, ch.Amount, ch.ID)
	}
	return s.stripe.OpenDispute(ch, state.DisputeOptions(o)).ID, nil
}

// EscalateDispute makes a chargeback of an inquiry.
func (s *Sandbox) EscalateDispute(disputeID string) error {
	return s.withDispute(disputeID, inquiries, s.stripe.EscalateDispute)
}

// WinDispute decides a chargeback for the shop, which may happen after it was
// lost too.
func (s *Sandbox) WinDispute(disputeID string) error {
	return s.withDispute(disputeID, append([]string{"lost"}, chargebacks...), func(d *state.Dispute) { s.stripe.DecideDispute(d, "won") })
}

// LoseDispute decides a chargeback for the buyer.
func (s *Sandbox) LoseDispute(disputeID string) error {
	return s.withDispute(disputeID, chargebacks, func(d *state.Dispute) { s.stripe.DecideDispute(d, "lost") })
}

// CloseInquiry ends an inquiry that came to nothing.
func (s *Sandbox) CloseInquiry(disputeID string) error {
	return s.withDispute(disputeID, inquiries, func(d *state.Dispute) { s.stripe.DecideDispute(d, "warning_closed") })
}

var (
	inquiries   = []string{"warning_needs_response", "warning_under_review"}
	chargebacks = []string{"needs_response", "under_review"}
)

func (s *Sandbox) withRefund(id string, from []string, do func(*state.Refund)) error {
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	r := s.stripe.Refunds.Get(id)
	switch {
	case r == nil:
		return fmt.Errorf("sandbox: no such refund: %s", id)
	case !slices.Contains(from, r.Status):
		return fmt.Errorf("sandbox: %s is %s, and has to be %s", id, r.Status, wire.Alternatives(from))
	}
	do(r)
	return nil
}

func (s *Sandbox) withDispute(id string, from []string, do func(*state.Dispute)) error {
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	d := s.stripe.Disputes.Get(id)
	switch {
	case d == nil:
		return fmt.Errorf("sandbox: no such dispute: %s", id)
	case !slices.Contains(from, d.Status):
		return fmt.Errorf("sandbox: %s is %s, and has to be %s", id, d.Status, wire.Alternatives(from))
	}
	do(d)
	return nil
}

// chargeOf is the charge of what was paid under any of the ids that lead to it.
// Mu is held.
func (s *Sandbox) chargeOf(id string) (*state.Charge, error) {
	charge, intent, invoice := id, id, id
	if cs := s.stripe.Sessions.Get(id); cs != nil {
		intent = cs.PaymentIntent
	}
	if sub := s.stripe.Subscriptions.Get(id); sub != nil {
		invoice = sub.LatestInvoice
	}
	if in := s.stripe.Invoices.Get(invoice); in != nil {
		intent = in.PaymentIntent
	}
	if pi := s.stripe.PaymentIntents.Get(intent); pi != nil {
		charge = pi.LatestCharge
	}
	if ch := s.stripe.Charges.Get(charge); ch != nil {
		return ch, nil
	}
	return nil, fmt.Errorf("sandbox: %s is not a charge, nor a payment intent, session, invoice or subscription that has one", id)
}
