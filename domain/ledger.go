package domain

import (
	"cmp"
	"slices"
	"time"
)

// ledger is a subscription with what is looked at for each of its items: which lines
// count, which invoices are owed, and what prices mean.
type ledger struct {
	*Purchase
	lines   settledLines
	owed    []*Bill
	horizon time.Time
	plans   *planFinder
}

// ledger makes the books of a subscription, with room for its lines.
func (p *Purchase) ledger(plans *planFinder, room settledLines) ledger {
	l := ledger{Purchase: p, owed: p.owed(), horizon: p.horizon(), plans: plans}
	l.lines = l.settledLines(room)
	return l
}

// policyOf is the policy of the plan that a line is about: the price says which; or the
// item does.
func (l *ledger) policyOf(line *Line) Policy {
	for n := range l.Subscription.Items {
		item := &l.Subscription.Items[n]
		if line.Price == item.Price || line.Price == "" && line.about(item) {
			if plan, mapped := l.plans.planOf(item.Price, item.LookupKey); mapped {
				return plan.policy()
			}
		}
	}
	plan, _ := l.plans.planOf(line.Price, "")
	return plan.policy()
}

// horizon is the newest time that anything was told: what was over then is history.
func (p *Purchase) horizon() time.Time {
	newest := later(p.Subscription.SeenAt, p.Past.SeenAt)
	for _, bill := range p.Bills {
		newest = later(newest, bill.Invoice.SeenAt)
	}
	return newest
}

// items are those of the subscription, and those that it no longer has because of a
// change that is not paid, or whose money went back: what such a change took away was
// not given back. What was settled with credit for what was never paid took things away
// all the same: no money went back, and the status says what there is instead.
func (l *ledger) items() []Item {
	items := l.Subscription.Items
	for _, bill := range l.Bills {
		if bill.unpaid() {
			for n := range bill.Invoice.Lines {
				items = l.withTakenAway(items, bill, &bill.Invoice.Lines[n])
			}
		}
	}
	for n := range l.lines {
		s := &l.lines[n]
		bill := l.lines.of(s.bill)
		if s.wentBack() || s.invoice.takesFree(s.line) && bill.wentBack() {
			items = l.withTakenAway(items, l.Bills[s.bill], s.line)
		}
	}
	return items
}

// wentBack tells whether money that was paid for it went back.
func (s *settledLine) wentBack() bool { return s.revoked != nil && s.revoked != &neverPaid }

// wentBack tells whether the money for all that a bill asks money for went back, but for fees
// that are kept.
func (bill settledLines) wentBack() bool {
	back := false
	for n := range bill {
		switch s := &bill[n]; {
		case s.wentBack():
			back = true
		case s.line.Amount > 0 && s.line.Kind != LineOneOff:
			return false
		}
	}
	return back
}

// freeHalf tells whether a line is half of a change that costs nothing: Stripe does not say
// which half, what is taken back or what there is instead.
func (l *Line) freeHalf() bool { return l.Kind == LineChange && l.Amount == 0 }

// takesFree tells whether a line may take back an item that had cost nothing. Units of a
// price in tiers that are over nothing go with those that are not.
func (i *Invoice) takesFree(line *Line) bool { return line.freeHalf() && !i.costs(line) }

// withTakenAway adds the item that a credit takes away, if that was paid for; or another
// line, if that was there before.
func (l *ledger) withTakenAway(items []Item, bill *Bill, credit *Line) []Item {
	told := slices.ContainsFunc(items, func(i Item) bool { return i.ID == credit.Item })
	free := bill.Invoice.takesFree(credit)
	if !free && credit.Kind != LineCredit || credit.Item == "" || told || !bill.takesAway(credit) {
		return items
	}
	if plan, _ := l.plans.planOf(credit.Price, ""); !credit.Until.Add(plan.Leeway).After(l.horizon) {
		return items
	}
	paid := slices.ContainsFunc(l.lines, func(s settledLine) bool {
		return s.line.Item == credit.Item && s.line.Kind != LineCredit && (!free || s.line.From.Before(credit.From))
	})
	if _, before := l.Past.of(credit.Item); !paid && !before {
		return items
	}
	// None of it is left as it is, for as long as it was taken away.
	return append(slices.Clone(items), Item{ID: credit.Item, Price: credit.Price, Product: credit.Product, PeriodEnd: credit.Until})
}

// takesAway tells whether an invoice takes the item of one of its lines back more often than it
// bills it from then on: what only changes the number of its units, or its price, does not, and
// has two lines if they cost nothing.
func (b *Bill) takesAway(credit *Line) bool {
	var left, halves int
	for n := range b.Invoice.Lines {
		switch line := &b.Invoice.Lines[n]; {
		case line.Item != credit.Item || !line.From.Equal(credit.From):
		case b.Invoice.takesFree(line):
			halves++
		case line.Kind == LineCredit:
			left--
		default:
			left++
		}
	}
	return left < halves%2
}

// graceInstead is the grace of what an item was changed for: as long as that is given on
// credit, the item that is gone is not.
func (l *ledger) graceInstead(covered *coverage, own time.Duration) time.Duration {
	var longest time.Duration
	for _, item := range l.Subscription.Items {
		billed := slices.ContainsFunc(covered.open, func(b *Bill) bool {
			return b.Invoice.has(func(l *Line) bool { return l.Kind != LineCredit && l.Item == item.ID })
		})
		if plan, mapped := l.plans.planOf(item.Price, item.LookupKey); billed && mapped {
			longest = max(longest, plan.Grace)
		}
	}
	return cmp.Or(longest, own)
}
