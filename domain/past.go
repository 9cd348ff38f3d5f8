package domain

import (
	"cmp"
	"slices"
	"time"
)

// This file is about what leaves the working set: of a subscription that has been paid for
// hundreds of times, invoices that ended long ago say together what each of them said.
// Whoever keeps facts keeps those apart, and finds the sum of them instead.

// Past is the sum of invoices that ended long ago, and that are not among the facts of the
// account for that reason.
type Past struct {
	SeenAt   time.Time  // when the last of them was last told of
	Until    time.Time  // when the last of their lines ended
	Credited time.Time  // until when the last of their credits was; zero: there is none
	Items    []PastItem // sorted by id
}

// PastItem is what was paid for an item of a subscription.
type PastItem struct {
	ID      string
	Times   int       // how many invoices paid for a period of it, or the rest of one
	Through time.Time // the end of its last period that was billed
	Paid    []Span    // sorted; none touches the next
	Billed  []Span    // likewise, whether there was anything to pay or not
}

// Span is a stretch of time; Until is exclusive.
type Span struct{ From, Until time.Time }

// none tells that there is no past.
func (p *Past) none() bool { return p.Until.IsZero() }

// Closing says which invoices stay in the working set, whatever they are.
type Closing struct {
	Latest int           // so many that were paid last, and the last of those that asked for money
	For    time.Duration // those that ended within so long, besides the longest leeway
	Least  int           // as long as there are not so many others
	Most   int           // those beyond so many others, until the next time; 0: none
}

// UsualClosing keeps a year of months, and what is likely to be refunded yet; and is not
// worth the writing for each single invoice.
var UsualClosing = Closing{Latest: 12, For: 14 * day, Least: 8, Most: 1000}

// LongEnded returns the invoices that need not be looked at any more when something is
// told of the account, and what is then left of each subscription's past. Of what has been
// found whole these are all of them, those that were kept apart before too; else those that
// came since.
//
// Such an invoice was paid, nothing of it went back, no line or credit of any other reaches
// into the time that it is for, and a snapshot has since said what came of it. What becomes
// known of it later is told of the whole account.
func (a Account) LongEnded(c Catalog, closing Closing, apart map[InvoiceID]bool) ([]InvoiceID, map[SubscriptionID]Past) {
	if len(a.Invoices) < closing.Latest+closing.Least {
		return nil, a.Past
	}
	ago := closing.For
	for _, plan := range c.Plans {
		ago = max(ago, closing.For+plan.Leeway)
	}
	var all []InvoiceID
	past := cloneMap(a.Past)
	left := cmp.Or(closing.Most, len(a.Invoices))
	shared := a.sharedMoney()
	d := derive(a, Catalog{})
	defer d.free()
	for n := range d.purchases {
		p := &d.purchases[n]
		groups := p.longEnded(p.horizon().Add(-ago), closing.Latest, shared)
		var ended []*Bill
		ended, left = firstOf(groups, left, apart)
		if len(ended) == 0 || len(ended) < closing.Least {
			continue
		}
		for _, bill := range ended {
			all = append(all, bill.Invoice.ID)
		}
		past[p.Subscription.ID] = p.Past.with(ended)
	}
	return all, past
}

// firstOf are the first bills: those that are apart, and so many others. It returns how many
// others are left.
func firstOf(groups [][]*Bill, left int, apart map[InvoiceID]bool) ([]*Bill, int) {
	var first []*Bill
	for _, group := range groups {
		others := 0
		for _, bill := range group {
			if !apart[bill.Invoice.ID] {
				others++
			}
		}
		if others == 0 || left > 0 {
			first = append(first, group...)
			left -= others
		}
	}
	return first, left
}

