package domaintest

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
)

// collection is money that was paid, and what becomes of it.
type collection struct {
	intent domain.PaymentIntentID
	charge domain.ChargeID
	of     *invoice // nil: of a one-time purchase
	amount int64
	kept   int64 // of amount: for the customer's balance

	refunds  []*refunded
	disputes []*disputed
}

type refunded struct {
	id      domain.RefundID
	amount  int64
	status  domain.RefundStatus
	created time.Time
	noted   bool // it came with a credit note, which says what for, and stands
}

type disputed struct {
	id      domain.DisputeID
	status  domain.DisputeStatus
	created time.Time
}

// lost: the money is gone, if only until an appeal is decided.
func (d *disputed) lost() bool {
	return d.status == "lost" || d.status == "appeal_needs_response" || d.status == "appeal_under_review"
}

// holds: the buyer has the money, or may have it yet.
func (d *disputed) holds() bool {
	return d.lost() || !slices.Contains([]domain.DisputeStatus{"won", "warning_closed", "prevented"}, d.status)
}

// pays is the invoice that the money pays, if any.
func (c *collection) pays() domain.InvoiceID {
	if c.of == nil {
		return ""
	}
	return c.of.is.ID
}

// collect adds money that has just been paid.
func (s *story) collect(c *collection) {
	c.charge = domain.ChargeID("ch_" + string(c.intent)[len("pi_"):])
	s.paid = append(s.paid, c)
	s.chargeIs(c)
	if c.of != nil && c.of.lost {
		return
	}
	if s.chance("charge told") {
		s.tellCharge("charge.succeeded", c)
	}
	if c.of != nil && s.chance("invoice payment told") {
		s.says(domain.InvoicePaymentFact{
			Type: "invoice_payment.paid", At: s.now, ID: "inpay_" + string(c.intent),
			Invoice: c.of.is.ID, PaymentIntent: c.intent,
		})
	}
}

// chargeIs keeps how the charge is now, for who asks.
func (s *story) chargeIs(c *collection) domain.ChargeFact {
	f := domain.ChargeFact{
		At: s.now, ID: c.charge, PaymentIntent: c.intent, Invoice: c.pays(), Customer: s.customer,
		Amount: c.amount, Refunded: c.gone(), Currency: "usd",
	}
	s.charges = append(s.charges, f)
	return f
}

// tellCharge tells how the charge is now; which invoice it pays is said until API
// version acacia only.
func (s *story) tellCharge(kind domain.EventType, c *collection) {
	f := s.chargeIs(c)
	f.Type = kind
	if s.chance("since basil") {
		f.Invoice = ""
	}
	s.says(f)
}

// left is what can still be refunded: what is pending counts as gone.
func (c *collection) left() int64 {
	left := c.amount - c.kept
	for _, d := range c.disputes {
		if d.status == "needs_response" || d.status == "under_review" || d.lost() {
			return 0 // Stripe refuses
		}
	}
	return left - c.gone()
}

// gone is what the charge says was refunded.
func (c *collection) gone() int64 {
	var gone int64
	for _, r := range c.refunds {
		if r.status != "failed" && r.status != "canceled" {
			gone += r.amount
		}
	}
	return gone
}

// untouched: nothing became of it yet.
func (c *collection) untouched() bool { return len(c.refunds)+len(c.disputes) == 0 }

// turnOfMoney tells one more thing that may become of money that was paid.
func (s *story) turnOfMoney() {
	if len(s.paid) == 0 {
		return
	}
	c := s.paid[rapid.IntRange(0, len(s.paid)-1).Draw(s.t, "which payment")]
	if c.kept > 0 {
		return
	}
	switch s.pick("money", "refund", "refund", "refund all", "refund slowly", "moves on", "moves on", "moves on", "dispute") {
	case "refund":
		if left := c.left(); left > 0 {
			s.refund(c, rapid.Int64Range(1, left).Draw(s.t, "amount"), "succeeded")
		}
	case "refund all":
		if left := c.left(); left > 0 {
			s.refund(c, left, "succeeded")
		}
	case "refund slowly":
		// Who is sent the charge's events alone is not told how a refund goes on.
		if left := c.left(); left > 0 && s.tells != "charges" {
			s.refund(c, left, domain.RefundStatus(s.pick("status", "pending", "requires_action")))
		}
	case "moves on":
		s.movesOn()
	case "dispute":
		if slices.ContainsFunc(c.disputes, (*disputed).holds) {
			break // all of the payment is disputed already
		}
		d := &disputed{id: domain.DisputeID(fmt.Sprintf("dp_%s_%d", c.intent, len(c.disputes)+1)), created: s.now}
		c.disputes = append(c.disputes, d)
		// One that cannot be contested is lost from the beginning.
		d.status = domain.DisputeStatus(s.pick("begins", "warning_needs_response", "needs_response", "needs_response", "lost", "prevented"))
		s.tellDispute(c, d, "charge.dispute.created")
	}
}

