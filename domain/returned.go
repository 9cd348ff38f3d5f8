package domain

import (
	"cmp"
	"slices"
	"time"
)

// This file is about money that went back: how much of a bill, and of each of its
// lines, and what the plan's policy says to that.

// moneyBack is what became of the money of one bill.
type moneyBack struct {
	paid     int64 // minor currency units
	total    int64 // of an invoice: what it was over, however that was paid
	paidAt   time.Time
	returned int64            // of the bill as a whole
	noted    int64            // by refunds that belong to credit notes of single lines
	apart    int64            // by such notes and no refund: to the balance, or outside of Stripe
	whole    int64            // likewise, by notes of the bill as a whole
	credited map[string]int64 // of single lines, by credit notes that name them
	wholly   map[string]bool  // lines of which notes take back all that their change cost
	waived   map[string]int64 // of single lines, before they were paid
	smaller  int64            // by how much notes made an invoice smaller before it was paid
	untold   int64            // of returned, by refunds of notes that nobody told of but their charge
	ofLines  int64            // likewise by notes of single lines, and not in noted yet
	unsure   int64            // of untold notes, what may have been given back beside the refunds after all
	lastAt   time.Time        // when money went back last
	disputed []DisputeState
}

// paid is how much money came for it.
func (b *Bill) paid() int64 { return cmp.Or(b.Invoice.AmountPaid, b.Payment.Amount) }

// moneyBack adds up what refunds, charges, credit notes and disputes say of a bill.
func (b *Bill) moneyBack() moneyBack {
	m := moneyBack{paid: b.paid(), total: b.Invoice.Total, paidAt: cmp.Or(b.Invoice.PaidAt, b.Invoice.dueAt())}
	if len(b.Refunds)+len(b.Charges)+len(b.Disputes)+len(b.CreditNotes) == 0 {
		return m
	}
	notes := m.addCreditNotes(b)
	for _, r := range b.Refunds {
		switch row := refundRow(r.Status); {
		case row < 0 || !RefundRules[row].Returned:
		case notes[r.ID] == ofLines:
			m.noted = saturatingAdd(m.noted, r.Amount)
		case notes[r.ID] == ofInvoice: // as a part of the note's amount
		default:
			m.add(r.Amount, r.CreatedAt)
		}
	}
	for _, c := range b.Charges {
		if untold := c.Refunded - b.toldOf(c); untold > 0 {
			m.addUntold(untold, c.SeenAt)
		}
	}
	for _, d := range b.Disputes {
		switch state := d.state(); {
		case !b.isPart(d):
			m.disputed = append(m.disputed, state)
		case state == DisputeLost:
			m.add(d.Amount, d.CreatedAt) // as a refund of so much
		}
	}
	return m
}

// isPart tells whether a dispute is about a part of what was paid: a part that was lost is
// money that went back, and all of it is what the whole was for. The whole is what no
// refund has given back, and several disputes may be over it together, of one charge or of
// several that paid the bill. Banks convert currencies, so that it may differ a little.
func (b *Bill) isPart(d Dispute) bool {
	var whole int64
	if d.Currency == cmp.Or(b.Invoice.Currency, b.Payment.Currency) {
		whole = b.paid()
	}
	for _, c := range b.Charges {
		if d.isOf(c) && c.Currency == d.Currency {
			whole = max(whole, b.paid(), c.Amount)
		}
	}
	if whole <= 0 || d.Amount <= 0 {
		return false // nobody said how much it is, or of how much
	}
	var disputed int64
	for _, other := range b.Disputes {
		if other.state().takes() >= d.state().takes() {
			disputed = saturatingAdd(disputed, other.Amount)
		}
	}
	return disputed < (whole-b.refunded())/10*9
}

// refunded is how much money refunds gave back, whatever they were for.
func (b *Bill) refunded() int64 {
	var sum int64
	for _, r := range b.Refunds {
		if row := refundRow(r.Status); row >= 0 && RefundRules[row].Returned {
			sum = saturatingAdd(sum, r.Amount)
		}
	}
	for _, c := range b.Charges {
		sum = saturatingAdd(sum, max(c.Refunded-b.toldOf(c), 0))
	}
	return sum
}

func (r Refund) isOf(c Charge) bool {
	return r.Charge == c.ID || r.Charge == "" && r.PaymentIntent != "" && r.PaymentIntent == c.PaymentIntent
}

func (d Dispute) isOf(c Charge) bool {
	return c.ID == d.Charge || d.PaymentIntent != "" && c.PaymentIntent == d.PaymentIntent
}

func (m *moneyBack) add(amount int64, at time.Time) {
	m.returned = saturatingAdd(m.returned, amount)
	m.lastAt = later(m.lastAt, at)
}

