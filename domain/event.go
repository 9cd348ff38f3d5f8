package domain

import "time"

// EventType is Stripe's name of what happened, passed through as it is. One name
// is ours: [TypeFetched].
type EventType string

// TypeFetched marks a fact that was not sent but fetched: the object as Stripe
// had it at the time of asking, in whole seconds.
const TypeFetched EventType = "entitled.fetched"

// Event is a verified message from Stripe.
type Event struct {
	ID         EventID
	Type       EventType
	Created    time.Time // UTC, whole seconds: Stripe's resolution
	APIVersion string
	Livemode   bool
	Account    string // the connected account, of a Connect event only
	Object     string // id of the object it is about; may be empty
	Fact       Fact   // nil: an object of a kind that says nothing of purchases
	Payload    []byte // as received, to the byte
}

// Fact is what one message says about one object. It is a closed set:
// [SessionFact], [SubscriptionFact], [InvoiceFact], [InvoicePaymentFact],
// [CreditNoteFact], [ChargeFact], [RefundFact], [DisputeFact], [CustomerFact].
type Fact interface {
	// Refs are the names under which the owning account may be known, the most
	// trustworthy first: ids that we gave or were given, then what metadata
	// claims.
	Refs() []Ref

	// record joins the fact into an account.
	record(r *recording, c Catalog) Verdict
}

// SessionFact is what we were told of a Checkout Session.
type SessionFact struct {
	Type            EventType
	At              time.Time
	ID              SessionID
	Mode            Mode    // Stripe's: payment, subscription, setup
	Status          string  // Stripe's: open, complete, expired
	PaymentStatus   string  // Stripe's: paid, unpaid, no_payment_required
	Order           OrderID // as client_reference_id or metadata claim it
	Customer        CustomerID
	CustomerAccount CustomerAccountID
	Subscription    SubscriptionID
	PaymentIntent   PaymentIntentID
	RecoveredFrom   SessionID
	URL             string
	Amount          int64 // minor currency units
	Subtotal        int64 // before discounts and tax; 0: nothing, or not told
	Currency        string
	Claim           Claim
}

// Refs implements [Fact].
func (s SessionFact) Refs() []Ref {
	return refs(
		Ref{RefSession, string(s.ID)},
		Ref{RefSession, string(s.RecoveredFrom)},
		Ref{RefOrder, string(s.Order)},
	)
}

// paid tells whether the session says that there is nothing left to pay.
func (s SessionFact) paid() bool {
	return s.Type == "checkout.session.async_payment_succeeded" ||
		s.Status == "complete" && GuardPaid.holds(s)
}

// SubscriptionFact is a snapshot of a subscription.
type SubscriptionFact struct {
	Type     EventType
	At       time.Time
	Snapshot Subscription
	// MoreItems: the subscription has items that the message had no room for.
	MoreItems bool
	Claim     Claim
}

// Refs implements [Fact].
func (s SubscriptionFact) Refs() []Ref {
	return refs(
		Ref{RefSubscription, string(s.Snapshot.ID)},
		Ref{RefCustomer, string(s.Snapshot.Customer)},
		Ref{RefAccount, string(s.Snapshot.CustomerAccount)},
		Ref{RefOrder, string(s.Snapshot.Order)},
	)
}

// InvoiceFact is what we were told of an invoice.
type InvoiceFact struct {
	Type            EventType
	At              time.Time
	Invoice         Invoice // without FirstSeenAt and SeenAt, which At says
	Customer        CustomerID
	CustomerAccount CustomerAccountID
	// PaidWith is what the message says to have paid it, or to be going to: until API
	// version acacia, or if payments are asked for.
	PaidWith []PaidWith
	Claim    Claim // of the subscription, as it was when the invoice was finalized
}

// PaidWith is a payment of an invoice: either of its names may be empty.
type PaidWith struct {
	PaymentIntent PaymentIntentID
	Charge        ChargeID
}

// Refs implements [Fact].
func (i InvoiceFact) Refs() []Ref {
	return refs(
		Ref{RefInvoice, string(i.Invoice.ID)},
		Ref{RefSubscription, string(i.Invoice.Subscription)},
		Ref{RefCustomer, string(i.Customer)},
		Ref{RefAccount, string(i.CustomerAccount)},
	)
}

// Names are what a fact would make known as names of its account: another user who has
// one of them already has a claim to it, too.
func Names(f Fact) []Ref {
	switch f := f.(type) {
	case SessionFact:
		return refs(
			Ref{RefSubscription, string(f.Subscription)}, Ref{RefPaymentIntent, string(f.PaymentIntent)},
			Ref{RefAccount, string(f.CustomerAccount)},
		)
	case SubscriptionFact:
		return refs(Ref{RefSubscription, string(f.Snapshot.ID)}, Ref{RefAccount, string(f.Snapshot.CustomerAccount)})
	case InvoiceFact:
		names := refs(
			Ref{RefInvoice, string(f.Invoice.ID)}, Ref{RefSubscription, string(f.Invoice.Subscription)},
			Ref{RefAccount, string(f.CustomerAccount)},
		)
		for _, p := range f.PaidWith {
			names = append(names, moneyRefs(p.PaymentIntent, p.Charge)...)
		}
		return names
	case InvoicePaymentFact:
		return append(moneyRefs(f.PaymentIntent, f.Charge), refs(Ref{RefInvoice, string(f.Invoice)})...)
	case ChargeFact:
		return append(moneyRefs(f.PaymentIntent, f.ID), refs(Ref{RefInvoice, string(f.Invoice)})...)
	case RefundFact:
		return append(moneyRefs(f.PaymentIntent, f.Charge), Ref{RefRefund, string(f.ID)})
	case DisputeFact:
		return append(moneyRefs(f.PaymentIntent, f.Charge), Ref{RefDispute, string(f.ID)})
	case CreditNoteFact:
		names := refs(Ref{RefCreditNote, string(f.CreditNote.ID)}, Ref{RefInvoice, string(f.CreditNote.Invoice)})
		for _, refund := range f.CreditNote.Refunds {
			names = append(names, Ref{RefRefund, string(refund)})
		}
		return names
	default:
		return nil
	}
}