// movesOn tells what becomes of a refund or a dispute.
func (s *story) movesOn() {
	var moves []func()
	for _, c := range s.paid {
		for _, r := range c.refunds {
			if s.tells != "charges" && !r.noted {
				moves = append(moves, func() { s.moveRefund(c, r) })
			}
		}
		for _, d := range c.disputes {
			moves = append(moves, func() { s.moveDispute(c, d) })
		}
	}
	if len(moves) > 0 {
		moves[rapid.IntRange(0, len(moves)-1).Draw(s.t, "what moves on")]()
	}
}

func (s *story) refund(c *collection, amount int64, status domain.RefundStatus) *refunded {
	r := &refunded{
		id:     domain.RefundID(fmt.Sprintf("re_%s_%d", c.intent, len(c.refunds)+1)),
		amount: amount, status: status, created: s.now,
	}
	c.refunds = append(c.refunds, r)
	s.tellRefund(c, r, "refund.created")
	if s.tells != "refunds" {
		s.tellCharge("charge.refunded", c)
	} else {
		s.chargeIs(c)
	}
	return r
}

func (s *story) moveRefund(c *collection, r *refunded) {
	switch r.status {
	case "requires_action":
		r.status = domain.RefundStatus(s.pick("to", "pending", "succeeded", "canceled"))
	case "pending":
		r.status = domain.RefundStatus(s.pick("to", "succeeded", "failed"))
	case "succeeded":
		r.status = "failed" // the buyer's bank sent it back
	default:
		return
	}
	kinds := []domain.EventType{"refund.updated", "charge.refund.updated"}
	if r.status == "failed" {
		kinds = append(kinds, "refund.failed")
	}
	for _, kind := range kinds {
		s.tellRefund(c, r, kind)
	}
	s.chargeIs(c)
}

func (s *story) tellRefund(c *collection, r *refunded, kind domain.EventType) {
	s.turn("refund", string(r.status))
	if s.tells == "charges" {
		return
	}
	f := domain.RefundFact{
		Type: kind, At: s.now, ID: r.id, Charge: c.charge, PaymentIntent: c.intent,
		Status: r.status, Amount: r.amount, Currency: "usd", CreatedAt: r.created,
	}
	if s.chance("charge alone") {
		f.PaymentIntent = ""
	}
	s.says(f)
}

func (s *story) moveDispute(c *collection, d *disputed) {
	told := []domain.EventType{"charge.dispute.updated"}
	closed := []domain.EventType{"charge.dispute.closed"}
	switch d.status {
	case "warning_needs_response":
		d.status = domain.DisputeStatus(s.pick("to", "warning_under_review", "warning_closed", "needs_response"))
	case "warning_under_review":
		d.status = domain.DisputeStatus(s.pick("to", "warning_closed", "needs_response"))
	case "needs_response":
		d.status = domain.DisputeStatus(s.pick("to", "under_review", "lost"))
	case "under_review":
		d.status = domain.DisputeStatus(s.pick("to", "won", "lost"))
	case "lost": // late, or by an appeal
		d.status = domain.DisputeStatus(s.pick("to", "won", "appeal_needs_response", "appeal_needs_response"))
	case "appeal_needs_response":
		d.status = domain.DisputeStatus(s.pick("to", "appeal_under_review", "appeal_under_review", "won"))
	case "appeal_under_review":
		d.status = "won" // or it stays as it is
	default:
		return
	}
	switch d.status {
	case "needs_response":
		told = append(told, "charge.dispute.funds_withdrawn")
	case "warning_closed", "lost":
		told = closed
	case "won":
		told = append(closed, "charge.dispute.funds_reinstated")
	}
	for _, kind := range told {
		s.tellDispute(c, d, kind)
	}
}

func (s *story) tellDispute(c *collection, d *disputed, kind domain.EventType) {
	s.turn("dispute", string(d.status))
	f := domain.DisputeFact{
		Type: kind, At: s.now, ID: d.id, Charge: c.charge, PaymentIntent: c.intent,
		Status: d.status, Amount: c.amount, Currency: "usd", CreatedAt: d.created,
	}
	if s.chance("charge alone") {
		f.PaymentIntent = ""
	}
	s.says(f)
}