// addUntold adds what a charge says was refunded and no refund has told us of. It is what notes
// gave back first, if their refunds are among those. If there are others, too, nobody can tell
// how much of a note of the bill as a whole its refund was, and what went to the balance.
func (m *moneyBack) addUntold(amount int64, at time.Time) {
	counted := min(amount, m.untold)
	ofLines := min(amount-counted, m.ofLines)
	m.untold, m.ofLines = m.untold-counted, m.ofLines-ofLines
	m.noted = saturatingAdd(m.noted, ofLines)
	if rest := amount - counted - ofLines; rest > 0 {
		m.unsure = saturatingAdd(m.unsure, counted)
		m.add(rest, at)
	}
}

// noteScope is what a credit note is about.
type noteScope int

const (
	ofLines   noteScope = iota + 1 // single lines of the invoice
	ofInvoice                      // the invoice as a whole
)

// addCreditNotes adds what credit notes take back, and returns which refunds belong to
// them: a note says what its money is for.
func (m *moneyBack) addCreditNotes(b *Bill) map[RefundID]noteScope {
	var notes map[RefundID]noteScope
	for _, note := range b.CreditNotes {
		if note = b.given(note); note.Status != CreditNoteIssued || note.Amount == 0 {
			continue
		}
		if note.waives(b.Invoice) {
			m.waived = note.addTo(m.waived)
			m.smaller = saturatingAdd(m.smaller, note.Amount)
			continue
		}
		m.credited = note.addTo(m.credited)
		scope := ofLines // taxes and discounts of the lines are in its amount
		apart, untold := b.notRefunded(note)
		if note.namesLines() {
			m.apart = saturatingAdd(m.apart, apart)
			m.ofLines = saturatingAdd(m.ofLines, untold)
		} else {
			scope = ofInvoice
			m.whole = saturatingAdd(m.whole, apart)
			m.untold = saturatingAdd(m.untold, untold)
			m.add(note.Amount-apart, note.CreatedAt)
		}
		m.lastAt = later(m.lastAt, note.CreatedAt)
		if notes == nil && len(note.Refunds) > 0 {
			notes = map[RefundID]noteScope{}
		}
		for _, id := range note.Refunds {
			notes[id] = scope
		}
	}
	m.creditDifferences(b)
	return notes
}

// creditDifferences takes lines for credited as a whole of which notes take back all that is
// left of them after what the same change gave back: of three seats more the line is over
// all eight, and their difference is what they cost.
func (m *moneyBack) creditDifferences(b *Bill) {
	if len(m.credited) == 0 || !b.Invoice.Complete {
		return
	}
	for n := range b.Invoice.Lines {
		line := &b.Invoice.Lines[n]
		if line.Amount <= 0 || line.Kind == LineOneOff {
			continue
		}
		cost, before, back := m.of(b, b.changeOf(line))
		if left := cost - before; left > 0 && back >= left {
			if m.wholly == nil {
				m.wholly = map[string]bool{}
			}
			m.wholly[line.ID] = true
		}
	}
}

// of is what lines cost after what they give back, but for fees, and how much of that notes of
// them take back: before it was paid, and after.
func (m *moneyBack) of(b *Bill, lines func(*Line) bool) (cost, before, back int64) {
	for n := range b.Invoice.Lines {
		if l := &b.Invoice.Lines[n]; l.Kind != LineOneOff && lines(l) {
			cost, before, back = saturatingAdd(cost, l.Amount), saturatingAdd(before, m.waived[l.ID]), saturatingAdd(back, m.credited[l.ID])
		}
	}
	return cost, before, back
}

// beyond tells whether notes take back more than lines cost after what they give back: then
// that was given back, too.
func (m *moneyBack) beyond(b *Bill, lines func(*Line) bool) bool {
	cost, before, back := m.of(b, lines)
	return back > max(cost-before, 0) && m.share() != ShareFull
}

// notRefunded is what is left of a credit note after its refunds that were told: given back
// otherwise, or, as long as any is not told, by that perhaps.
func (b *Bill) notRefunded(note CreditNote) (apart, untold int64) {
	left, all := note.Amount, true
	for _, id := range note.Refunds {
		r, told := b.refund(id)
		left, all = left-r.Amount, all && told
	}
	if left = max(left, 0); all {
		return left, 0
	}
	return 0, left
}

// given is what is left of a credit note whose refunds failed, or were canceled: Stripe calls
// it issued all the same. What is left is of its lines in proportion.
func (b *Bill) given(note CreditNote) CreditNote {
	left, refunds := note.Amount, make([]RefundID, 0, len(note.Refunds))
	for _, id := range note.Refunds {
		if r, told := b.refund(id); told && r.Status.Undone() {
			left = max(left-r.Amount, 0)
		} else {
			refunds = append(refunds, id)
		}
	}
	if len(refunds) == len(note.Refunds) {
		return note
	}
	lines := slices.Clone(note.Lines)
	for n := range lines {
		lines[n].Amount = part(lines[n].Amount, left, note.Amount)
	}
	note.Amount, note.Refunds, note.Lines = left, refunds, lines
	return note
}

