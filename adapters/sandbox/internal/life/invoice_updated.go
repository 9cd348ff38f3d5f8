package life

import (
	"slices"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
)

// BeginInvoiceUpdate is called before an invoice that was told of changes, so that
// TellInvoiceUpdate knows what it was. A step of several changes, such as an attempt to
// pay, begins with the first of them.
func (s *Stripe) BeginInvoiceUpdate(in *state.Invoice) {
	if s.changing[in.ID] != nil {
		return
	}
	was := *in
	was.Lines = slices.Clone(in.Lines)
	s.changing[in.ID] = &was
}

// TellInvoiceUpdate ends the step: one invoice.updated tells all that it has changed, before
// the event that is named after it.
func (s *Stripe) TellInvoiceUpdate(in *state.Invoice) {
	was := s.changing[in.ID]
	delete(s.changing, in.ID)
	if was != nil && in.Announced {
		s.EmitUpdated("invoice.updated", s.Render.Invoice(was), s.Render.Invoice(in))
	}
}

// UpdateInvoice is a step of one change.
func (s *Stripe) UpdateInvoice(in *state.Invoice, change func()) {
	s.BeginInvoiceUpdate(in)
	change()
	s.TellInvoiceUpdate(in)
}
