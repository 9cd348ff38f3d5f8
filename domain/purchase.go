package domain

import (
	"cmp"
	"maps"
	"slices"
)

// Purchase is an order or a subscription with everything that is about it. What it
// gives follows from it and the catalog alone; what a user has is the union over all
// purchases and grants.
type Purchase struct {
	// Source is what its rights come from.
	Source Source

	// Orders are the one-time order, or the orders that the subscription comes from;
	// sorted by id.
	Orders []Order

	// Subscription is the newest snapshot of it; zero for a one-time order.
	Subscription Subscription

	// CustomerDeleted: Stripe said so, which ends what the customer subscribed to.
	CustomerDeleted bool

	// Bills are what was billed for it and what became of the money, sorted by time: the
	// payments of a one-time order, the invoices of a subscription.
	Bills []Bill
}

// Bill is an invoice, or the payment of a one-time order, with the ways of its money.
type Bill struct {
	Invoice Invoice // zero: of a payment
	Payment Payment // zero: of an invoice

	Charges     []Charge
	Refunds     []Refund
	Disputes    []Dispute
	CreditNotes []CreditNote
}

// ID is the invoice's or the payment's.
func (b Bill) ID() string { return cmp.Or(string(b.Invoice.ID), string(b.Payment.ID)) }

// Purchases groups what is known of an account. Each fact is looked at once.
func (a Account) Purchases() []Purchase {
	bills := a.bills()
	orders := a.ordersBySubscription()
	all := make([]Purchase, 0, len(a.Orders)+len(a.Subscriptions))
	for _, o := range a.Orders {
		if o.Mode == ModePayment {
			all = append(all, Purchase{
				Source: Source{SourceOrder, string(o.ID)}, Orders: []Order{o}, Bills: bills.ofOrder[o.ID],
			})
		}
	}
	for _, s := range a.Subscriptions {
		all = append(all, Purchase{
			Source: Source{SourceSubscription, string(s.ID)}, Orders: orders[s.ID], Subscription: s,
			CustomerDeleted: a.isDeleted(s.Customer), Bills: bills.ofSubscription[s.ID],
		})
	}
	slices.SortFunc(all, func(p, q Purchase) int {
		return cmp.Or(cmp.Compare(p.Source.Kind, q.Source.Kind), cmp.Compare(p.Source.ID, q.Source.ID))
	})
	return all
}

// ordersBySubscription are the orders that each subscription comes from.
func (a Account) ordersBySubscription() map[SubscriptionID][]Order {
	found := map[SubscriptionID][]Order{}
	for id, s := range a.Subscriptions {
		if o, known := a.Orders[s.Order]; known {
			found[id] = append(found[id], o)
		}
	}
	for _, o := range a.Orders {
		if s, known := a.Subscriptions[o.Subscription]; known && s.Order != o.ID {
			found[o.Subscription] = append(found[o.Subscription], o)
		}
	}
	for _, orders := range found {
		slices.SortFunc(orders, func(a, b Order) int { return cmp.Compare(a.ID, b.ID) })
	}
	return found
}

// bills are all bills of an account.
type bills struct {
	ofOrder        map[OrderID][]Bill
	ofSubscription map[SubscriptionID][]Bill
}

func (a Account) bills() bills {
	all := make(map[string]*Bill, len(a.Invoices)+len(a.Payments))
	for id, invoice := range a.Invoices {
		all[string(id)] = &Bill{Invoice: invoice}
	}
	for id, payment := range a.Payments {
		all[string(id)] = &Bill{Payment: payment}
	}
	find := a.payees()
	for _, id := range slices.Sorted(maps.Keys(a.Charges)) {
		if c := a.Charges[id]; all[find.of(c.PaymentIntent, id)] != nil {
			bill := all[find.of(c.PaymentIntent, id)]
			bill.Charges = append(bill.Charges, c)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(a.Refunds)) {
		if r := a.Refunds[id]; all[find.of(r.PaymentIntent, r.Charge)] != nil {
			bill := all[find.of(r.PaymentIntent, r.Charge)]
			bill.Refunds = append(bill.Refunds, r)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(a.Disputes)) {
		if d := a.Disputes[id]; all[find.of(d.PaymentIntent, d.Charge)] != nil {
			bill := all[find.of(d.PaymentIntent, d.Charge)]
			bill.Disputes = append(bill.Disputes, d)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(a.CreditNotes)) {
		if bill := all[string(a.CreditNotes[id].Invoice)]; bill != nil {
			bill.CreditNotes = append(bill.CreditNotes, a.CreditNotes[id])
		}
	}
	b := bills{map[OrderID][]Bill{}, map[SubscriptionID][]Bill{}}
	for _, bill := range all {
		if bill.Payment.ID != "" {
			b.ofOrder[bill.Payment.Order] = append(b.ofOrder[bill.Payment.Order], *bill)
		} else {
			b.ofSubscription[bill.Invoice.Subscription] = append(b.ofSubscription[bill.Invoice.Subscription], *bill)
		}
	}
	for _, some := range b.ofOrder {
		slices.SortFunc(some, compareBills)
	}
	for _, some := range b.ofSubscription {
		slices.SortFunc(some, compareBills)
	}
	return b
}

func compareBills(a, b Bill) int {
	return cmp.Or(a.Invoice.dueAt().Compare(b.Invoice.dueAt()), cmp.Compare(a.ID(), b.ID()))
}

// payees finds what an intent or a charge pays.
type payees struct {
	account Account
	charges map[PaymentIntentID]InvoiceID // what charges say of their intents
}

func (a Account) payees() payees {
	p := payees{account: a}
	for _, c := range a.Charges {
		if c.PaymentIntent != "" && c.Invoice != "" {
			if p.charges == nil {
				p.charges = map[PaymentIntentID]InvoiceID{}
			}
			p.charges[c.PaymentIntent] = max(p.charges[c.PaymentIntent], c.Invoice)
		}
	}
	return p
}

// of is the id of the bill; of one that nobody told us of, it names nothing.
func (p payees) of(intent PaymentIntentID, charge ChargeID) string {
	intent = p.account.intentOf(intent, charge)
	if _, once := p.account.Payments[intent]; once {
		return string(intent)
	}
	if invoice, linked := p.account.InvoicePayments[intent]; linked {
		return string(invoice)
	}
	return string(max(p.account.Charges[charge].Invoice, p.charges[intent]))
}
