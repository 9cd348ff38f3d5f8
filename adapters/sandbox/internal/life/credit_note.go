package life

import (
	"fmt"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
)

// IssueCreditNote lets the credit take effect.
func (s *Stripe) IssueCreditNote(cn *state.CreditNote, in *state.Invoice) {
	cn.Number = fmt.Sprintf("%s-CN-%02d", in.Number, s.countCreditNotes(in.ID)+1)
	s.CreditNotes.Add(cn.ID, cn)
	s.BeginInvoiceUpdate(in)
	for _, l := range cn.Lines {
		in.CreditLine(l.InvoiceLine, l.Amount)
	}
	in.CreditedBefore += cn.Before
	in.CreditedAfter += cn.After
	if pi := s.PaymentIntents.Get(in.PaymentIntent); pi != nil && cn.Before > 0 {
		pi.Amount = in.Remaining()
	}
	if cn.Refunded > 0 {
		cn.Refund = s.Refund(s.Charges.Get(in.Charge), cn.Refunded, refundReason(cn.Reason), nil).ID
	}
	if cu := s.LiveCustomer(in.Customer); cu != nil && cn.Credited > 0 {
		s.setBalance(cu, cu.Balance-cn.Credited)
	}
	s.Emit("credit_note.created", s.Render.CreditNote(cn), nil)
	if in.Payable() && in.Remaining() == 0 {
		s.CancelIntent(s.PaymentIntents.Get(in.PaymentIntent))
		s.MarkPaid(in)
		s.InvoiceSettled(in)
		return
	}
	s.TellInvoiceUpdate(in)
}

func (s *Stripe) countCreditNotes(invoice string) int {
	n := 0
	for _, cn := range s.CreditNotes.Order {
		if cn.Invoice == invoice {
			n++
		}
	}
	return n
}

// refundReason is the nearest of a refund's reasons, which has fewer.
func refundReason(reason string) string {
	if reason == "duplicate" || reason == "fraudulent" {
		return reason
	}
	return "requested_by_customer"
}
