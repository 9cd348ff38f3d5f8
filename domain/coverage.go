package domain

import (
	"cmp"
	"slices"
	"time"
)

// This file says what of a subscription is paid for: its coverage. A line that was
// paid covers its item from its start to its end; a credit that was settled takes back
// what it is for; lines add up, so that a seat more is a seat more, whatever the rest
// of the invoice says. What went back, or was paid with credit for what went back,
// covers nothing.

// coverage is what lines say of one item of a subscription.
type coverage struct {
	paid    []settledLine // of settled invoices, and kept
	taken   []takenLine   // of settled invoices, and gone back
	open    []*Bill       // invoices about the item that are owed
	changed bool          // an invoice that is not paid takes back what the item was
	gone    bool          // the subscription no longer has the item
	times   int           // how many invoices paid for a period of it
	lasted  time.Duration // how long it is paid for, together
}

// takenLine is time that was paid for once, and the row that says why it no longer is.
type takenLine struct {
	interval
	rule Rule
}

// settledLine is a line of an invoice that was paid, and what became of its money.
type settledLine struct {
	bill    int // its place among the purchase's bills
	line    *Line
	units   int64 // as many of its quantity as count
	revoked *Rule // the row that says why it does not count; nil: it does
}

// settledLines decides of each line of each paid invoice whether it counts.
func (p Purchase) settledLines(policyOf func(Line) Policy) []settledLine {
	last := -1
	for n, bill := range p.Bills {
		if bill.Invoice.settled() {
			last = n
		}
	}
	all := make([]settledLine, 0, len(p.Bills))
	var unpaid []settledLine
	revoked := false
	for n, bill := range p.Bills {
		if !bill.Invoice.settled() {
			unpaid = append(unpaid, bill.unpaidLines(n)...)
			continue
		}
		back := bill.moneyBack()
		for l := range bill.Invoice.Lines {
			line := &bill.Invoice.Lines[l]
			if p.Subscription.tries(*line) {
				continue // it was not paid for
			}
			s := settledLine{bill: n, line: line, units: line.Quantity}
			if back.waives(*line) {
				s.revoked = &neverPaid
				unpaid = append(unpaid, s)
				continue
			}
			if !back.nothing() && line.Kind != LineCredit {
				recency := EarlierInvoice
				if n == last {
					recency = LatestInvoice
				}
				effect, rule := decideMoney(backObservations{
					policy: policyOf(*line), share: back.shareOf(*line), after: back.lastAt.Sub(back.paidAt),
					recency: recency, disputed: back.disputed,
				})
				if effect == EffectRevoke {
					s.revoked, revoked = &rule, true
				}
			}
			all = append(all, s)
		}
		if revoked {
			revokeCredits(all, n)
		}
	}
	if revoked || len(unpaid) > 0 {
		p.revokeBoughtOnCredit(all, unpaid)
	}
	for n, line := range all {
		if line.line.Kind == LineCredit && line.revoked == nil {
			all[n].units = takenBack(all, line)
		}
	}
	return all
}

// revokeCredits lets the credits of a bill count as long as anything does that it bills:
// a change whose money went back takes nothing away.
func revokeCredits(lines []settledLine, bill int) {
	var rule *Rule
	for _, l := range lines {
		if l.bill != bill || l.line.Kind == LineCredit {
			continue
		}
		if l.revoked == nil {
			return
		}
		rule = l.revoked
	}
	for i := range lines {
		if lines[i].bill == bill {
			lines[i].revoked = rule
		}
	}
}

// unpaidLines are the lines of an invoice that was not paid.
func (b *Bill) unpaidLines(bill int) []settledLine {
	all := make([]settledLine, 0, len(b.Invoice.Lines))
	for l := range b.Invoice.Lines {
		all = append(all, settledLine{bill: bill, line: &b.Invoice.Lines[l], revoked: &neverPaid})
	}
	return all
}

