package domain

import (
	"math"
	"math/bits"
	"slices"
)

// This file is about credit: what a change gives back is spent on what it bills, or
// later. A credit takes back what it is for, and buys as much as was paid for that.

// settleCredits decides of credits whether they count, and how much they take back; and
// what was bought with them.
func (p *Purchase) settleCredits(paid, unpaid settledLines, revoked bool) {
	paid.markMade()
	unpaid.markMade()
	if revoked {
		for n := range p.Bills {
			paid.of(n).revokeCredits(p.Bills[n])
		}
	}
	if revoked || len(unpaid) > 0 {
		p.revokeBoughtOnCredit(paid, unpaid)
	}
	for n := range paid {
		if paid[n].line.Kind == LineCredit && paid[n].revoked == nil {
			paid[n].units = paid.takenBack(&paid[n])
		}
	}
}

// revokeCredits lets a credit of a bill count as long as anything does that is billed
// instead: a change whose money went back takes nothing away; unless a later one of the bill
// counts that takes away what there was instead.
func (bill settledLines) revokeCredits(of *Bill) {
	back := of.moneyBack()
	for _, n := range bill.creditsLatestFirst() {
		credit := bill[n].line
		if bill.replacedSince(of, credit) {
			continue
		}
		if instead := bill.insteadOf(of, credit); !back.beyond(of, instead) {
			bill[n].revoked = bill.revokedInstead(instead, bill[n].whole)
		}
	}
}

// creditsLatestFirst are the places of a bill's credits.
func (bill settledLines) creditsLatestFirst() []int {
	var credits []int
	for n := range bill {
		if bill[n].line.Kind == LineCredit {
			credits = append(credits, n)
		}
	}
	slices.SortStableFunc(credits, func(a, b int) int { return bill[b].line.From.Compare(bill[a].line.From) })
	return credits
}

// replacedSince tells whether what there was instead of what a credit takes back was taken back
// itself since, by a credit of the bill that counts, and none of it billed anew.
func (bill settledLines) replacedSince(of *Bill, credit *Line) bool {
	item := of.becomes(credit)
	return item != "" && slices.ContainsFunc(bill, func(later settledLine) bool {
		return later.line.Kind == LineCredit && later.revoked == nil && later.line.Item == item && later.line.From.After(credit.From) &&
			!later.invoice.has(func(l *Line) bool {
				return l.Kind != LineCredit && l.sameThing(later.line) && l.From.Equal(later.line.From)
			})
	})
}

// insteadOf tells which lines of a bill go with one of its credits: those of the same change of
// the item; if it bills none, all.
func (bill settledLines) insteadOf(of *Bill, credit *Line) func(*Line) bool {
	change := of.changeOf(credit)
	if slices.ContainsFunc(bill, func(l settledLine) bool {
		return l.line.Kind != LineCredit && l.invoice.costs(l.line) && change(l.line)
	}) {
		return change
	}
	return func(*Line) bool { return true }
}

// revokedInstead says why nothing counts of what a bill has instead of what a credit takes
// back; nil: something does. If that is fees alone, or was never paid, it goes with the whole bill.
func (bill settledLines) revokedInstead(instead func(*Line) bool, whole *Rule) *Rule {
	rule := whole
	for _, l := range bill {
		switch {
		case l.line.Kind == LineCredit, !l.invoice.costs(l.line), !instead(l.line):
		case l.revoked != nil:
			rule = l.revoked
		case l.line.Kind != LineOneOff: // a fee that is kept is nothing instead
			return nil
		}
	}
	return rule
}

// revokeBoughtOnCredit revokes what was paid for the most part with credit for lines that
// were revoked, or never paid: the month after a charged back year costs nothing if the
// year's rest pays for it, and nobody paid that. Such an invoice counts for nothing: what
// it took away was not paid back either. Where a bill takes a price of an item back and
// bills it anew, the lines themselves add up to less; but what is left of the credit is
// spent later.
func (p *Purchase) revokeBoughtOnCredit(paid, unpaid settledLines) {
	var balance tainted
	for n, bill := range p.Bills {
		billed := paid.of(n)
		given := paid.creditOf(billed, unpaid, &bill.Invoice)
		spent := given.spent
		had, has := max(-bill.Invoice.StartingBalance, 0), max(-bill.Invoice.EndingBalance, 0)
		if had > has {
			spent.add(balance.take(had-has, had))
		}
		if has > had {
			balance.add(tainted{bad: part(has-had, given.all.bad, given.all.sum), rule: given.all.rule})
		}
		good := saturatingAdd(bill.Invoice.AmountPaid, spent.sum-spent.bad)
		if spent.bad <= good || !billed.buys() {
			continue
		}
		for l := range billed {
			if billed[l].revoked == nil && bill.Invoice.costs(billed[l].line) {
				billed[l].revoked = spent.rule
			}
		}
	}
}

// tainted is an amount of credit, how much of it is for what is not paid for, and the
// row that says why. Minor currency units.
type tainted struct {
	sum, bad int64
	rule     *Rule
}

func (t *tainted) add(o tainted) {
	t.sum, t.bad = saturatingAdd(t.sum, o.sum), saturatingAdd(t.bad, o.bad)
	if o.bad > 0 {
		t.rule = graver(t.rule, o.rule)
	}
}

