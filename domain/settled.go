package domain

import (
	"cmp"
	"iter"
	"slices"
	"time"
)

// This file says of each line of a subscription's invoices whether it counts: its
// invoice was paid, and its money neither went back nor was what never came.

// settledLine is a line of an invoice, and what became of its money.
type settledLine struct {
	bill    int // its place among the purchase's bills
	invoice *Invoice
	line    *Line
	units   int64     // as many of its quantity as count
	revoked *Rule     // the row that says why it does not count; nil: it does
	whole   *Rule     // of a credit: the row that says why nothing of its bill does; nil: something may
	reach   time.Time // how far it, or any line before it, lasts
	made    time.Time // when the first invoice was made of its own and those after it; of use where there are credits
}

// settledLines are bill by bill.
type settledLines []settledLine

func (all settledLines) with(s settledLine) settledLines {
	s.reach = s.line.Until
	if len(all) > 0 {
		s.reach = later(s.reach, all[len(all)-1].reach)
	}
	return append(all, s)
}

// of are the lines of one bill.
func (all settledLines) of(bill int) settledLines {
	first, end := all.place(bill), all.place(bill+1)
	return all[first:end]
}

// place is where the lines of a bill begin.
func (all settledLines) place(bill int) int {
	n, _ := slices.BinarySearchFunc(all, bill, func(l settledLine, bill int) int { return cmp.Compare(l.bill, bill) })
	return n
}

// beyond are the lines that last beyond when a credit begins and that were billed before
// it, the last first: of a long life only the recent ones are looked at. A renewal is
// billed an hour before its invoice is finalized, and what is changed in that hour is
// finalized sooner.
func (all settledLines) beyond(credit *settledLine) iter.Seq[*settledLine] {
	return func(yield func(*settledLine) bool) {
		from := credit.line.From
		for n := all.place(credit.bill + 1); n < len(all) && before(all[n].made, credit.invoice.CreatedAt); n++ {
			billed := before(all[n].invoice.CreatedAt, credit.invoice.CreatedAt)
			if billed && all[n].line.Until.After(from) && !yield(&all[n]) {
				return
			}
		}
		for n := all.place(credit.bill) - 1; n >= 0 && all[n].reach.After(from); n-- {
			if all[n].line.Until.After(from) && !yield(&all[n]) {
				return
			}
		}
	}
}

// before tells whether a time that is known is before another.
func before(a, b time.Time) bool { return !a.IsZero() && a.Before(b) }

// markMade says of each line when the first invoice was made of its own and those after it.
func (all settledLines) markMade() {
	var made time.Time
	for n := len(all) - 1; n >= 0; n-- {
		made = earlier(made, all[n].invoice.CreatedAt)
		all[n].made = made
	}
}

// settledLines decides of each line of each paid invoice whether it counts.
func (l *ledger) settledLines(paid settledLines) settledLines {
	credits := false
	for _, bill := range l.Bills {
		if bill.Invoice.settled() && bill.Invoice.has(func(l *Line) bool { return l.Kind == LineCredit }) {
			credits = true
			l.findSwaps(bill)
		}
	}
	last := l.latest()
	var unpaid settledLines // lines of other invoices, and those that were waived: looked at if there are credits
	revoked := false
	for n, bill := range l.Bills {
		if !bill.Invoice.settled() {
			if credits {
				unpaid = unpaid.withUnpaid(n, bill)
			}
			continue
		}
		back := bill.moneyBack()
		for i := range bill.Invoice.Lines {
			line := &bill.Invoice.Lines[i]
			s := settledLine{bill: n, invoice: &bill.Invoice, line: line, units: line.Quantity}
			switch {
			case l.Subscription.tries(line):
				continue // it was not paid for
			case back.waives(bill, line):
				s.revoked = &neverPaid
				unpaid = unpaid.with(s)
				continue
			case back.nothing() || !bill.Invoice.costs(line):
			case line.Kind != LineCredit:
				s.revoked = back.revokes(line, l.policyOf(line), n >= last)
			case back.share() != SharePartial:
				s.whole = back.revokes(line, l.policyOf(line), n >= last)
			}
			revoked = revoked || s.revoked != nil || s.whole != nil
			paid = paid.with(s)
		}
	}
	if credits {
		l.settleCredits(paid, unpaid, revoked)
	}
	return paid
}

// latest is the place of the last bill that asked for money and of which any counts, as those
// after it do not even as the latest; -1: there is none.
func (l *ledger) latest() int {
	for n := len(l.Bills) - 1; n >= 0; n-- {
		if i := &l.Bills[n].Invoice; i.settled() && i.Total > 0 && !l.isBack(l.Bills[n]) {
			return n
		}
	}
	return -1
}

// isBack tells whether, were it the latest, nothing of a bill would count; but for fees. Of one
// that has nothing else, or not all of whose lines are told, all of the money must be back. What
// banks have not decided yet is not.
func (l *ledger) isBack(bill *Bill) bool {
	m := bill.moneyBack()
	m.disputed = slices.DeleteFunc(m.disputed, func(state DisputeState) bool { return state != DisputeLost })
	if m.nothing() && m.smaller == 0 {
		return false
	}
	known := false
	if bill.Invoice.has(func(line *Line) bool {
		if line.Kind == LineCredit || line.Kind == LineOneOff || !bill.Invoice.costs(line) {
			return false
		}
		known = bill.Invoice.Complete
		return !m.waives(bill, line) && m.revokes(line, l.policyOf(line), true) == nil
	}) {
		return false
	}
	return known || m.share() == ShareFull || len(m.disputed) > 0 || m.waivesAll()
}

// withUnpaid adds the lines of an invoice that was not paid.
func (all settledLines) withUnpaid(n int, bill *Bill) settledLines {
	for l := range bill.Invoice.Lines {
		all = all.with(settledLine{bill: n, invoice: &bill.Invoice, line: &bill.Invoice.Lines[l], revoked: &neverPaid})
	}
	return all
}

// revokes is the row by which a line does not count because of money that went back;
// nil: it counts.
func (m *moneyBack) revokes(line *Line, policy Policy, latest bool) *Rule {
	recency := EarlierInvoice
	if latest {
		recency = LatestInvoice
	}
	effect, rule := decideMoney(backObservations{
		policy: policy, share: m.shareOf(line), after: m.lastAt.Sub(m.paidAt), recency: recency, disputed: m.disputed,
	})
	if effect != EffectRevoke {
		return nil
	}
	return &rule
}

var neverPaid = Rule{TableMoney, "paid with credit for what was never paid", string(EffectRevoke)}

// tries tells whether a line is for a trial: Stripe bills nothing for its time, and if the
// trial ends early that time is not paid for.
func (s *Subscription) tries(line *Line) bool {
	trial := line.From.Before(s.TrialEnd) || s.Status == StatusTrialing
	return trial && line.Kind == LineCycle && line.Amount == 0
}