var neverPaid = Rule{TableMoney, "paid with credit for what was never paid", string(EffectRevoke)}

// revokeBoughtOnCredit revokes what was paid for the most part with credit for lines that
// were revoked, or never paid: the month after a charged back year costs nothing if the
// year's rest pays for it, and nobody paid that. Such an invoice counts for nothing: what
// it took away was not paid back either. Where a bill takes a price of an item back and
// bills it anew, the lines themselves add up to less; but what is left of the credit is
// spent later.
func (p Purchase) revokeBoughtOnCredit(lines, unpaid []settledLine) {
	var pool int64     // of the customer's balance, what is credit for what was not paid for
	var poolRule *Rule // and why it was not
	for n, bill := range p.Bills {
		billed := linesOf(lines, n)
		var credit, bad int64     // what this bill gives back, and what of it was revoked
		var spent, spentBad int64 // what other lines of the bill were settled with
		var badRule, rule *Rule
		had, has := max(-bill.Invoice.StartingBalance, 0), max(-bill.Invoice.EndingBalance, 0)
		if had > has {
			spent, spentBad = had-has, part(had-has, pool, had)
			pool -= spentBad
			if spentBad > 0 {
				rule = poolRule
			}
		}
		for l, line := range billed {
			if line.line.Kind != LineCredit {
				continue
			}
			var revoked int64
			billed[l].units = takenBack(lines, line)
			why := graver(revokedOrigin(lines, line), revokedOrigin(unpaid, line))
			if why != nil {
				revoked = unpaidPart(lines, line)
			}
			if revoked == 0 {
				why = nil
			}
			credit, bad, badRule = saturatingAdd(credit, -line.line.Amount), saturatingAdd(bad, revoked), graver(badRule, why)
			if !netsOut(billed, line) {
				spent = saturatingAdd(spent, bill.Invoice.worth(-line.line.Amount))
				spentBad = saturatingAdd(spentBad, bill.Invoice.worth(revoked))
				rule = graver(rule, why)
			}
		}
		if has > had {
			pool = saturatingAdd(pool, part(has-had, bad, credit))
			poolRule = graver(poolRule, badRule)
		}
		good := saturatingAdd(bill.Invoice.AmountPaid, spent-spentBad)
		buys := slices.ContainsFunc(billed, func(l settledLine) bool { return l.line.Kind != LineCredit })
		if spentBad <= good || !buys {
			continue
		}
		for l := range billed {
			if billed[l].revoked == nil {
				billed[l].revoked = rule
			}
		}
	}
}

// graver is the one of two rows that weighs more, if any: money that went back does more
// than money that never came.
func graver(rule, other *Rule) *Rule {
	if rule == nil || rule == &neverPaid && other != nil {
		return other
	}
	return rule
}

// linesOf are those of one bill: the lines of each are together, bill by bill.
func linesOf(lines []settledLine, bill int) []settledLine {
	by := func(l settledLine, bill int) int { return cmp.Compare(l.bill, bill) }
	first, _ := slices.BinarySearchFunc(lines, bill, by)
	end, _ := slices.BinarySearchFunc(lines, bill+1, by)
	return lines[first:end]
}

// worth is what is left of an amount of a line after discounts: of nothing to pay, nothing.
func (i Invoice) worth(amount int64) int64 {
	var sum int64
	for _, line := range i.Lines {
		sum = saturatingAdd(sum, line.Amount)
	}
	if sum <= i.Total || i.Total < 0 {
		return amount
	}
	return part(amount, i.Total, sum)
}

// part is as much of an amount as some is of a whole.
func part(amount, some, whole int64) int64 {
	if some <= 0 || whole <= 0 {
		return 0
	}
	return int64(float64(amount) * min(1, float64(some)/float64(whole)))
}

// netsOut tells whether the invoice of a credit bills the same price of the same item
// too, as one that changes a quantity does.
func netsOut(invoice []settledLine, credit settledLine) bool {
	return slices.ContainsFunc(invoice, func(l settledLine) bool {
		return l.line.Kind != LineCredit && l.line.Item == credit.line.Item && l.line.Price == credit.line.Price
	})
}

