package domain

import "time"

// This file has the facts about the ways of money after a purchase.

// InvoicePaymentFact is what we were told of a payment of an invoice. Since API
// version basil it is what links a payment intent to its invoice.
type InvoicePaymentFact struct {
	Type          EventType
	At            time.Time
	ID            string // inpay_...
	Invoice       InvoiceID
	PaymentIntent PaymentIntentID // empty: paid in another way
	Charge        ChargeID        // of a payment without an intent
}

// Refs implements [Fact].
func (i InvoicePaymentFact) Refs() []Ref {
	return refs(
		Ref{RefInvoice, string(i.Invoice)},
		Ref{RefPaymentIntent, string(i.PaymentIntent)},
		Ref{RefCharge, string(i.Charge)},
	)
}

// CreditNoteFact is what we were told of a credit note.
type CreditNoteFact struct {
	Type            EventType
	At              time.Time
	CreditNote      CreditNote
	MoreLines       bool // the note has lines that the message had no room for
	Customer        CustomerID
	CustomerAccount CustomerAccountID
}

// Refs implements [Fact].
func (n CreditNoteFact) Refs() []Ref {
	return refs(
		Ref{RefInvoice, string(n.CreditNote.Invoice)},
		Ref{RefCustomer, string(n.Customer)},
		Ref{RefAccount, string(n.CustomerAccount)},
	)
}

// ChargeFact is what we were told of a charge, or of the payment intent that made
// it.
type ChargeFact struct {
	Type          EventType
	At            time.Time
	ID            ChargeID
	PaymentIntent PaymentIntentID
	Invoice       InvoiceID // until API version acacia
	Customer      CustomerID
	Amount        int64  // minor currency units
	Refunded      int64  // of Amount, so far; a refund that fails is taken off again
	Currency      string // ISO 4217, lower case
	Claim         Claim  // of the payment of a one-time order
}

// Refs implements [Fact].
func (c ChargeFact) Refs() []Ref {
	return refs(
		Ref{RefCharge, string(c.ID)},
		Ref{RefPaymentIntent, string(c.PaymentIntent)},
		Ref{RefInvoice, string(c.Invoice)},
		Ref{RefCustomer, string(c.Customer)},
	)
}

// RefundFact is what we were told of a refund.
type RefundFact struct {
	Type          EventType
	At            time.Time
	ID            RefundID
	Charge        ChargeID
	PaymentIntent PaymentIntentID
	Status        RefundStatus
	Amount        int64 // minor currency units
	Currency      string
	CreatedAt     time.Time
}

// Refs implements [Fact].
func (r RefundFact) Refs() []Ref { return moneyRefs(r.PaymentIntent, r.Charge) }

// DisputeFact is what we were told of a dispute.
type DisputeFact struct {
	Type          EventType
	At            time.Time
	ID            DisputeID
	Charge        ChargeID
	PaymentIntent PaymentIntentID
	Status        DisputeStatus
	Amount        int64 // minor currency units
	Currency      string
	CreatedAt     time.Time
}

// Refs implements [Fact].
func (d DisputeFact) Refs() []Ref { return moneyRefs(d.PaymentIntent, d.Charge) }

func moneyRefs(intent PaymentIntentID, charge ChargeID) []Ref {
	return refs(Ref{RefPaymentIntent, string(intent)}, Ref{RefCharge, string(charge)})
}

// CustomerFact is what we were told of a customer.
type CustomerFact struct {
	Type    EventType
	At      time.Time
	ID      CustomerID
	Deleted bool // Stripe says that it is gone; an event of that type says so too
}

// Refs implements [Fact].
func (c CustomerFact) Refs() []Ref { return refs(Ref{RefCustomer, string(c.ID)}) }

// Whose is what to ask Stripe about if none of a fact's names is known. Refunds
// and disputes name a payment and nothing else, and the payment may be one that
// we have not heard of yet. So may that of a charge which names no customer; it is asked
// about once money of it goes back. Other kinds of objects name their customer, who is known
// before anything is bought; where they name it as an Account, which we did not make,
// the subscription may carry our order's id, or name the customer at Stripe.
func Whose(f Fact) (Ref, bool) {
	_, byAccount := ByAccount(f)
	switch f := f.(type) {
	case RefundFact, DisputeFact:
		for _, ref := range f.Refs() {
			return ref, true
		}
	case ChargeFact:
		if f.Customer == "" && f.Refunded > 0 && f.Type != TypeFetched {
			return moneyRefs(f.PaymentIntent, f.ID)[0], true
		}
	case SubscriptionFact:
		if byAccount && f.Type != TypeFetched {
			return Ref{RefSubscription, string(f.Snapshot.ID)}, true
		}
	case InvoiceFact:
		if byAccount && f.Invoice.Subscription != "" {
			return Ref{RefSubscription, string(f.Invoice.Subscription)}, true
		}
	case CreditNoteFact:
		if byAccount {
			return Ref{RefInvoice, string(f.CreditNote.Invoice)}, true
		}
	}
	return Ref{}, false
}

// ByAccount is the Account that a fact names its customer by, if it names the customer
// by nothing else. Whose account that is may be told later, by another object.
func ByAccount(f Fact) (Ref, bool) {
	var customer CustomerID
	var account CustomerAccountID
	switch f := f.(type) {
	case SubscriptionFact:
		customer, account = f.Snapshot.Customer, f.Snapshot.CustomerAccount
	case InvoiceFact:
		customer, account = f.Customer, f.CustomerAccount
	case CreditNoteFact:
		customer, account = f.Customer, f.CustomerAccount
	}
	if customer != "" || account == "" {
		return Ref{}, false
	}
	return Ref{RefAccount, string(account)}, true
}
