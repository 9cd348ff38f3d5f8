package stripe

import (
	"cmp"
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// creditNoteFields are those that only a credit note has. Until API version acacia it
// names one refund at most, since basil as many as there are.
type creditNoteFields struct {
	NoteKind word `json:"type"`

	Refund  ref                `json:"refund"`
	Refunds []creditNoteRefund `json:"refunds"`
}

// creditNoteRefund is a refund among those of a credit note. What was given back
// outside of Stripe has no id.
type creditNoteRefund struct {
	Refund ref `json:"refund"`
}

func readCreditNote(o *object, t domain.EventType, at time.Time) domain.CreditNoteFact {
	return domain.CreditNoteFact{
		Type:            t,
		At:              at,
		Customer:        domain.CustomerID(o.Customer),
		MoreLines:       o.Lines.More.value,
		CustomerAccount: domain.CustomerAccountID(o.CustomerAccount),
		CreditNote: domain.CreditNote{
			ID:        domain.CreditNoteID(o.ID),
			Invoice:   domain.InvoiceID(o.Invoice),
			Status:    domain.CreditNoteStatus(o.Status),
			Kind:      domain.CreditNoteKind(o.NoteKind),
			Amount:    o.Amount.value,
			Currency:  string(o.Currency),
			Lines:     o.Lines.credited(),
			Refunds:   o.refundsOfNote(),
			CreatedAt: o.Created.time(),
		},
	}
}

// credited is what a credit note's lines take back of those of its invoice. A line of
// its own making names none.
func (l lines) credited() []domain.CreditedLine {
	var read []domain.CreditedLine
	for _, line := range l.Data {
		if line.isTold() {
			read = append(read, domain.CreditedLine{Line: string(line.InvoiceLine), Amount: line.Amount.value})
		}
	}
	slices.SortFunc(read, func(a, b domain.CreditedLine) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Amount, b.Amount))
	})
	return read
}

func (o *object) refundsOfNote() []domain.RefundID {
	var read []domain.RefundID
	for _, one := range append([]creditNoteRefund{{o.Refund}}, o.Refunds...) {
		if one.Refund != "" {
			read = append(read, domain.RefundID(one.Refund))
		}
	}
	slices.Sort(read)
	return slices.Compact(read)
}
