package domain

import (
	"cmp"
	"slices"
	"sync"
)

// derivation is one look at an account: its facts grouped into purchases, and how those
// stand. With every event there is one, so the room that it takes is used again.
type derivation struct {
	account Account
	catalog Catalog
	plans   planFinder

	purchases []Purchase
	orders    []Order // of purchases, those of each together
	facts     []Bill
	bills     bills
	links     orderLinks
	lines     settledLines // of one purchase after the other
	standings []Standing

	entitlements []Entitlement // and the order of their places
	order        []int
}

var derivations = sync.Pool{New: func() any { return new(derivation) }}

// derive groups an account's facts. The caller frees what it returns.
func derive(a Account, c Catalog) *derivation {
	d := derivations.Get().(*derivation)
	d.account, d.catalog = a, c
	d.plans = planFinder{account: &d.account, catalog: &d.catalog}
	d.group()
	return d
}

// free gives the room back. Nothing that was in it may be looked at any more. It is not
// wiped: the next look at an account writes over it.
func (d *derivation) free() {
	if cap(d.facts) > mostKept {
		return
	}
	*d = derivation{
		purchases: d.purchases[:0], orders: d.orders[:0], facts: d.facts[:0], bills: d.bills[:0], links: d.links[:0],
		lines: d.lines[:0], standings: d.standings[:0], entitlements: d.entitlements[:0], order: d.order[:0],
	}
	derivations.Put(d)
}

// mostKept bounds the room that is kept: most accounts have a few bills, some thousands.
const mostKept = 256

// group makes purchases of the account's facts, sorted by source. Each fact is looked at
// once.
func (d *derivation) group() {
	a := &d.account
	d.makeBills()
	d.linkOrders()
	d.orders = slices.Grow(d.orders, len(a.Orders)+len(d.links)) // or what is cut of it would move
	for _, o := range a.Orders {
		if o.Mode == ModePayment {
			first := len(d.orders)
			d.orders = append(d.orders, o)
			d.purchases = append(d.purchases, Purchase{
				Source: Source{SourceOrder, string(o.ID)}, Orders: d.orders[first : first+1 : first+1], Bills: d.bills.of(string(o.ID)),
			})
		}
	}
	for _, s := range a.Subscriptions {
		first := len(d.orders)
		for _, id := range d.links.of(s.ID) {
			d.orders = append(d.orders, a.Orders[id.order])
		}
		end := len(d.orders)
		d.purchases = append(d.purchases, Purchase{
			Source: Source{SourceSubscription, string(s.ID)}, Orders: d.orders[first:end:end], Subscription: s,
			CustomerDeleted: a.isDeleted(s.Customer), Bills: d.bills.of(string(s.ID)),
		})
	}
	slices.SortFunc(d.purchases, func(p, q Purchase) int { return p.Source.compare(q.Source) })
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

func (d *derivation) linkOrders() {
	a := &d.account
	if len(a.Subscriptions) == 0 {
		return
	}
	for id, s := range a.Subscriptions {
		if _, known := a.Orders[s.Order]; known {
			d.links = append(d.links, orderLink{id, s.Order})
		}
	}
	for id, o := range a.Orders {
		if _, known := a.Subscriptions[o.Subscription]; known {
			d.links = append(d.links, orderLink{o.Subscription, id})
		}
	}
	slices.SortFunc(d.links, compareLinks)
	d.links = slices.Compact(d.links)
}

// of are the links of a subscription.
func (links orderLinks) of(id SubscriptionID) orderLinks {
	first, _ := slices.BinarySearchFunc(links, orderLink{subscription: id}, compareLinks)
	end := first
	for end < len(links) && links[end].subscription == id {
		end++
	}
	return links[first:end]
}

// bills are all bills of an account, sorted by what they are for and by time.
type bills []*Bill

func compareBills(a, b *Bill) int {
	if by := cmp.Compare(a.billedFor(), b.billedFor()); by != 0 {
		return by
	}
	if by := a.Invoice.billedAt().Compare(b.Invoice.billedAt()); by != 0 {
		return by
	}
	return cmp.Compare(a.ID(), b.ID())
}

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

// makeBills makes a bill of every invoice and payment, with the ways of its money.
func (d *derivation) makeBills() {
	a := &d.account
	d.facts = slices.Grow(d.facts, len(a.Invoices)+len(a.Payments)) // or the bills would move
	d.bills = slices.Grow(d.bills, cap(d.facts))
	for _, invoice := range a.Invoices {
		d.facts = append(d.facts, Bill{Invoice: invoice})
	}
	for _, payment := range a.Payments {
		d.facts = append(d.facts, Bill{Payment: payment})
	}
	for n := range d.facts {
		d.bills = append(d.bills, &d.facts[n])
	}
	d.bills.attach(a)
	slices.SortFunc(d.bills, compareBills)
}

// attach gives each bill the ways of its money, sorted by id; of charges those of bills
// of which money went back.
func (all bills) attach(a *Account) {
	if len(a.Refunds)+len(a.Disputes)+len(a.CreditNotes) == 0 && !a.refunded() {
		return // as of most accounts
	}
	slices.SortFunc(all, func(a, b *Bill) int { return cmp.Compare(a.ID(), b.ID()) })
	find := payees{account: a}
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
	for id, c := range a.Charges {
		bill := all.find(find.of(c.PaymentIntent, id))
		if bill != nil && (c.Refunded > 0 || len(bill.Refunds)+len(bill.Disputes)+len(bill.CreditNotes) > 0) {
			bill.Charges = append(bill.Charges, c)
		}
	}
	for _, bill := range all {
		slices.SortFunc(bill.Charges, func(a, b Charge) int { return cmp.Compare(a.ID, b.ID) })
		slices.SortFunc(bill.Refunds, func(a, b Refund) int { return cmp.Compare(a.ID, b.ID) })
		slices.SortFunc(bill.Disputes, func(a, b Dispute) int { return cmp.Compare(a.ID, b.ID) })
		slices.SortFunc(bill.CreditNotes, func(a, b CreditNote) int { return cmp.Compare(a.ID, b.ID) })
	}
}

// refunded tells whether a charge says that some of it was refunded.
func (a *Account) refunded() bool {
	for id := range a.Charges {
		if a.Charges[id].Refunded > 0 {
			return true
		}
	}
	return false
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

// of is the id of the bill; of one that nobody told us of, it names nothing.
func (p *payees) of(intent PaymentIntentID, charge ChargeID) string {
	intent = p.account.intentOf(intent, charge)
	if _, once := p.account.Payments[intent]; once {
		return string(intent)
	}
	if invoice, linked := p.account.InvoicePayments[intent]; linked {
		return string(invoice)
	}
	if p.charges == nil {
		p.readCharges()
	}
	return string(max(p.account.Charges[charge].Invoice, p.charges[intent]))
}

func (p *payees) readCharges() {
	p.charges = map[PaymentIntentID]InvoiceID{}
	for _, c := range p.account.Charges {
		if c.PaymentIntent != "" && c.Invoice != "" {
			p.charges[c.PaymentIntent] = max(p.charges[c.PaymentIntent], c.Invoice)
		}
	}
}
