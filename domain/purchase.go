package domain

import (
	"cmp"
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

// Purchases groups what is known of an account, sorted by source. Each fact is looked at
// once.
func (a Account) Purchases() []Purchase {
	once := 0
	for _, o := range a.Orders {
		if o.Mode == ModePayment {
			once++
		}
	}
	all := make([]Purchase, 0, once+len(a.Subscriptions))
	orders := make([]Order, 0, once) // one array for all of them
	bills := a.bills()
	for _, o := range a.Orders {
		if o.Mode == ModePayment {
			orders = append(orders, o)
			last := len(orders)
			all = append(all, Purchase{
				Source: Source{SourceOrder, string(o.ID)}, Orders: orders[last-1 : last : last], Bills: bills.of(string(o.ID)),
			})
		}
	}
	links := a.orderLinks()
	for _, s := range a.Subscriptions {
		all = append(all, Purchase{
			Source: Source{SourceSubscription, string(s.ID)}, Orders: links.of(s.ID, a.Orders), Subscription: s,
			CustomerDeleted: a.isDeleted(s.Customer), Bills: bills.of(string(s.ID)),
		})
	}
	slices.SortFunc(all, func(p, q Purchase) int {
		return cmp.Or(cmp.Compare(p.Source.Kind, q.Source.Kind), cmp.Compare(p.Source.ID, q.Source.ID))
	})
	return all
}

// orderLink says that a subscription comes from an order.
type orderLink struct {
	subscription SubscriptionID
	order        OrderID
}

func compareLinks(a, b orderLink) int {
	return cmp.Or(cmp.Compare(a.subscription, b.subscription), cmp.Compare(a.order, b.order))
}

// orderLinks say which orders subscriptions come from, as either side tells it. Sorted.
type orderLinks []orderLink

func (a Account) orderLinks() orderLinks {
	if len(a.Subscriptions) == 0 {
		return nil
	}
	links := make(orderLinks, 0, len(a.Orders)+len(a.Subscriptions))
	for id, s := range a.Subscriptions {
		if _, known := a.Orders[s.Order]; known {
			links = append(links, orderLink{id, s.Order})
		}
	}
	for id, o := range a.Orders {
		if _, known := a.Subscriptions[o.Subscription]; known {
			links = append(links, orderLink{o.Subscription, id})
		}
	}
	slices.SortFunc(links, compareLinks)
	return slices.Compact(links)
}

// of are the orders of a subscription, sorted by id.
func (links orderLinks) of(id SubscriptionID, orders map[OrderID]Order) []Order {
	var found []Order
	n, _ := slices.BinarySearchFunc(links, orderLink{subscription: id}, compareLinks)
	for ; n < len(links) && links[n].subscription == id; n++ {
		found = append(found, orders[links[n].order])
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
	backing := make([]Bill, len(a.Invoices)+len(a.Payments)) // one array for all of them
	all := make(bills, 0, len(backing))
	next := func() *Bill {
		bill := &backing[len(all)]
		all = append(all, bill)
		return bill
	}
	for id := range a.Invoices {
		next().Invoice = a.Invoices[id]
	}
	for id := range a.Payments {
		next().Payment = a.Payments[id]
	}
	all.attach(&a)
	slices.SortFunc(all, func(a, b *Bill) int {
		return cmp.Or(cmp.Compare(a.billedFor(), b.billedFor()), a.Invoice.billedAt().Compare(b.Invoice.billedAt()), cmp.Compare(a.ID(), b.ID()))
	})
	return all
}

// attach gives each bill the ways of its money, sorted by id.
func (all bills) attach(a *Account) {
	refunded := false
	for _, c := range a.Charges {
		refunded = refunded || c.Refunded > 0
	}
	if !refunded && len(a.Refunds)+len(a.Disputes)+len(a.CreditNotes) == 0 {
		return // as of most accounts
	}
	slices.SortFunc(all, func(a, b *Bill) int { return cmp.Compare(a.ID(), b.ID()) })
	find := a.payees()
	for id, c := range a.Charges {
		if bill := all.find(find.of(c.PaymentIntent, id)); bill != nil {
			bill.Charges = append(bill.Charges, c)
		}
	}
	for _, r := range a.Refunds {
		if bill := all.find(find.of(r.PaymentIntent, r.Charge)); bill != nil {
			bill.Refunds = append(bill.Refunds, r)
		}
	}
	for _, d := range a.Disputes {
		if bill := all.find(find.of(d.PaymentIntent, d.Charge)); bill != nil {
			bill.Disputes = append(bill.Disputes, d)
		}
	}
	for _, n := range a.CreditNotes {
		if bill := all.find(string(n.Invoice)); bill != nil {
			bill.CreditNotes = append(bill.CreditNotes, n)
		}
	}
	for _, bill := range all {
		slices.SortFunc(bill.Charges, func(a, b Charge) int { return cmp.Compare(a.ID, b.ID) })
		slices.SortFunc(bill.Refunds, func(a, b Refund) int { return cmp.Compare(a.ID, b.ID) })
		slices.SortFunc(bill.Disputes, func(a, b Dispute) int { return cmp.Compare(a.ID, b.ID) })
		slices.SortFunc(bill.CreditNotes, func(a, b CreditNote) int { return cmp.Compare(a.ID, b.ID) })
	}
}

// find is the bill with an id, if there is one: of bills that are sorted by id.
func (all bills) find(id string) *Bill {
	n, found := slices.BinarySearchFunc(all, id, func(b *Bill, id string) int { return cmp.Compare(b.ID(), id) })
	if !found {
		return nil
	}
	return all[n]
}

// payees finds what an intent or a charge pays.
type payees struct {
	account *Account
	charges map[PaymentIntentID]InvoiceID // what charges say of their intents
}

func (a *Account) payees() payees {
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
func (p *payees) of(intent PaymentIntentID, charge ChargeID) string {
	intent = p.account.intentOf(intent, charge)
	if _, once := p.account.Payments[intent]; once {
		return string(intent)
	}
	if invoice, linked := p.account.InvoicePayments[intent]; linked {
		return string(invoice)
	}
	return string(max(p.account.Charges[charge].Invoice, p.charges[intent]))
}