// refund is one of those that were told.
func (b *Bill) refund(id RefundID) (r Refund, told bool) {
	n := slices.IndexFunc(b.Refunds, func(r Refund) bool { return r.ID == id })
	if n < 0 {
		return r, false
	}
	return b.Refunds[n], true
}

// addTo adds what the note takes back of single lines.
func (n CreditNote) addTo(lines map[string]int64) map[string]int64 {
	for _, line := range n.Lines {
		if line.Line == "" {
			continue
		}
		if lines == nil {
			lines = map[string]int64{}
		}
		lines[line.Line] = saturatingAdd(lines[line.Line], line.Amount)
	}
	return lines
}

func (n CreditNote) namesLines() bool {
	return slices.ContainsFunc(n.Lines, func(l CreditedLine) bool { return l.Line != "" })
}

// toldOf is the part of what a charge says was refunded that single refunds have
// told us of: who sends both is not to be counted twice, and who sends the
// charge's events alone is to be counted all the same.
func (b *Bill) toldOf(c Charge) int64 {
	var told int64
	for _, r := range b.Refunds {
		if r.isOf(c) && r.countedBy(c) {
			told = saturatingAdd(told, r.Amount)
		}
	}
	return told
}

// byMoney is how much went back the way it came.
func (m *moneyBack) byMoney() int64 { return saturatingAdd(m.returned, m.noted) }

// ofWhole is how much of the bill as a whole was given back, in whatever way.
func (m *moneyBack) ofWhole() int64 { return saturatingAdd(m.returned, m.whole) }

// otherwise is how much was given back in other ways, as far as it may be: to the balance, or
// outside of Stripe.
func (m *moneyBack) otherwise() int64 {
	return saturatingAdd(saturatingAdd(m.apart, m.whole), m.unsure)
}

// refunded tells whether all of it did.
func (m *moneyBack) refunded() bool { return m.byMoney() > 0 && m.byMoney() >= m.paid }

// share is how much of the bill went back. What credit notes say what for is looked at
// line by line; but if the rest went back too, all did.
func (m *moneyBack) share() Share {
	switch {
	case m.refunded():
		return ShareFull
	case m.otherwise() > 0 && m.total > 0 && saturatingAdd(m.byMoney(), m.otherwise()) >= m.total-m.smaller:
		return ShareFull
	case m.ofWhole() == 0:
		return ShareNone
	default:
		return SharePartial
	}
}

// shareOf is how much of a line went back: of all of its bill, or what credit notes
// say of the line itself.
func (m *moneyBack) shareOf(line *Line) Share {
	whole := m.share()
	credited := m.credited[line.ID]
	switch {
	case whole == ShareFull || line.Amount <= 0:
		return whole
	case m.wholly[line.ID]:
		return ShareFull
	case credited == 0:
		return whole
	case credited < line.Amount:
		return SharePartial
	default:
		return ShareFull
	}
}

// waives tells whether all of a line was taken back before it was paid, or all that its change
// cost; or all of its bill, which is then as one that is voided.
func (m *moneyBack) waives(b *Bill, line *Line) bool {
	switch {
	case m.waivesAll(), line.Amount > 0 && m.waived[line.ID] >= line.Amount:
		return true
	case len(m.waived) == 0 || !b.Invoice.Complete:
		return false
	}
	cost, before, _ := m.of(b, b.changeOf(line))
	// Of a note over all of a change's line what it gives back is a part.
	return cost > 0 && before >= cost && (line.Amount > 0 || before < cost-line.Amount)
}

// waivesAll tells whether notes left nothing of a bill to pay.
func (m *moneyBack) waivesAll() bool {
	return m.smaller > 0 && m.paid == 0 && m.smaller >= m.total
}

// nothing tells whether no money went back at all, as of most bills.
func (m *moneyBack) nothing() bool {
	return m.ofWhole() == 0 && m.noted == 0 && len(m.credited) == 0 && len(m.disputed) == 0
}

// backObservations are what the decision table of money looks at.
type backObservations struct {
	policy   Policy
	share    Share
	after    time.Duration // how long after the payment money went back last
	recency  Recency
	disputed []DisputeState
}

// decideMoney finds the first row of [MoneyRules] that fits.
func decideMoney(o backObservations) (Effect, Rule) {
	for n, row := range MoneyRules {
		if row.fits(o) {
			return row.Effect, Rule{TableMoney, moneySays[n], string(row.Effect)}
		}
	}
	return EffectKeep, Rule{}
}

func (r MoneyRule) fits(o backObservations) bool {
	disputed := r.Disputed == ""
	for _, state := range o.disputed {
		disputed = disputed || state == r.Disputed
	}
	return disputed &&
		(r.Refund == "" || r.Refund == o.policy.Refund) &&
		(r.Dispute == "" || r.Dispute == o.policy.Dispute) &&
		(r.Share == "" || r.Share == o.share) &&
		(r.Within == 0 || o.after <= r.Within) &&
		(r.Invoice == "" || r.Invoice == o.recency)
}
