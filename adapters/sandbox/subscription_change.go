package sandbox

import (
	"fmt"
	"slices"
)

// itemChange is what a change of a subscription's items comes to.
type itemChange struct {
	items    []subscriptionItem // with their periods
	anchor   int64
	pending  []invoiceLine // what waits for the next invoice
	invoiced []invoiceLine // what is invoiced now instead, pending lines included
}

// priceChange prorates the change from old to items at the time at. A new period
// is invoiced at once: where the interval changes, or a free subscription becomes a
// paid one or the other way round. Else prorations wait for the next invoice,
// unless always_invoice asks for them now.
func (s *Sandbox) priceChange(old *subscription, items []subscriptionItem, behavior string, at int64) itemChange {
	now := s.nowUnix()
	ch := itemChange{items: items, anchor: old.anchor, pending: old.pending}
	if old.terminal() || old.status == "trialing" || old.status == "paused" {
		start, end := old.period()
		for i := range items {
			if items[i].end == 0 {
				items[i].anchor, items[i].start, items[i].end = old.anchor, start, end
			}
		}
		return ch // a trial costs nothing, whatever it is a trial of, and a pause bills nothing
	}
	all := s.restarts(old, items)
	if all {
		ch.anchor = now
	}
	var credits, rest, periods []invoiceLine
	for _, was := range old.items {
		if i := indexOfItem(items, was.id); all || i < 0 || !items[i].sameAs(was) {
			credits = append(credits, s.prorated(was, -1, at)...)
		}
	}
	for i := range items {
		it := &items[i]
		j := indexOfItem(old.items, it.id)
		peer := s.peer(old.items, *it)
		switch {
		case all || peer < 0:
			s.restart(it, now)
			periods = append(periods, s.itemLine(old, *it, subscriptionItem{}))
		case j < 0 || !s.sameInterval(*it, old.items[j]):
			it.anchor, it.start, it.end = old.items[peer].anchor, old.items[peer].start, old.items[peer].end
			rest = append(rest, s.prorated(*it, 1, at)...)
		case !it.sameAs(old.items[j]):
			rest = append(rest, s.prorated(*it, 1, at)...)
		}
	}
	lines := append([]invoiceLine{}, old.pending...)
	if behavior != "none" {
		lines = append(append(lines, credits...), rest...)
	}
	if len(periods) > 0 || behavior == "always_invoice" && len(lines) > 0 {
		ch.pending, ch.invoiced = nil, append(lines, periods...)
	} else {
		ch.pending = lines
	}
	return ch
}

// restarts tells whether all periods begin anew.
func (s *Sandbox) restarts(old *subscription, items []subscriptionItem) bool {
	if (s.periodAmount(old.items) == 0) != (s.periodAmount(items) == 0) {
		return true
	}
	return !old.flexible && !s.sameInterval(old.items[0], items[0])
}

// peer is an item with the same interval, whose period the item shares; -1 for none.
func (s *Sandbox) peer(items []subscriptionItem, it subscriptionItem) int {
	for i, other := range items {
		if other.id == it.id && s.sameInterval(it, other) {
			return i
		}
	}
	for i, other := range items {
		if s.sameInterval(it, other) {
			return i
		}
	}
	return -1
}

func (s *Sandbox) sameInterval(a, b subscriptionItem) bool {
	p, q := s.prices.get(a.price), s.prices.get(b.price)
	return p.interval == q.interval && p.intervalCount == q.intervalCount
}

func (it subscriptionItem) sameAs(was subscriptionItem) bool {
	return it.price == was.price && it.quantity == was.quantity
}

func (s *Sandbox) periodAmount(items []subscriptionItem) int64 {
	var sum int64
	for _, it := range items {
		if p := s.prices.get(it.price); p.metered() {
			sum++ // it may cost something: that is not a free subscription
		} else {
			sum += p.amount(it.quantity)
		}
	}
	return sum
}