// revokedOrigin says why what a credit is for was revoked; nil: it was not.
func revokedOrigin(lines []settledLine, taken settledLine) *Rule {
	credit := taken.line
	var rule *Rule
	for _, l := range lines {
		overlaps := l.line.From.Before(credit.Until) && credit.From.Before(l.line.Until)
		same := (l.line.Item == credit.Item || l.line.Item == "" || credit.Item == "") &&
			(l.line.Price == credit.Price || l.line.Price == "" || credit.Price == "")
		if l.bill < taken.bill && l.revoked != nil && l.line.Kind != LineCredit && same && overlaps {
			rule = graver(rule, l.revoked)
		}
	}
	return rule
}

// takenBack is how many units a credit takes back: nothing that is not there. But where
// its invoice bills units anew, what was never paid for goes first, and what is billed
// beyond that was paid.
func takenBack(lines []settledLine, credit settledLine) int64 {
	var anew int64
	for _, l := range linesOf(lines, credit.bill) {
		if l.line.Kind != LineCredit && l.revoked == nil && l.line.Item == credit.line.Item && l.line.Price == credit.line.Price {
			anew = saturatingAdd(anew, l.units)
		}
	}
	return min(credit.line.Quantity, max(paidBefore(lines, credit), anew))
}

// unpaidPart is how much of a credit is for what is not paid for any more: of a credit
// for six seats of which one was charged back, a sixth.
func unpaidPart(lines []settledLine, credit settledLine) int64 {
	quantity := max(credit.line.Quantity, 1)
	return part(-credit.line.Amount, quantity-paidBefore(lines, credit), quantity)
}

// paidBefore is how many units of what a credit is for are paid for without its bill.
func paidBefore(lines []settledLine, credit settledLine) int64 {
	var kept int64
	for _, l := range lines {
		same := l.line.Item == credit.line.Item && l.line.Price == credit.line.Price
		then := !credit.line.From.Before(l.line.From) && credit.line.From.Before(l.line.Until)
		switch {
		case l.bill >= credit.bill || l.revoked != nil || !same || !then:
		case l.line.Kind == LineCredit:
			kept -= l.units
		default:
			kept += l.units
		}
	}
	return max(0, min(kept, max(credit.line.Quantity, 1)))
}