// take takes an amount out of a balance of so much, good and bad alike.
func (t *tainted) take(amount, of int64) tainted {
	taken := tainted{sum: amount, bad: part(amount, t.bad, of), rule: t.rule}
	t.bad -= taken.bad
	return taken
}

// given is the credit that a bill gives: all of it, and what is spent on its other lines.
type given struct {
	all, spent tainted
}

// creditOf adds up the credits of a bill.
func (all settledLines) creditOf(billed, unpaid settledLines, invoice *Invoice) (g given) {
	for n := range billed {
		credit := &billed[n]
		if credit.line.Kind != LineCredit {
			continue
		}
		credit.units = all.takenBack(credit)
		of := tainted{sum: -credit.line.Amount, rule: graver(all.revokedOrigin(credit), unpaid.revokedOrigin(credit))}
		if of.rule != nil {
			of.bad = all.unpaidPart(credit)
		}
		g.all.add(of)
		if !billed.bills(credit.line) {
			of.sum, of.bad = invoice.worth(of.sum), invoice.worth(of.bad)
			g.spent.add(of)
		}
	}
	return g
}

// graver is the one of two rows that weighs more, if any: money that went back does more
// than money that never came.
func graver(rule, other *Rule) *Rule {
	if rule == nil || rule == &neverPaid && other != nil {
		return other
	}
	return rule
}

// worth is what is left of an amount of a line after discounts: of nothing to pay, nothing.
func (i *Invoice) worth(amount int64) int64 {
	var sum int64
	for n := range i.Lines {
		sum = saturatingAdd(sum, i.Lines[n].Amount)
	}
	if sum <= i.Total || i.Total < 0 {
		return amount
	}
	return part(amount, i.Total, sum)
}

// part is as much of an amount as some is of a whole, at most all of it, rounded towards
// nothing. Of 2000 of 5333, where all is 5333, a float may leave 1999.
func part(amount, some, whole int64) int64 {
	switch {
	case some <= 0 || whole <= 0:
		return 0
	case some >= whole:
		return amount
	case amount < 0:
		return -part(-max(amount, -math.MaxInt64), some, whole)
	}
	high, low := bits.Mul64(uint64(amount), uint64(some))
	quotient, _ := bits.Div64(high, low, uint64(whole)) // which is less than the amount
	return int64(quotient)
}

// buys tells whether a bill has anything but credits.
func (bill settledLines) buys() bool {
	return slices.ContainsFunc(bill, func(l settledLine) bool { return l.line.Kind != LineCredit })
}

// bills tells whether a bill has the price and the item of one of its credits too, as one
// that changes a quantity does.
func (bill settledLines) bills(credit *Line) bool {
	return slices.ContainsFunc(bill, func(l settledLine) bool { return l.line.Kind != LineCredit && l.line.sameThing(credit) })
}

// sameThing tells whether two lines are about one price of one item.
func (l *Line) sameThing(other *Line) bool { return l.Item == other.Item && l.Price == other.Price }

// revokedOrigin says why what a credit is for was revoked; nil: it was not.
func (all settledLines) revokedOrigin(taken *settledLine) *Rule {
	credit := taken.line
	var rule *Rule
	for l := range all.beyond(taken) {
		same := (l.line.Item == credit.Item || l.line.Item == "" || credit.Item == "") &&
			(l.line.Price == credit.Price || l.line.Price == "" || credit.Price == "")
		if l.revoked != nil && l.line.Kind != LineCredit && same && l.line.From.Before(credit.Until) {
			rule = graver(rule, l.revoked)
		}
	}
	return rule
}

// takenBack is how many units a credit takes back: nothing that is not there. But where
// its invoice bills units anew, what was never paid for goes first, and what is billed
// beyond that was paid. Of several credits of one invoice each takes back what those before
// it, which are decided, have left.
func (all settledLines) takenBack(credit *settledLine) int64 {
	var anew, taken int64
	earlier := true
	bill := all.of(credit.bill)
	for n := range bill {
		l := &bill[n]
		earlier = earlier && l != credit
		switch {
		case l.revoked != nil || !l.line.sameThing(credit.line):
		case l.line.Kind != LineCredit:
			anew = saturatingAdd(anew, l.units)
		case earlier:
			taken = saturatingAdd(taken, l.units)
		}
	}
	return min(credit.line.Quantity, max(max(all.paidBefore(credit), anew)-taken, 0))
}

// unpaidPart is how much of a credit is for what is not paid for any more: of a credit
// for six seats of which one was charged back, a sixth.
func (all settledLines) unpaidPart(credit *settledLine) int64 {
	quantity := max(credit.line.Quantity, 1)
	return part(-credit.line.Amount, quantity-all.paidBefore(credit), quantity)
}

// paidBefore is how many units of what a credit is for are paid for without its bill.
func (all settledLines) paidBefore(credit *settledLine) int64 {
	var kept int64
	for l := range all.beyond(credit) {
		switch {
		case l.revoked != nil || !l.line.sameThing(credit.line) || credit.line.From.Before(l.line.From):
		case l.line.Kind == LineCredit:
			kept -= l.units
		default:
			kept += l.units
		}
	}
	return max(0, min(kept, max(credit.line.Quantity, 1)))
}
