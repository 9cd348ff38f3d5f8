package domain

import (
	"cmp"
	"slices"
	"time"
)

// CreditNoteStatus is Stripe's, passed through.
type CreditNoteStatus string

const (
	CreditNoteIssued CreditNoteStatus = "issued"
	CreditNoteVoid   CreditNoteStatus = "void" // taken back
)

// CreditNoteStatuses lists every status in the order of rank.
var CreditNoteStatuses = []CreditNoteStatus{CreditNoteIssued, CreditNoteVoid}

// Rank is the status's place in [CreditNoteStatuses]; -1 for an unknown one.
func (s CreditNoteStatus) Rank() int { return slices.Index(CreditNoteStatuses, s) }

// CreditNoteKind is Stripe's type of a credit note: whether the invoice was paid when
// it was issued.
type CreditNoteKind string

const (
	PrePayment  CreditNoteKind = "pre_payment" // it makes smaller what is owed
	PostPayment CreditNoteKind = "post_payment"
	MixedCredit CreditNoteKind = "mixed" // a part of the invoice was paid
)

// CreditNote takes back a part of an invoice, and says which.
type CreditNote struct {
	ID        CreditNoteID
	Invoice   InvoiceID
	Status    CreditNoteStatus
	Kind      CreditNoteKind // empty: not told
	Amount    int64          // minor currency units, with tax
	Currency  string
	Lines     []CreditedLine // sorted; those of the invoice that it is about
	Refunds   []RefundID     // sorted; the money that goes back with it
	CreatedAt time.Time      // UTC
}

// CreditedLine is what a credit note takes back of one line of its invoice.
type CreditedLine struct {
	Line   string // il_...; empty: of no line
	Amount int64  // minor currency units
}

func compareCreditedLines(a, b CreditedLine) int {
	return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Amount, b.Amount))
}

// join takes the further status and whatever either side knows.
func (n CreditNote) join(m CreditNote) CreditNote {
	if cmp.Or(
		cmp.Compare(m.Status.Rank(), n.Status.Rank()),
		cmp.Compare(m.Amount, n.Amount),
		cmp.Compare(m.Currency, n.Currency),
	) > 0 {
		n.Status, n.Amount, n.Currency = m.Status, m.Amount, m.Currency
	}
	n.Invoice = max(n.Invoice, m.Invoice)
	n.Kind = max(n.Kind, m.Kind)
	n.CreatedAt = earlier(n.CreatedAt, m.CreatedAt)
	if cmp.Or(cmp.Compare(len(m.Lines), len(n.Lines)), slices.CompareFunc(m.Lines, n.Lines, compareCreditedLines)) > 0 {
		n.Lines = m.Lines // they never change, and a message has room for ten
	}
	n.Refunds = union(n.Refunds, m.Refunds)
	return n
}

func sameCreditNote(n, m CreditNote) bool {
	return n.ID == m.ID && n.Invoice == m.Invoice && n.Status == m.Status && n.Kind == m.Kind && n.Amount == m.Amount && n.Currency == m.Currency &&
		n.CreatedAt.Equal(m.CreatedAt) && slices.Equal(n.Lines, m.Lines) && slices.Equal(n.Refunds, m.Refunds)
}

// union is what either of two sorted lists has, sorted, each once. Neither is changed.
func union[T cmp.Ordered](a, b []T) []T {
	if len(b) == 0 {
		return a
	}
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// waives tells whether the note made an invoice smaller before it was paid: nobody paid
// for what it is about, and nothing went back.
func (n CreditNote) waives(i Invoice) bool {
	if n.Kind != "" {
		return n.Kind == PrePayment
	}
	return !i.settled() || n.CreatedAt.Before(i.PaidAt)
}