// about tells whether a line is about an item: by the item's id, by its price where no
// item is told, or because nothing is told.
func (l Line) about(item Item) bool {
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
func (l Line) unknown() bool { return l.Item == "" && l.Price == "" }

// coverageOf gathers what is said of an item. Lines that are over only count.
func (p Purchase) coverageOf(item Item, plan Plan, settled []settledLine) coverage {
	c := coverage{gone: !slices.ContainsFunc(p.Subscription.Items, func(i Item) bool { return i.ID == item.ID })}
	horizon := p.horizon().Add(-plan.Leeway) // what is over may have leeway yet
	kept := make([]interval, 0, len(settled))
	counted := -1
	for _, s := range settled {
		if !s.line.about(item) || !s.line.From.Before(s.line.Until) {
			continue
		}
		span := interval{s.line.From, s.line.Until}
		switch {
		case s.revoked == nil:
			if s.line.Until.After(horizon) {
				c.paid = append(c.paid, s)
			}
			if s.line.Kind != LineCredit && p.Bills[s.bill].Invoice.Total > 0 {
				kept = append(kept, span)
				if s.line.Kind == LineCycle && counted != s.bill {
					c.times, counted = c.times+1, s.bill
				}
			}
		case s.line.Kind != LineCredit && s.revoked != &neverPaid: // no money went back of what was not paid: the status may vouch for it
			c.taken = append(c.taken, takenLine{span, *s.revoked})
		}
	}
	c.lasted = lengthOf(kept)
	for _, bill := range p.owed() {
		about := func(l Line) bool { return l.about(item) }
		// Of which lines there are more, it may be about anything.
		if !bill.Invoice.Complete || slices.ContainsFunc(bill.Invoice.Lines, about) {
			c.open = append(c.open, bill)
		}
	}
	c.changed = p.changesUnpaid(item, horizon)
	return c
}

// changesUnpaid tells whether an invoice that is not paid takes back what an item was.
func (p Purchase) changesUnpaid(item Item, horizon time.Time) bool {
	for _, bill := range p.unpaid() {
		if slices.ContainsFunc(bill.Invoice.Lines, func(l Line) bool {
			return l.Kind == LineCredit && l.about(item) && l.Until.After(horizon)
		}) {
			return true
		}
	}
	return false
}

// tries tells whether a line is for a trial: Stripe bills nothing for its time, and if the
// trial ends early that time is not paid for.
func (s Subscription) tries(line Line) bool {
	trial := line.From.Before(s.TrialEnd) || s.Status == StatusTrialing
	return trial && line.Kind == LineCycle && line.Amount == 0
}

// unpaid are the invoices that are open or were given up: what they took back, nobody
// got anything for.
func (p Purchase) unpaid() []*Bill {
	var all []*Bill
	for _, bill := range p.Bills {
		if bill.Invoice.Status == InvoiceOpen || bill.Invoice.Status == InvoiceUncollectible {
			all = append(all, bill)
		}
	}
	return all
}

// owed are the invoices that are open; if there are none, and the status says that
// something is owed, those that were given up.
func (p Purchase) owed() []*Bill {
	var open, given []*Bill
	for _, bill := range p.Bills {
		if bill.Invoice.Status == InvoiceOpen {
			open = append(open, bill)
		}
		if bill.Invoice.Status == InvoiceUncollectible {
			given = append(given, bill)
		}
	}
	if len(open) > 0 || !p.saysOwed() {
		return open
	}
	return given
}

// held is so many units of a price, for a time.
type held struct {
	interval
	price    PriceID
	quantity int64
}

// spans adds the paid lines of an item up: which price, how many, from when until when.
// Where a line does not say what it is for, it is for the item as it is; unless a change
// of the item is still owed, as then nobody can tell.
func (c coverage) spans(item Item) []held {
	type edge struct {
		at    time.Time
		price PriceID
		by    int64
	}
	edges := make([]edge, 0, 2*len(c.paid))
	for _, settled := range c.paid {
		line := settled.line
		price, quantity := cmp.Or(line.Price, item.Price), settled.units
		switch {
		case line.unknown() && c.changed:
			continue
		case line.unknown():
			quantity = max(item.Quantity, 1)
		}
		if line.Kind == LineCredit {
			quantity = -quantity
		} else if line.Kind == LineChange && line.Amount == 0 {
			continue // the other half of a change that costs nothing: it may be the credit
		}
		edges = append(edges, edge{line.From, price, quantity}, edge{line.Until, price, -quantity})
	}
	slices.SortFunc(edges, func(a, b edge) int {
		return cmp.Or(cmp.Compare(a.price, b.price), a.at.Compare(b.at))
	})
	var all []held
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
			quantity := c.atMost(item, price, sum)
			last := len(all) - 1
			switch next := edges[n].at; {
			case quantity <= 0:
			case last >= 0 && all[last].price == price && all[last].quantity == quantity && all[last].until.Equal(at):
				all[last].until = next
			default:
				all = append(all, held{interval{at, next}, price, quantity})
			}
		}
	}
	return all
}

// atMost bounds what is paid for by what the item is now: who gives a seat back has it
// no longer. What an invoice that is still owed took back was not given back.
func (c coverage) atMost(item Item, price PriceID, quantity int64) int64 {
	if !c.changed && !c.gone && price == item.Price {
		return min(quantity, item.Quantity)
	}
	return quantity
}
