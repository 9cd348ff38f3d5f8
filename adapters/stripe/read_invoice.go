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
	AmountPaid number `json:"amount_paid"`
	AmountDue  number `json:"amount_due"`
	Total      number `json:"total"`

	Parent struct {
		Details struct {
			Subscription ref `json:"subscription"`
		} `json:"subscription_details"`
	} `json:"parent"`

	Lines struct {
		Data []invoiceLine `json:"data"`
	} `json:"lines"`

	Payments struct {
		Data []invoicePayment `json:"data"`
	} `json:"payments"`
}

type invoiceLine struct {
	Amount       number `json:"amount"`
	Subscription ref    `json:"subscription"`
	Parent       struct {
		Details struct {
			Subscription ref `json:"subscription"`
		} `json:"subscription_item_details"`
	} `json:"parent"`
	Period struct {
		Start number `json:"start"`
		End   number `json:"end"`
	} `json:"period"`
}

func readInvoice(o *object, t domain.EventType, at time.Time) domain.InvoiceFact {
	paid := o.paidWith()
	fact := domain.InvoiceFact{
		Type:          t,
		At:            at,
		ID:            domain.InvoiceID(o.ID),
		Customer:      domain.CustomerID(o.Customer),
		Subscription:  o.invoiceSubscription(),
		PaymentIntent: domain.PaymentIntentID(paid.PaymentIntent),
		Charge:        domain.ChargeID(paid.Charge),
		Amount:        o.AmountDue.value,
		Currency:      string(o.Currency),
	}
	if saysPaid(t) {
		// Until acacia, what was paid out of band is not in the amount paid.
		fact.Amount = max(o.AmountPaid.value, o.AmountDue.value)
	}
	fact.Total = o.Total.value
	fact.PeriodStart, fact.PeriodEnd = o.billedPeriod()
	return fact
}

// billedPeriod is what the line that ends last is for. Others are older, such as usage
// of the period before; or they give something back, such as the rest of a year that
// was left for months.
func (o *object) billedPeriod() (start, end time.Time) {
	if start, end = o.periodOf(func(l invoiceLine) bool { return l.Amount.value >= 0 }); !end.IsZero() {
		return start, end
	}
	return o.periodOf(func(invoiceLine) bool { return true })
}

func (o *object) periodOf(counts func(invoiceLine) bool) (start, end time.Time) {
	for _, line := range o.Lines.Data {
		from, until := line.Period.Start.time(), line.Period.End.time()
		longer := until.Equal(end) && !from.IsZero() && (start.IsZero() || from.Before(start))
		if counts(line) && (until.After(end) || longer) {
			start, end = from, until
		}
	}
	return start, end
}

// saysPaid tells whether the domain takes events of this type as paid.
func saysPaid(t domain.EventType) bool {
	return slices.Contains(domain.InvoiceEvents, domain.InvoiceEventRule{On: t, Status: domain.PaymentPaid})
}

func (o *object) invoiceSubscription() domain.SubscriptionID {
	found := cmp.Or(o.Parent.Details.Subscription, o.Subscription)
	for _, line := range o.Lines.Data {
		found = cmp.Or(found, line.Parent.Details.Subscription, line.Subscription)
	}
	return domain.SubscriptionID(found)
}

// paidWith prefers, of several payments, one that was made. Intent and charge are
// always of the same payment: together they say which charge an intent made.
func (o *object) paidWith() payment {
	found := payment{o.PaymentIntent, o.Charge}
	if found != (payment{}) {
		return found
	}
	for _, p := range o.Payments.Data {
		if p.Status == "paid" && p.Payment != (payment{}) {
			return p.Payment
		}
		found = cmp.Or(found, p.Payment)
	}
	return found
}
