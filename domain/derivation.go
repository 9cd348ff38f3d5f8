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
			CustomerDeleted: a.isDeleted(s.Customer), Bills: d.bills.of(string(s.ID)), Past: a.Past[s.ID],
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
