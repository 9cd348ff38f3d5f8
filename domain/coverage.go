package domain

import (
	"cmp"
	"slices"
	"time"
)

// This file says what of an item of a subscription is paid for: its coverage. A line that
// counts covers its item from its start to its end; a credit takes back what it is for;
// lines add up, so that a seat more is a seat more, whatever the rest of the invoice says.

// coverage is what lines say of one item of a subscription.
type coverage struct {
	lines   settledLines // of the whole subscription
	horizon time.Time    // what is over by then is history
	taken   []takenLine  // what was paid for, and has gone back
	open    []*Bill      // invoices about the item that are owed
	undone  time.Time    // until when an invoice that is not paid takes back what the item was; zero: none does
	gone    bool         // the subscription no longer has the item
	times   int          // how many invoices paid for a period of it, or the rest of one
	lasted  time.Duration
}

// takenLine is time that was paid for once, and the row that says why it no longer is.
type takenLine struct {
	interval
	rule Rule
}

// about tells whether a line is about an item: by the item's id, by its price where no
// item is told, or because nothing is told.
func (l *Line) about(item *Item) bool {
	switch {
	case l.Kind == LineOneOff:
		return false
	case l.Item != "":
		return l.Item == item.ID
	default:
		return l.Price == "" || l.Price == item.Price
	}
}

// unknown tells that a line does not say what it is for.
func (l *Line) unknown() bool { return l.Item == "" && l.Price == "" }

// coverageOf gathers what is said of an item.
func (l *ledger) coverageOf(item *Item, plan *Plan) coverage {
	c := coverage{
		lines: l.lines, horizon: l.horizon.Add(-plan.Leeway), // what is over may have leeway yet
		gone: !slices.ContainsFunc(l.Subscription.Items, func(i Item) bool { return i.ID == item.ID }),
	}
	var buffer [16]interval
	paid, counted := buffer[:0], -1
	for n := range l.lines {
		s := &l.lines[n]
		if s.line.Kind == LineCredit || !s.line.about(item) || !s.line.From.Before(s.line.Until) {
			continue
		}
		span := interval{s.line.From, s.line.Until}
		switch {
		case s.revoked == &neverPaid: // no money went back: the status may vouch for it
		case s.revoked != nil:
			c.taken = append(c.taken, takenLine{span, *s.revoked})
		case s.invoice.givesFree(s.line):
		case s.invoice.Total > 0:
			paid = append(paid, span)
			if (s.line.Kind == LineCycle || s.line.Amount > 0) && counted != s.bill {
				c.times, counted = c.times+1, s.bill
			}
		}
	}
	if before, known := l.Past.of(item.ID); known {
		c.times += before.Times
		for _, span := range before.Paid {
			paid = append(paid, interval{span.From, span.Until})
		}
	}
	c.lasted = lengthOf(paid)
	for _, bill := range l.owedFor(item) {
		// Of which lines there are more, it may be about anything.
		if !bill.Invoice.Complete || bill.Invoice.has(func(l *Line) bool { return l.about(item) && bill.Invoice.costs(l) }) {
			c.open = append(c.open, bill)
		}
	}
	c.undone = l.changeUnpaidUntil(item, c.horizon)
	return c
}

// lastTaken is the last time that was paid for and no longer is.
func (c *coverage) lastTaken() takenLine {
	var last takenLine
	for _, t := range c.taken {
		if t.until.After(last.until) {
			last = t
		}
	}
	return last
}

// changed tells whether an invoice that is not paid takes back what the item was.
func (c *coverage) changed() bool { return !c.undone.IsZero() }

// changeUnpaidUntil is until when an invoice that is not paid takes back what an item was.
func (p *Purchase) changeUnpaidUntil(item *Item, horizon time.Time) time.Time {
	var until time.Time
	for _, bill := range p.Bills {
		if !bill.unpaid() {
			continue
		}
		for n := range bill.Invoice.Lines {
			if l := &bill.Invoice.Lines[n]; l.Kind == LineCredit && l.about(item) && l.Until.After(horizon) {
				until = later(until, l.Until)
			}
		}
	}
	return until
}

// edge is where so many units of a price begin, or end.
type edge struct {
	at    time.Time
	price PriceID
	by    int64
}

// edges are those of the lines of an item that count and are not over. Where a line does
// not say what it is for, it is for the item as it is; unless a change of the item is
// still owed, as then nobody can tell.
func (c *coverage) edges(item *Item, all []edge) []edge {
	for n := range c.lines {
		s := &c.lines[n]
		line, quantity := s.line, s.units
		switch {
		case s.revoked != nil || !line.about(item) || !line.Until.After(c.horizon) || !line.From.Before(line.Until):
			continue
		case line.unknown() && c.changed():
			continue
		case line.freeHalf():
			continue // the other half of a change that costs nothing: it may be the credit
		case line.unknown():
			quantity = max(item.Quantity, 1)
		}
		if line.Kind == LineCredit {
			quantity = -quantity
		}
		price := cmp.Or(line.Price, item.Price)
		all = append(all, edge{line.From, price, quantity}, edge{line.Until, price, -quantity})
	}
	slices.SortFunc(all, func(a, b edge) int {
		return cmp.Or(cmp.Compare(a.price, b.price), a.at.Compare(b.at))
	})
	return all
}

// spans adds the paid lines of an item up: which price, how many, from when until when;
// price by price, each in the order of time, into a list that is empty.
func (c *coverage) spans(item *Item, all []piece) []piece {
	var buffer [16]edge
	edges := c.edges(item, buffer[:0])
	for n := 0; n < len(edges); {
		price, sum := edges[n].price, int64(0)
		for n < len(edges) && edges[n].price == price {
			at := edges[n].at
			for n < len(edges) && edges[n].price == price && edges[n].at.Equal(at) {
				sum = saturatingAdd(sum, edges[n].by)
				n++
			}
			if n == len(edges) || edges[n].price != price {
				break
			}
			quantity := c.atMost(item, price, sum, at)
			last := len(all) - 1
			switch next := edges[n].at; {
			case quantity <= 0:
			case last >= 0 && all[last].price == price && all[last].quantity == quantity && all[last].until.Equal(at):
				all[last].until = next
			default:
				all = append(all, piece{interval{at, next}, price, quantity, GrantsUsual, BasisPaid, Ending{}})
			}
		}
	}
	return all
}

// atMost bounds what is paid for from a time on by what the item is now: who gives a seat
// back has it no longer. What an invoice that is still owed took back, for as long as it did,
// was not given back.
func (c *coverage) atMost(item *Item, price PriceID, quantity int64, from time.Time) int64 {
	if !from.Before(c.undone) && !c.gone && price == item.Price {
		return min(quantity, item.Quantity)
	}
	return quantity
}