// longEnded are bills that ended by a time; those together that only together stand for
// themselves. So many that were paid last are not among them, nor is the last that asked for money.
func (p *Purchase) longEnded(by time.Time, latest int, shared map[InvoiceID]bool) [][]*Bill {
	if p.Source.Kind != SourceSubscription {
		return nil
	}
	last := len(p.Bills)
	for kept := 0; last > 0 && kept < latest; last-- {
		if p.Bills[last-1].Invoice.settled() {
			kept++
		}
	}
	asked := p.lastAsked()
	// first[n] is when the first credit of the bills from n on begins: nothing else asks what
	// others are for.
	first := make([]time.Time, len(p.Bills)+1)
	first[len(p.Bills)] = never
	// made[n] is when the first of them was made: of one that was made sooner and finalized
	// later a credit takes something back, too, see [settledLines.beyond].
	made := make([]time.Time, len(p.Bills)+1)
	for n := len(p.Bills) - 1; n >= 0; n-- {
		first[n], made[n] = first[n+1], earlier(made[n+1], p.Bills[n].Invoice.CreatedAt)
		for l := range p.Bills[n].Invoice.Lines {
			if line := &p.Bills[n].Invoice.Lines[l]; line.Kind == LineCredit {
				first[n] = earliest(first[n], line.From)
			}
		}
	}
	var ended [][]*Bill
	var between []*Bill
	end, apart := p.Past.Until, !first[0].Before(p.Past.Until)
	for n, bill := range p.Bills[:last] {
		// A payment that no snapshot followed is news yet, see [Purchase.paidUnheard].
		heard := bill.Invoice.SeenAt.Before(p.Subscription.SeenAt)
		apart = apart && heard && n != asked && bill.standsForItself(by) && !shared[bill.Invoice.ID]
		between = append(between, bill)
		for l := range bill.Invoice.Lines {
			end = later(end, bill.Invoice.Lines[l].Until)
		}
		if first[n+1].Before(end) || before(made[n+1], bill.Invoice.CreatedAt) {
			continue // the next one reaches into their time
		}
		if apart {
			ended = append(ended, between)
		}
		between, apart = nil, true
	}
	return ended
}

// lastAsked is the place of the last bill that asked for money and of which none went back:
// [ledger.latest] is that one, or a later one of which some did; -1: there is none.
func (p *Purchase) lastAsked() int {
	for n := len(p.Bills) - 1; n >= 0; n-- {
		bill := p.Bills[n]
		back := bill.moneyBack()
		if bill.Invoice.settled() && bill.Invoice.Total > 0 && back.nothing() && back.smaller == 0 {
			return n
		}
	}
	return -1
}

// standsForItself tells whether all of an invoice ended by a time, and no money or
// credit goes on from it.
func (b *Bill) standsForItself(by time.Time) bool {
	i := &b.Invoice
	if !i.settled() || !i.Complete || len(i.Lines) == 0 || i.StartingBalance != 0 || i.EndingBalance != 0 ||
		len(b.Charges)+len(b.Refunds)+len(b.Disputes)+len(b.CreditNotes) > 0 {
		return false
	}
	return !i.has(func(l *Line) bool {
		told := l.Kind == LineOneOff || l.Item != ""
		lasts := l.From.Before(l.Until) || l.Kind == LineOneOff && l.From.Equal(l.Until)
		return !told || l.From.IsZero() || !lasts || !l.Until.Before(by)
	})
}

// sharedMoney are invoices of which a payment is said to be for something else, too: what
// is told of it later may be about either.
func (a *Account) sharedMoney() map[InvoiceID]bool {
	shared, pays := map[InvoiceID]bool{}, make(map[PaymentIntentID]InvoiceID, len(a.InvoicePayments))
	link := func(intent PaymentIntentID, invoice InvoiceID) {
		if intent == "" || invoice == "" {
			return
		}
		if _, once := a.Payments[intent]; once {
			shared[invoice] = true
		}
		if other, told := pays[intent]; told && other != invoice {
			shared[other], shared[invoice] = true, true
			return
		}
		pays[intent] = invoice
	}
	for intent, invoice := range a.InvoicePayments {
		link(intent, invoice)
	}
	for _, c := range a.Charges {
		link(c.PaymentIntent, c.Invoice)
	}
	return shared
}

