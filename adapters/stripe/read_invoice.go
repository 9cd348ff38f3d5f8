package stripe

import (
	"cmp"
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// invoiceFields are those that only an invoice has. What an invoice is for and what
// paid it moved with API version basil: from subscription to parent, from
// payment_intent and charge to payments.
type invoiceFields struct {
	BillingReason    word   `json:"billing_reason"`
	CollectionMethod word   `json:"collection_method"`
	Total            number `json:"total"`
	AmountDue        number `json:"amount_due"`
	AmountPaid       number `json:"amount_paid"`
	AmountOverpaid   number `json:"amount_overpaid"`  // since basil
	PaidOutOfBand    bool   `json:"paid_out_of_band"` // until acacia
	StartingBalance  number `json:"starting_balance"`
	EndingBalance    number `json:"ending_balance"`
	DueDate          number `json:"due_date"`
	Transitions      struct {
		FinalizedAt number `json:"finalized_at"`
		PaidAt      number `json:"paid_at"`
	} `json:"status_transitions"`

	Parent struct {
		Details struct {
			Subscription ref      `json:"subscription"`
			Metadata     metadata `json:"metadata"`
		} `json:"subscription_details"`
	} `json:"parent"`
	Details struct {
		Metadata metadata `json:"metadata"`
	} `json:"subscription_details"` // until acacia
	Payments struct {
		Data []invoicePayment `json:"data"`
	} `json:"payments"`
}

func readInvoice(o *object, t domain.EventType, at time.Time) domain.InvoiceFact {
	return domain.InvoiceFact{
		Type:            t,
		At:              at,
		Customer:        domain.CustomerID(o.Customer),
		CustomerAccount: domain.CustomerAccountID(o.CustomerAccount),
		PaidWith:        o.paidWith(),
		Claim:           cmp.Or(o.Parent.Details.Metadata, o.Details.Metadata).claim(),
		Invoice: domain.Invoice{
			ID:              domain.InvoiceID(o.ID),
			Subscription:    o.invoiceSubscription(),
			Status:          domain.InvoiceStatus(o.Status),
			BillingReason:   string(o.BillingReason),
			Method:          domain.CollectionMethod(o.CollectionMethod),
			Currency:        string(o.Currency),
			Total:           o.Total.value,
			AmountDue:       o.AmountDue.value,
			AmountPaid:      o.amountPaid(t),
			StartingBalance: o.StartingBalance.value,
			EndingBalance:   o.EndingBalance.value,
			CreatedAt:       o.Created.time(),
			FinalizedAt:     o.Transitions.FinalizedAt.time(),
			DueAt:           o.DueDate.time(),
			PaidAt:          o.Transitions.PaidAt.time(),
			Lines:           o.Lines.billed(),
			Complete:        o.Lines.complete(),
		},
	}
}

// amountPaid counts money however it came: until acacia, what was paid out of band is
// not in the amount paid. What was paid beyond what was due, as by two payments that
// crossed, came too: if it goes back, the invoice is paid all the same.
func (o *object) amountPaid(t domain.EventType) int64 {
	if o.AmountOverpaid.value > 0 {
		return max(o.AmountPaid.value, o.AmountDue.value+o.AmountOverpaid.value)
	}
	if o.PaidOutOfBand || !o.AmountPaid.given && saysPaid(t) {
		return max(o.AmountPaid.value, o.AmountDue.value)
	}
	return o.AmountPaid.value
}

// saysPaid tells whether the domain takes events of this type as paid.
func saysPaid(t domain.EventType) bool {
	return slices.Contains(domain.InvoiceEvents, domain.InvoiceEventRule{On: t, Status: domain.InvoicePaid})
}

func (o *object) invoiceSubscription() domain.SubscriptionID {
	found := cmp.Or(o.Parent.Details.Subscription, o.Subscription)
	for _, line := range o.Lines.Data {
		found = cmp.Or(found, line.Parent.Details.Subscription, line.Subscription)
	}
	return domain.SubscriptionID(found)
}

// paidWith is every payment that was made, then those that may be. Intent and charge
// are always of the same payment: together they say which charge an intent made. One
// that was canceled pays nothing.
func (o *object) paidWith() []domain.PaidWith {
	var all []domain.PaidWith
	add := func(p payment) {
		one := domain.PaidWith{PaymentIntent: domain.PaymentIntentID(p.PaymentIntent), Charge: domain.ChargeID(p.Charge)}
		if one != (domain.PaidWith{}) && !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	add(payment{o.PaymentIntent, o.Charge})
	for _, made := range []bool{true, false} {
		for _, p := range o.Payments.Data {
			if p.Status != "canceled" && made == (p.Status == "paid") {
				add(p.Payment)
			}
		}
	}
	return all
}
