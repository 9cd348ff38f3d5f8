package state

import "github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"

// Invoice is what a customer is to pay, from a draft to its end.
type Invoice struct {
	ID, Customer, Subscription, Status, Currency string
	BillingReason, Number, Description, Footer   string
	Metadata                                     map[string]string
	PaymentIntent, Charge                        string
	PaymentID                                    string // of the invoice_payment with the intent
	PaymentCreated                               int64
	Lines                                        []InvoiceLine
	SubscriptionMetadata                         map[string]string // as it was at the making
	Created, PeriodStart, PeriodEnd              int64
	Announced                                    bool // invoice.created was sent
	FinalizedAt, PaidAt, VoidedAt                int64
	UncollectibleAt                              int64
	StartingBalance, EndingBalance               int64     // of the customer: what it owes, a credit is negative
	Discount                                     *Discount // that the customer has on it
	CreditedBefore, CreditedAfter                int64     // by credit notes: before the payment, and after it
	PaidOutOfBand                                bool
	Attempts                                     int
	AutoAdvance                                  bool  // Stripe collects it by itself
	NextAttempt                                  int64 // to collect it, 0 for none
	DaysUntilDue, DueDate                        int64 // of one that is sent to the customer
	Overdue                                      bool
	AutomaticTax                                 bool
	Preview                                      bool   // it is not made, only shown
	ProrationDate                                int64  // of a preview
	DefaultMethod                                string // empty for that of the subscription or the customer
}

// ToBeSent tells whether the customer is sent the invoice, instead of being charged.
func (in *Invoice) ToBeSent() bool { return in.DaysUntilDue > 0 }

// Total is what the lines come to, in minor units.
func (in *Invoice) Total() int64 {
	var sum int64
	for _, l := range in.Lines {
		sum += l.Charged()
	}
	return sum
}

// Discounted is what a discount has taken off.
func (in *Invoice) Discounted() int64 {
	var sum int64
	for _, l := range in.Lines {
		sum += l.Discount
	}
	return sum
}

// Due is what is to be collected: a credit is not paid out, it goes to the
// customer's balance.
func (in *Invoice) Due() int64 { return max(0, in.Total()+in.StartingBalance) }

// Collected is what was paid.
func (in *Invoice) Collected() int64 {
	if in.Status != "paid" {
		return 0
	}
	return in.Due() - in.CreditedBefore
}

// FromBalance is what the customer's credit has paid of it.
func (in *Invoice) FromBalance() int64 { return max(0, in.Total()) - min(in.Due(), max(0, in.Total())) }

// Remaining is what is still to be paid.
func (in *Invoice) Remaining() int64 { return in.Due() - in.CreditedBefore - in.Collected() }

// CollectionMethod is charge_automatically or send_invoice.
func (in *Invoice) CollectionMethod() string {
	if in.ToBeSent() {
		return "send_invoice"
	}
	return "charge_automatically"
}

// CurrencyOf is that of what waits for the customer, else the account's.
func (a *Account) CurrencyOf(customer string) string {
	for _, it := range a.InvoiceItems.Order {
		if it.Customer == customer && it.Invoice == "" {
			return it.Currency
		}
	}
	return "usd"
}

// IntentDescription is what the payment of an invoice is called.
func (in *Invoice) IntentDescription() string {
	if in.Subscription != "" {
		return "Subscription update"
	}
	return "Payment for Invoice"
}

// MadeOfPayment tells whether it only tells of a one-time payment.
func (in *Invoice) MadeOfPayment() bool { return in.PaymentIntent != "" && in.Subscription == "" }

// Pay ties the invoice to the intent that is to collect it.
func (in *Invoice) Pay(intent string, now int64) {
	in.PaymentIntent, in.PaymentID, in.PaymentCreated = intent, wire.NewID("inpay_1", 23), now
}

// Payable tells whether the invoice still takes a payment.
func (in *Invoice) Payable() bool { return in.Status == "open" || in.Status == "uncollectible" }

// PaymentStatus is that of the invoice's payment.
func (in *Invoice) PaymentStatus() string {
	switch in.Status {
	case "paid":
		return "paid"
	case "void":
		return "canceled"
	}
	return "open"
}