// with is the sum with more bills.
func (p Past) with(bills []*Bill) Past {
	p = p.cloned()
	for _, bill := range bills {
		i := &bill.Invoice
		p.SeenAt = later(p.SeenAt, i.SeenAt)
		for n := range i.Lines {
			line := &i.Lines[n]
			p.Until = later(p.Until, line.Until)
			if line.Kind == LineCredit {
				p.Credited = later(p.Credited, line.Until)
			}
			if line.Kind == LineOneOff || !line.From.Before(line.Until) {
				continue
			}
			item, span := p.item(line.Item), Span{line.From, line.Until}
			item.Billed = append(item.Billed, span)
			if line.Kind != LineCredit && i.Total > 0 && !i.givesFree(line) {
				item.Paid = append(item.Paid, span)
			}
			if line.Kind == LineCycle {
				item.Through = later(item.Through, line.Until)
			}
		}
		for n := range p.Items {
			if i.Total > 0 && i.has(func(l *Line) bool { return l.paysFor(p.Items[n].ID) && !i.givesFree(l) }) {
				p.Items[n].Times++
			}
		}
	}
	for n := range p.Items {
		p.Items[n].Paid, p.Items[n].Billed = joined(p.Items[n].Paid), joined(p.Items[n].Billed)
	}
	return p
}

// paysFor tells whether a line pays for a period of an item, or the rest of one.
func (l *Line) paysFor(item string) bool {
	return l.Item == item && (l.Kind == LineCycle || l.Kind == LineChange && l.Amount > 0) && l.From.Before(l.Until)
}

// item is an item's place in the sum.
func (p *Past) item(id string) *PastItem {
	n, found := slices.BinarySearchFunc(p.Items, id, func(i PastItem, id string) int { return cmp.Compare(i.ID, id) })
	if !found {
		p.Items = slices.Insert(p.Items, n, PastItem{ID: id})
	}
	return &p.Items[n]
}

// of is what was paid for an item.
func (p *Past) of(item string) (PastItem, bool) {
	n, found := slices.BinarySearchFunc(p.Items, item, func(i PastItem, id string) int { return cmp.Compare(i.ID, id) })
	if !found {
		return PastItem{}, false
	}
	return p.Items[n], true
}

// joined are spans sorted, those that touch each other as one.
func joined(all []Span) []Span {
	slices.SortFunc(all, func(a, b Span) int { return cmp.Or(a.From.Compare(b.From), a.Until.Compare(b.Until)) })
	spans := all[:0]
	for _, s := range all {
		if n := len(spans); n > 0 && !spans[n-1].Until.Before(s.From) {
			spans[n-1].Until = later(spans[n-1].Until, s.Until)
			continue
		}
		spans = append(spans, s)
	}
	return spans
}

// Reopens tells whether a fact that has been joined reaches into the past of which only
// the sum is known here: with a credit, or to where there is one. (Other lines do not
// depend on each other.)
func (a Account) Reopens(f Fact) bool {
	told, is := f.(InvoiceFact)
	if !is {
		return false
	}
	invoice := a.Invoices[told.Invoice.ID]
	past, summed := a.Past[invoice.Subscription]
	return summed && !past.none() && invoice.has(func(l *Line) bool {
		return l.From.Before(past.Credited) || l.Kind == LineCredit && l.From.Before(past.Until)
	})
}

// cloned shares nothing that can change.
func (p Past) cloned() Past {
	p.Items = slices.Clone(p.Items)
	for n := range p.Items {
		p.Items[n].Paid, p.Items[n].Billed = slices.Clone(p.Items[n].Paid), slices.Clone(p.Items[n].Billed)
	}
	return p
}

// NamesOfInvoices are the names of some invoices and of what pays nothing but them.
func (a Account) NamesOfInvoices(invoices []InvoiceID) map[Ref]bool {
	names := make(map[Ref]bool, 3*len(invoices))
	if len(invoices) == 0 {
		return names
	}
	for _, id := range invoices {
		names[Ref{RefInvoice, string(id)}] = true
	}
	for intent, invoice := range a.InvoicePayments {
		if names[Ref{RefInvoice, string(invoice)}] {
			names[Ref{RefPaymentIntent, string(intent)}] = true
		}
	}
	for id, c := range a.Charges {
		if names[Ref{RefInvoice, string(c.Invoice)}] {
			names[Ref{RefCharge, string(id)}] = true
			if c.PaymentIntent != "" {
				names[Ref{RefPaymentIntent, string(c.PaymentIntent)}] = true
			}
		}
	}
	for id, c := range a.Charges { // once all intents are known
		if c.Invoice == "" && names[Ref{RefPaymentIntent, string(c.PaymentIntent)}] {
			names[Ref{RefCharge, string(id)}] = true
		}
	}
	return names
}