// prorated is the share of an item from at to the end of its period: credited with
// sign -1, charged with 1. Usage is not prorated.
func (s *Sandbox) prorated(it subscriptionItem, sign, at int64) []invoiceLine {
	p := s.prices.get(it.price)
	at = min(max(at, it.start), it.end) // the period may have been moved past the clock
	whole, left := it.end-it.start, it.end-at
	if p.metered() || whole <= 0 {
		return nil
	}
	amount := (p.amount(it.quantity)*left + whole/2) / whole
	if amount == 0 {
		return nil
	}
	l := invoiceLine{
		price: it.price, item: it.id, quantity: it.quantity, amount: sign * amount, start: at, end: it.end, proration: true,
		invoiceItem: newID("ii_1", 23), created: s.nowUnix(),
	}
	what := "Remaining"
	if sign < 0 {
		what = "Unused"
		l.credits, l.creditsInvoice = s.debited(it)
	}
	l.description = fmt.Sprintf("%s time on %s", what, s.products.get(p.product).name)
	return []invoiceLine{l}
}

// debited are the lines that charged an item for what is left of its period, and
// their invoice: what a credit is for.
func (s *Sandbox) debited(it subscriptionItem) (lines []string, invoice string) {
	for _, in := range s.invoices.newestFirst() {
		for _, l := range in.lines {
			if l.item == it.id && l.price == it.price && l.amount > 0 && l.end == it.end && in.status != "void" {
				lines = append(lines, l.id)
			}
		}
		if len(lines) > 0 {
			return lines, in.id
		}
	}
	return nil, ""
}

// refusesChange says why what the change costs now would not be paid, or nil.
func (s *Sandbox) refusesChange(sub *subscription, ch itemChange, a attempt) *apiError {
	if ch.invoiced == nil || sub.daysUntilDue > 0 || sub.pauseBehavior != "" || s.owed(sub, ch.invoiced) == 0 {
		return nil
	}
	return s.refusesPayment(sub, a)
}

// applyChange makes the change real and returns the draft that bills it now, or nil.
func (s *Sandbox) applyChange(sub *subscription, ch itemChange) *invoice {
	sub.items, sub.anchor, sub.pending = ch.items, ch.anchor, ch.pending
	if ch.invoiced == nil {
		return nil
	}
	return s.updateInvoice(sub, ch.invoiced)
}

// collectChange collects what a change costs, or leaves its first payment to the
// buyer.
func (s *Sandbox) collectChange(sub *subscription, in *invoice, payment string, a attempt) {
	if payment != "default_incomplete" || in.due() == 0 || in.toBeSent() || sub.pauseBehavior != "" || sub.status != "active" {
		s.collect(sub, in, a)
		return
	}
	s.finalize(in, "Subscription update", []string{"card"})
	s.setStatus(sub, "past_due")
}

func (s *Sandbox) updateInvoice(sub *subscription, lines []invoiceLine) *invoice {
	in := s.changeInvoice(sub, lines)
	s.addInvoice(in)
	s.usedUp(sub, in, in.created)
	sub.latestInvoice = in.id
	return in
}

// changeInvoice bills a change now.
func (s *Sandbox) changeInvoice(sub *subscription, lines []invoiceLine) *invoice {
	in := &invoice{
		customer: sub.customer, subscription: sub.id, currency: sub.currency, billingReason: "subscription_update",
		lines: lines, subscriptionMetadata: sub.metadata, periodStart: s.nowUnix(), periodEnd: s.nowUnix(),
		autoAdvance: true, daysUntilDue: sub.daysUntilDue,
	}
	s.reduce(in, sub.discountAt(in.periodStart))
	return in
}

func (s *Sandbox) owed(sub *subscription, lines []invoiceLine) int64 {
	in := s.changeInvoice(sub, slices.Clone(lines))
	if cu := s.customers.get(sub.customer); cu != nil {
		in.startingBalance = cu.balance
	}
	return in.due()
}

// refusesPayment says why the buyer's card would not pay, or nil.
func (s *Sandbox) refusesPayment(sub *subscription, a attempt) *apiError {
	pm := s.methodOf(sub)
	switch {
	case pm == nil:
		return noMethod()
	case a.asks(pm):
		return s.needsAction("subscription", "the subscription", nil)
	}
	return pm.refusal()
}
