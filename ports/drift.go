package ports

import "github.com/entitled-dev/entitled/domain"

// DriftKind is what a thing is about that no webhook brought.
type DriftKind string

const (
	DriftCheckout     DriftKind = "checkout"
	DriftSubscription DriftKind = "subscription"
	DriftInvoice      DriftKind = "invoice"
	DriftCharge       DriftKind = "charge"
	DriftRefund       DriftKind = "refund"
	DriftDispute      DriftKind = "dispute"
	DriftCreditNote   DriftKind = "credit_note"
	DriftCustomer     DriftKind = "customer"
)

// DriftKinds lists every kind.
var DriftKinds = []DriftKind{
	DriftCheckout, DriftSubscription, DriftInvoice, DriftCharge, DriftRefund, DriftDispute, DriftCreditNote, DriftCustomer,
}

// DriftOf is the kind of what a fact is about.
func DriftOf(f domain.Fact) DriftKind {
	switch f.(type) {
	case domain.SessionFact:
		return DriftCheckout
	case domain.SubscriptionFact:
		return DriftSubscription
	case domain.InvoiceFact, domain.InvoicePaymentFact:
		return DriftInvoice
	case domain.ChargeFact:
		return DriftCharge
	case domain.RefundFact:
		return DriftRefund
	case domain.DisputeFact:
		return DriftDispute
	case domain.CreditNoteFact:
		return DriftCreditNote
	default:
		return DriftCustomer
	}
}
