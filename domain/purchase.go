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
	Bills []*Bill
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
func (b *Bill) ID() string { return cmp.Or(string(b.Invoice.ID), string(b.Payment.ID)) }

// Purchases groups what is known of an account. Each fact is looked at once.
func (a Account) Purchases() []Purchase {
	bills := a.bills()
	orders := a.ordersBySubscription()
	all := make([]Purchase, 0, len(a.Orders)+len(a.Subscriptions))
	for _, o := range a.Orders {
		if o.Mode == ModePayment {
			all = append(all, Purchase{
				Source: Source{SourceOrder, string(o.ID)}, Orders: []Order{o}, Bills: bills.of(string(o.ID)),
			})
		}
	}
	for _, s := range a.Subscriptions {
		all = append(all, Purchase{
			Source: Source{SourceSubscription, string(s.ID)}, Orders: orders[s.ID], Subscription: s,
			CustomerDeleted: a.isDeleted(s.Customer), Bills: bills.of(string(s.ID)),
		})
	}
	slices.SortFunc(all, func(p, q Purchase) int {
		return cmp.Or(cmp.Compare(p.Source.Kind, q.Source.Kind), cmp.Compare(p.Source.ID, q.Source.ID))
	})
	return all
}

// ordersBySubscription are the orders that each subscription comes from.
func (a Account) ordersBySubscription() map[SubscriptionID][]Order {
	if len(a.Subscriptions) == 0 {
		return nil
	}
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
		if len(orders) > 1 {
			slices.SortFunc(orders, func(a, b Order) int { return cmp.Compare(a.ID, b.ID) })
		}
	}
	return found
}

// bills are all bills of an account, sorted by what they are for and by time.
type bills []*Bill

// billedFor is the subscription or the order.
func (b *Bill) billedFor() string {
	if b.Payment.ID != "" {
		return string(b.Payment.Order)
	}
	return string(b.Invoice.Subscription)
}

// of are the bills for one purchase.
func (all bills) of(purchase string) []*Bill {
	start, _ := slices.BinarySearchFunc(all, purchase, func(b *Bill, id string) int { return cmp.Compare(b.billedFor(), id) })
	end := start
	for end < len(all) && all[end].billedFor() == purchase {
		end++
	}
	return all[start:end:end]
}

func (a Account) bills() bills {
	backing := make([]Bill, 0, len(a.Invoices)+len(a.Payments))
	for _, invoice := range a.Invoices {
		backing = append(backing, Bill{Invoice: invoice})
	}
	for _, payment := range a.Payments {
		backing = append(backing, Bill{Payment: payment})
	}
	all := make(bills, len(backing))
	for n := range backing {
		all[n] = &backing[n]
	}
	all.attach(a)
	slices.SortFunc(all, func(a, b *Bill) int {
		return cmp.Or(cmp.Compare(a.billedFor(), b.billedFor()), a.Invoice.billedAt().Compare(b.Invoice.billedAt()), cmp.Compare(a.ID(), b.ID()))
	})
	return all
}

// attach gives each bill the ways of its money.
func (all bills) attach(a Account) {
	refunded := false
	for _, c := range a.Charges {
		refunded = refunded || c.Refunded > 0
	}
	if !refunded && len(a.Refunds)+len(a.Disputes)+len(a.CreditNotes) == 0 {
		return // as of most accounts
	}
	byID := make(map[string]*Bill, len(all))
	for _, bill := range all {
		byID[bill.ID()] = bill
	}
	find := a.payees()
	for _, id := range slices.Sorted(maps.Keys(a.Charges)) {
		c := a.Charges[id]
		if bill := byID[find.of(c.PaymentIntent, id)]; bill != nil {
			bill.Charges = append(bill.Charges, c)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(a.Refunds)) {
		r := a.Refunds[id]
		if bill := byID[find.of(r.PaymentIntent, r.Charge)]; bill != nil {
			bill.Refunds = append(bill.Refunds, r)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(a.Disputes)) {
		d := a.Disputes[id]
		if bill := byID[find.of(d.PaymentIntent, d.Charge)]; bill != nil {
			bill.Disputes = append(bill.Disputes, d)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(a.CreditNotes)) {
		if bill := byID[string(a.CreditNotes[id].Invoice)]; bill != nil {
			bill.CreditNotes = append(bill.CreditNotes, a.CreditNotes[id])
		}
	}
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
