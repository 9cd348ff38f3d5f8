package domain

import (
	"cmp"
	"slices"
	"time"
)

// DisputeStatus is Stripe's, passed through; [DisputeRules] has a row for each.
type DisputeStatus string

// DisputeState is what a dispute's status comes to.
type DisputeState string

const (
	DisputeNone    DisputeState = "none"    // it came to nothing
	DisputeInquiry DisputeState = "inquiry" // the bank asks; no money has moved
	DisputeOpen    DisputeState = "open"    // the money was taken back until it is decided
	DisputeWon     DisputeState = "won"     // the money is ours again
	DisputeLost    DisputeState = "lost"    // the money is gone
)

// DisputeStates lists every state.
var DisputeStates = []DisputeState{DisputeNone, DisputeInquiry, DisputeOpen, DisputeWon, DisputeLost}

// Dispute is a buyer's bank taking a payment back, or asking about it. Its status
// only moves down the rows of [DisputeRules].
type Dispute struct {
	ID            DisputeID
	Charge        ChargeID
	PaymentIntent PaymentIntentID
	Status        DisputeStatus
	Amount        int64 // minor currency units
	Currency      string
	CreatedAt     time.Time // UTC
}

// join takes the further status and whatever either side knows.
func (d Dispute) join(e Dispute) Dispute {
	further := cmp.Or(
		cmp.Compare(disputeRow(e.Status), disputeRow(d.Status)),
		cmp.Compare(e.Amount, d.Amount),
		cmp.Compare(e.Currency, d.Currency),
	) > 0
	if further {
		d.Status, d.Amount, d.Currency = e.Status, e.Amount, e.Currency
	}
	d.Charge = max(d.Charge, e.Charge)
	d.PaymentIntent = max(d.PaymentIntent, e.PaymentIntent)
	d.CreatedAt = earlier(d.CreatedAt, e.CreatedAt)
	return d
}

func (d Dispute) state() DisputeState {
	if row := disputeRow(d.Status); row >= 0 {
		return DisputeRules[row].State
	}
	return DisputeNone
}

// takes is how much of its money a dispute takes: one that is lost as much as one that is
// open, and more.
func (s DisputeState) takes() int {
	return slices.Index([]DisputeState{DisputeInquiry, DisputeOpen, DisputeLost}, s)
}
