package domain

import (
	"cmp"
	"slices"
	"time"
)

// timeline lays out what an item gives over time: the item as it is, for as long as
// its row says, and what was paid for.
type timeline struct {
	item         *Item
	plan         *Plan
	row          *AccessRule
	observed     *itemObservations
	covered      *coverage
	subscription *Subscription
	room         []piece // for what the item is, and what of it was paid for
}

// piece is so many units of a price, for a stretch of time.
type piece struct {
	interval
	price    PriceID
	quantity int64
	grants   GrantSet
	basis    Basis
	ending   Ending
}

// pieces are sorted by time; those of one time are of different prices. What was paid
// for and is over at the horizon is left out.
func (t *timeline) pieces(horizon time.Time) []piece {
	asIs, paid := t.asIs(), t.paid()
	var all []piece
	switch {
	case t.plan.setOf(t.row.Grants) != GrantsUsual && !t.covered.gone:
		all = withReduced(asIs, paid)
	case len(paid) > 0:
		all = withRest(asIs, paid)
	default:
		all = asIs
	}
	end := t.subscription.ScheduledEnd()
	kept := all[:0]
	for _, p := range all {
		if !end.IsZero() && t.row.Gives != BasisForGood {
			p.until = earliest(p.until, end)
			p.ending = p.ending.byEnd(p.until, end)
		}
		// The item as it is stays when its time is over, so that what follows keeps its place
		// among the stretches: nothing else has changed.
		over := p.basis == BasisPaid && !p.until.After(horizon)
		if !p.empty() && !over && p.quantity > 0 {
			kept = append(kept, p)
		}
	}
	if !slices.ContainsFunc(kept, func(p piece) bool { return p.until.After(horizon) }) {
		return nil // all of it is history
	}
	slices.SortFunc(kept, func(a, b piece) int {
		return cmp.Or(a.from.Compare(b.from), cmp.Compare(a.price, b.price))
	})
	return kept
}

// withReduced are the item as it is and what was paid for, where the item as it is may be
// reduced: that is no reason to give less than what was paid for. (But what an item was
// changed for is given instead of it.)
func withReduced(asIs, paid []piece) []piece {
	var whole, reduced []piece
	for _, p := range asIs {
		if p.grants == GrantsUsual {
			whole = append(whole, p)
		} else {
			reduced = append(reduced, p)
		}
	}
	return withRest(withRest(whole, paid), reduced)
}

// withRest are the first pieces, and what those that come then have beside them.
func withRest(first, then []piece) []piece {
	var buffer [8]interval
	all, taken, left := slices.Grow(first, len(then)), buffer[:0:4], buffer[4:4]
	for _, p := range first {
		taken = append(taken, p.interval)
	}
	for _, p := range then {
		for _, rest := range p.minus(taken, left) {
			kept := p
			kept.interval = rest
			if rest.until.Before(p.until) { // something else follows: it does not renew there
				kept.ending = Ending{InGrace: p.ending.InGrace}
			}
			all = append(all, kept)
		}
	}
	return all
}

// asIs is the item as the subscription has it now. What was paid for and went back is
// left out: there the status vouches for nothing.
func (t *timeline) asIs() []piece {
	if t.covered.gone && !t.covered.changed() {
		return nil // there is none of it
	}
	whole, vouched := interval{from: t.subscription.StartedAt}, t.vouched()
	switch t.row.Gives {
	case BasisPeriod, BasisCredit:
		whole.until = earliest(t.periodEnd(), t.creditEnd())
	case BasisGrace:
		whole.until = t.observed.since.Add(t.plan.Grace)
		if t.observed.since.IsZero() {
			whole.until = time.Time{}
		}
	case BasisForGood:
		whole.until = never
	default:
		return nil
	}
	var taken []interval
	for _, gone := range t.covered.taken {
		taken = append(taken, gone.interval)
	}
	if t.row.Gives == BasisForGood {
		taken = nil // what counts as paid is counted already
	}
	var buffer [4]interval
	rest := whole.minus(taken, buffer[:0])
	all := t.room[:0:2] // most have one stretch
	for _, left := range rest {
		ending := Ending{InGrace: t.row.Gives == BasisGrace || t.row.Gives == BasisCredit}
		if vouched && left.until.Equal(t.periodEnd()) {
			left.until = later(left.until, earliest(left.until.Add(t.plan.Leeway), t.creditEnd()))
			ending.Renews = !t.covered.gone && left.until.Before(t.creditEnd())
		}
		if t.reducedLater() && left.from.Before(t.observed.since) {
			before := left
			before.until = earliest(left.until, t.observed.since)
			all = append(all, piece{before, t.item.Price, t.item.Quantity, GrantsUsual, t.row.Gives, Ending{}})
			left.from = before.until
		}
		all = append(all, piece{left, t.item.Price, t.item.Quantity, t.row.Grants, t.row.Gives, ending})
	}
	return all
}

// reducedLater tells whether the item gives less once an invoice of it is overdue, and none
// was yet when its status was told: something else of the subscription is.
func (t *timeline) reducedLater() bool {
	return t.row.Gives == BasisGrace && t.plan.setOf(t.row.Grants) != GrantsUsual && t.observed.since.After(t.subscription.SeenAt)
}

// vouched tells whether nothing of the item is overdue, so that the next invoice may be on
// its way when a period ends.
func (t *timeline) vouched() bool { return t.row.Gives == BasisPeriod || t.row.Gives == BasisCredit }

// renewed tells whether the next invoice of the item may be on its way when what was paid
// for ends: what is reduced then comes after it.
func (t *timeline) renewed() bool {
	return t.plan.setOf(t.row.Grants) == GrantsUsual && t.vouched()
}

// creditEnd is until when the status vouches though an invoice of the item is open: not
// before Stripe was asked about that.
func (t *timeline) creditEnd() time.Time {
	if t.row.Gives != BasisCredit {
		return never
	}
	return t.observed.since.Add(max(t.plan.Grace, t.plan.Leeway, collectionDue+day))
}

// periodEnd is the item's, or that of the subscription.
func (t *timeline) periodEnd() time.Time {
	if t.item.PeriodEnd.IsZero() {
		return t.subscription.PeriodEnd()
	}
	return t.item.PeriodEnd
}

// paid is what was paid for and not returned.
func (t *timeline) paid() []piece {
	if t.row.Gives == BasisNothing {
		return nil
	}
	all := t.covered.spans(t.item, t.room[2:2])
	var end time.Time
	for n := range all {
		end = later(end, all[n].until)
	}
	for n := range all {
		if t.renewed() && all[n].until.Equal(end) {
			all[n].ending.Renews = t.goesOnAfter(end, all[n].price)
			all[n].until = t.leewayAfter(end)
		}
	}
	return all
}

// goesOnAfter tells whether what was paid for is renewed when it ends: the item is still
// there, at that price, and its period is over by then.
func (t *timeline) goesOnAfter(end time.Time, price PriceID) bool {
	return !t.covered.gone && price == t.item.Price && !end.Before(t.periodEnd())
}

// leewayAfter is until when what was paid for may outlive its end: time that was paid
// for too, and went back, is no leeway.
func (t *timeline) leewayAfter(end time.Time) time.Time {
	until := end.Add(t.plan.Leeway)
	for _, gone := range t.covered.taken {
		if end.Before(gone.until) {
			until = earliest(until, later(end, gone.from))
		}
	}
	return until
}
