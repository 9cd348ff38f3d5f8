package domaintest

import (
	"fmt"

	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
)

// creditNote takes back a line of an invoice, or a part of one.
type creditNote struct {
	is domain.CreditNote
}

// isCredited tells a credit note: of an invoice that was paid, with its money or to
// the balance; or of one that is owed, of which less is owed then.
func (s *subscriber) isCredited() {
	if len(s.invoices) == 0 || s.free {
		return
	}
	i := rapid.SampledFrom(s.invoices).Draw(s.t, "invoice")
	for _, other := range s.invoices {
		if len(other.is.Lines) > 2 && s.chance("of several lines") {
			i = other
		}
	}
	if open := s.open(); len(open) > 0 && s.chance("of an open one") {
		i = open[0]
	}
	n := rapid.IntRange(0, max(0, len(i.is.Lines)-1)).Draw(s.t, "line")
	if i.lost || len(i.is.Lines) == 0 || i.is.Lines[n].Amount <= i.credited(i.is.Lines[n].ID, "") {
		return
	}
	line := i.is.Lines[n]
	amount := line.Amount - i.credited(line.ID, "")
	switch left := i.leftOf(line); {
	case s.seldom("a part of the line", 4):
		amount = max(1, amount/3)
	case left > 0 && !s.seldom("all of the line", 4):
		amount = min(amount, left)
	}
	if i.is.Status == domain.InvoiceOpen && amount >= i.is.AmountDue {
		amount = max(1, i.is.AmountDue/3) // or nothing would be owed any more
	}
	note := &creditNote{domain.CreditNote{
		ID: domain.CreditNoteID(fmt.Sprintf("cn_%s_%d", i.is.ID, len(i.notes)+1)), Invoice: i.is.ID,
		Status: domain.CreditNoteIssued, Amount: amount, Currency: "usd", CreatedAt: s.now,
		Lines: []domain.CreditedLine{{Line: line.ID, Amount: amount}},
	}}
	switch {
	case i.is.Status == domain.InvoiceOpen && amount < i.is.AmountDue:
		s.turn("credit note", "on an open invoice")
		i.is.AmountDue -= amount
	case i.is.Status != domain.InvoicePaid || len(i.paid) != 1 || amount > i.paid[0].left():
		return
	case s.mayHaveCredit() && i.paid[0].untouched() && s.seldom("to the balance", 3):
		s.turn("credit note", "to the balance")
		i.paid[0].kept += amount
		s.balance = append(s.balance, credit{cents: amount})
	default:
		s.turn("credit note", "with money")
		r := s.refund(i.paid[0], amount, "succeeded")
		r.noted = true
		note.is.Refunds = []domain.RefundID{r.id}
	}
	note.is.Kind = domain.PostPayment
	if i.is.Status == domain.InvoiceOpen {
		note.is.Kind = domain.PrePayment
	}
	i.notes = append(i.notes, note)
	s.tellNote(note, "credit_note.created")
}

// leftOf is what is left of what the change cost that a line is of.
func (i *invoice) leftOf(line domain.Line) int64 {
	for _, b := range i.bought {
		if b.line == line.ID {
			cost, before, back := b.difference()
			return cost - before - back
		}
	}
	return 0
}

// noted is an open invoice with a credit note that stands, if there is one.
func (s *subscriber) noted() *invoice {
	for _, i := range s.open() {
		if n := len(i.notes); n > 0 && i.notes[n-1].is.Status == domain.CreditNoteIssued {
			return i
		}
	}
	return nil
}

// voidsNote takes a credit note back, which only one of an open invoice allows.
func (s *subscriber) voidsNote(i *invoice) {
	note := i.notes[len(i.notes)-1]
	if note.is.Status == domain.CreditNoteIssued && len(note.is.Refunds) == 0 {
		note.is.Status = domain.CreditNoteVoid
		i.is.AmountDue += note.is.Amount
		s.tellNote(note, "credit_note.voided")
		if s.chance("and is paid") {
			s.isPaid(i)
			if s.is.Status == domain.StatusPastDue && len(s.open()) == 0 {
				s.says("customer.subscription.updated", domain.StatusActive)
			}
		}
	}
}

func (s *subscriber) tellNote(n *creditNote, kind domain.EventType) {
	s.turn("credit note", string(n.is.Status))
	s.story.says(domain.CreditNoteFact{Type: kind, At: s.now, CreditNote: n.is, Customer: s.customer})
}

// credited is how much of a line was taken back, by notes of a kind or by any.
func (i *invoice) credited(line string, kind domain.CreditNoteKind) int64 {
	var sum int64
	for _, n := range i.notes {
		if n.is.Status != domain.CreditNoteIssued || kind != "" && n.is.Kind != kind {
			continue
		}
		for _, l := range n.is.Lines {
			if l.Line == line {
				sum += l.Amount
			}
		}
	}
	return sum
}
