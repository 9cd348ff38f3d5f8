package life

import (
	"strings"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/clock"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// SubmitEvidence hands what was answered to the bank, which looks at it.
func (s *Stripe) SubmitEvidence(d *state.Dispute) {
	d.Submissions++
	d.Status = strings.Replace(d.Status, "needs_response", "under_review", 1)
}

// DecideOnEvidence closes a dispute that was submitted. An inquiry that is answered well comes to
// nothing.
func (s *Stripe) DecideOnEvidence(d *state.Dispute, status string) {
	switch {
	case !strings.HasSuffix(d.Status, "under_review"):
	case !d.IsInquiry():
		s.DecideDispute(d, status)
	case status == "won":
		s.DecideDispute(d, "warning_closed")
	default:
		s.EscalateDispute(d)
	}
}

// inquiryLife is how long a bank may make a chargeback of an inquiry.
const inquiryLife = 120 * clock.Day

// ages plans what becomes of a dispute that nobody answers: a chargeback is lost, an inquiry
// comes to nothing.
func (s *Stripe) ages(d *state.Dispute) {
	if s.OwnClock {
		return // who moves the clock says how it ends, see LoseDispute
	}
	if d.IsInquiry() {
		s.At(s.Now().Add(inquiryLife), state.Timer{Kind: inquiryEnds, About: d.ID})
		return
	}
	s.At(time.Unix(d.DueBy(), 0), state.Timer{Kind: evidenceDue, About: d.ID})
}

func (s *Stripe) endInquiry(t state.Timer) {
	if d := s.Disputes.Get(t.About); d.IsInquiry() && d.Open() {
		s.DecideDispute(d, "warning_closed")
	}
}

func (s *Stripe) loseUnanswered(t state.Timer) {
	if d := s.Disputes.Get(t.About); d.Status == "needs_response" {
		s.DecideDispute(d, "lost")
	}
}

// disputeSoon has the bank dispute a payment by one of the cards that are there
// for that, after the time of WithDelayedAfter. Mu is held.
func (s *Stripe) disputeSoon(pi *state.PaymentIntent, card string) {
	if known := state.CardsByNumber[card]; known != nil && known.Disputes != nil {
		s.At(s.Now().Add(s.DelayedAfter), state.Timer{Kind: disputeOpens, About: pi.LatestCharge, With: card})
	}
}

func (s *Stripe) disputeAsCardDoes(t state.Timer) {
	if ch := s.Charges.Get(t.About); s.Disputable(ch) { // else a test was faster
		s.OpenDispute(ch, *state.CardsByNumber[t.With].Disputes)
	}
}

// OpenDispute has the bank take a charge's money back, or ask about it.
func (s *Stripe) OpenDispute(ch *state.Charge, o state.DisputeOptions) *state.Dispute {
	d := &state.Dispute{
		ID: wire.NewID("dp_1", 23), Charge: ch.ID, PaymentIntent: ch.PaymentIntent, Currency: ch.Currency, Status: "needs_response",
		Reason: o.Reason, Amount: o.Amount, Created: s.NowUnix(), Asked: s.NowUnix(),
	}
	if o.Inquiry {
		d.Status = "warning_needs_response"
	}
	if d.Reason == "" {
		d.Reason = "fraudulent"
	}
	if d.Amount == 0 {
		d.Amount = ch.Amount
	}
	ch.Disputed = true
	s.Disputes.Add(d.ID, d)
	s.Emit("charge.dispute.created", s.Render.Dispute(d), nil)
	if !o.Inquiry {
		s.Emit("charge.dispute.funds_withdrawn", s.Render.Dispute(d), nil)
	}
	s.ages(d)
	return d
}

// EscalateDispute makes a chargeback of an inquiry: the money goes now.
func (s *Stripe) EscalateDispute(d *state.Dispute) {
	before := s.Render.Dispute(d)
	d.Status, d.Asked = "needs_response", s.NowUnix()
	s.EmitUpdated("charge.dispute.updated", before, s.Render.Dispute(d))
	s.Emit("charge.dispute.funds_withdrawn", s.Render.Dispute(d), nil)
	s.ages(d)
}

// DecideDispute closes it as won, lost or warning_closed. A lost one can still
// be won; it was closed before, so that is an update.
func (s *Stripe) DecideDispute(d *state.Dispute, status string) {
	before, late := s.Render.Dispute(d), !d.Open()
	d.Status = status
	if late {
		s.EmitUpdated("charge.dispute.updated", before, s.Render.Dispute(d))
	} else {
		s.Emit("charge.dispute.closed", s.Render.Dispute(d), nil)
	}
	if status == "won" {
		s.Emit("charge.dispute.funds_reinstated", s.Render.Dispute(d), nil)
	}
}
