package stripe_test

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/stripespec"
	"github.com/entitled-dev/entitled/domain"
)

// creditNote is one that takes back a line in part, and something of no line. Stripe's
// sample has two lines too.
func (c conformance) creditNote() (*stripespec.Sample, domain.CreditNoteFact) {
	s := c.sample("credit_note", "cn_1")
	s.Set("status", "issued")
	s.Set("type", "post_payment")
	s.Set("amount", 1190)
	s.Set("currency", "eur")
	s.Set("created", confBegan)
	s.Set("lines.data.0.amount", 900)
	s.Set("lines.data.0.type", "invoice_line_item")
	s.Set("lines.data.0.invoice_line_item", "il_1")
	s.Set("lines.data.1.amount", 100)
	s.Set("lines.data.1.type", "custom_line_item")
	return s, domain.CreditNoteFact{Type: "credit_note.created", At: at(confTold), Customer: "cus_1", CreditNote: domain.CreditNote{
		ID: "cn_1", Invoice: "in_1", Status: domain.CreditNoteIssued, Kind: domain.PostPayment, Amount: 1190, Currency: "eur", CreatedAt: at(confBegan),
		Lines: []domain.CreditedLine{{Amount: 100}, {Line: "il_1", Amount: 900}},
	}}
}

func conformCreditNote(c conformance) (*stripespec.Sample, domain.Fact) {
	s, want := c.creditNote()
	s.Set("customer", "cus_1")
	s.Set("invoice", "in_1")
	want.CreditNote.Refunds = []domain.RefundID{"re_1"}
	if !c.basil {
		s.Lacks("refunds")
		s.Set("refund", "re_1")
		return s, want
	}
	s.Lacks("refund")
	s.Set("refunds.0.refund", "re_2")
	s.Set("refunds.1.refund", "re_1")
	want.CreditNote.Refunds = []domain.RefundID{"re_1", "re_2"}
	return s, want
}

func conformCreditNoteExpanded(c conformance) (*stripespec.Sample, domain.Fact) {
	s, want := c.creditNote()
	s.Set("customer.id", "cus_1")
	s.Set("invoice.id", "in_1")
	if c.basil {
		s.Set("refunds.0.refund.id", "re_1")
	} else {
		s.Set("refund.id", "re_1")
	}
	want.CreditNote.Refunds = []domain.RefundID{"re_1"}
	return s, want
}

func conformCreditNoteVoid(c conformance) (*stripespec.Sample, domain.Fact) {
	s, want := c.creditNote()
	s.Set("customer", "cus_1")
	s.Set("invoice", "in_1")
	s.Set("status", "void")
	s.Set("type", "pre_payment")
	if c.basil {
		s.Set("refunds", []any{})
	} else {
		s.Set("refund", nil)
	}
	if c.API >= "2026-03-25.dahlia" {
		s.Set("customer_account", "acct_1")
		want.CustomerAccount = "acct_1"
	}
	want.Type, want.CreditNote.Status, want.CreditNote.Kind = "credit_note.voided", domain.CreditNoteVoid, domain.PrePayment
	return s, want
}
