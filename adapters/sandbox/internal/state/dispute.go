package state

import "strings"

// Dispute is a buyer's bank taking a payment back, or, as an inquiry, asking
// about it first.
type Dispute struct {
	ID, Charge, PaymentIntent, Currency string
	Status, Reason                      string
	Amount                              int64 // minor units
	Created                             int64
	Asked                               int64 // when an answer was asked for: with a chargeback, later than with its inquiry
	Evidence                            map[string]string
	Submissions                         int
	Metadata                            map[string]string
}

// IsInquiry tells whether no money has moved and none will before it escalates.
func (d *Dispute) IsInquiry() bool { return strings.HasPrefix(d.Status, "warning_") }

// Open tells whether it is still to be decided.
func (d *Dispute) Open() bool {
	return strings.HasSuffix(d.Status, "needs_response") || strings.HasSuffix(d.Status, "under_review")
}

// chargedBack tells whether the bank has the charge's money, for now or for good.
func (a *Account) chargedBack(ch *Charge) bool {
	for _, d := range a.Disputes.Order {
		if d.Charge == ch.ID && !d.IsInquiry() && d.Status != "won" {
			return true
		}
	}
	return false
}

// daysToRespond is how long the shop has to answer the bank.
const daysToRespond = 9

// DueBy is until when the shop may answer.
func (d *Dispute) DueBy() int64 { return d.Asked + daysToRespond*24*60*60 }

// CaseType tells an inquiry from a chargeback, in Stripe's words.
func (d *Dispute) CaseType() string {
	if d.IsInquiry() {
		return "inquiry"
	}
	return "chargeback"
}

// DisputeOptions say what kind of dispute it is.
type DisputeOptions struct {
	Inquiry bool   // the bank asks first, and takes no money yet
	Reason  string // one of Stripe's; "fraudulent" if empty
	Amount  int64  // minor units; the whole charge if 0
}

// Disputable tells whether the bank can take the charge's money back.
func (a *Account) Disputable(ch *Charge) bool {
	if ch.Status != "succeeded" || a.chargedBack(ch) {
		return false
	}
	for _, d := range a.Disputes.Order {
		if d.Charge == ch.ID && d.Open() {
			return false
		}
	}
	return true
}
