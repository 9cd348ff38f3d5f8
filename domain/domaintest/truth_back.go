package domaintest

import (
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// This file is the truth about money that went back, and credit for what nobody paid.

// wentBack tells whether money for an item went back that had paid for this time.
func (s *subscriber) wentBack(i *item, t time.Time) bool { return s.wentBackSince(i, t, t) }

// wentBackSince tells whether it had paid for any of the time from one moment to another.
func (s *subscriber) wentBackSince(i *item, from, to time.Time) bool {
	for _, b := range s.ledger {
		within := !to.Before(b.from) && from.Before(b.until)
		if b.item == i && b.units > 0 && within && b.by.is.Status == domain.InvoicePaid && b.isGone() && !b.isWaived() {
			return true
		}
	}
	return false
}

// isGone tells whether it does not count as paid for because money went back; not,
// because money for what it was settled with never came.
func (b *bought) isGone() bool {
	switch {
	case !b.isBack(), b.isWaived():
		return false
	case b.units < 0 || !b.by.creditIsBack() || b.creditedOrReturned():
		return true
	}
	gone := func(g givenBack) bool {
		for _, of := range g.origin {
			if g.bad() > 0 && of.isGone() {
				return true
			}
		}
		return false
	}
	for _, c := range b.by.spends {
		if slices.ContainsFunc(c.of, gone) {
			return true
		}
	}
	for _, g := range b.by.givesBack {
		if !b.by.billsToo(g.line) && gone(g) {
			return true
		}
	}
	return false
}

// isWaived tells whether all of a line, or of what its change cost, was credited before it was
// paid: nobody paid for it, and nothing went back.
func (b *bought) isWaived() bool {
	cost, before, _ := b.difference()
	switch all := cost > 0 && before >= cost; {
	case b.units < 0: // what it took away was not paid with if the rest was not credited as well
		return all && before < cost-b.cents
	default:
		return b.cents > 0 && (all || b.by.credited(b.line, domain.PrePayment) >= b.cents)
	}
}

// isBack tells whether what paid for it went back, or was credited.
func (b *bought) isBack() bool {
	if b.isFree() {
		return false // nothing came for it that could go back
	}
	if b.units < 0 {
		return b.insteadIsBack()
	}
	return b.creditedOrReturned() || b.by.creditIsBack()
}

// isFree tells whether it costs nothing.
func (b *bought) isFree() bool {
	return b.units > 0 && !slices.ContainsFunc(b.by.is.Lines, func(l domain.Line) bool { return l.Item == b.item.ID && l.Amount != 0 })
}

func (b *bought) creditedOrReturned() bool {
	policy := Shop.Plans[tariffs[b.price].plan].Policy
	credited := b.by.credited(b.line, domain.PostPayment)
	if cost, before, back := b.difference(); cost > before && back >= cost-before {
		credited = max(credited, b.cents)
	}
	return refundTakes(credited, b.cents, policy.Refund, "keep") || b.moneyIsBack()
}

// difference is what a change of an item cost after what it gave back, and how much of that
// was credited before it was paid, and after.
func (b *bought) difference() (cost, before, back int64) {
	return b.by.difference(func(l domain.Line) bool {
		return l.From.Equal(b.from) && (l.Item == b.item.ID || slices.ContainsFunc(b.by.bought, func(o *bought) bool {
			return o.line == l.ID && o.becomes() == b.becomes()
		}))
	})
}

// becomes is the item that there is from then on.
func (b *bought) becomes() *item {
	if b.item.removal == b && b.item.swapped != nil {
		return b.item.swapped
	}
	return b.item
}

func (i *invoice) difference(of func(domain.Line) bool) (cost, before, back int64) {
	for _, line := range i.is.Lines {
		if line.Kind != domain.LineOneOff && of(line) {
			cost += line.Amount
			before += i.credited(line.ID, domain.PrePayment)
			back += i.credited(line.ID, domain.PostPayment)
		}
	}
	return cost, before, back
}

// insteadIsBack tells whether nothing is paid for any more that an invoice bills instead of
// what it took away: for the same item from then on, or, if there is nothing, at all. What
// it took away was not given back then.
func (b *bought) insteadIsBack() bool {
	var own, all []*bought
	for _, other := range b.by.of.ledger {
		if other.by != b.by || other.units <= 0 || other.isFree() {
			continue
		}
		all = append(all, other)
		if other.item == b.becomes() && other.from.Equal(b.from) {
			own = append(own, other)
		}
	}
	if b.isReplacedSince() {
		return false
	}
	cost, before, back := b.difference()
	if len(own) == 0 {
		own = all
		cost, before, back = b.by.difference(func(domain.Line) bool { return true })
	}
	// Who had more back than the change cost had what it was before back, too.
	if back > max(cost-before, 0) && slices.ContainsFunc(own, func(o *bought) bool { return !o.moneyIsBack() }) {
		return false
	}
	if len(own) == 0 {
		return b.moneyIsBack()
	}
	return !slices.ContainsFunc(own, func(o *bought) bool { return !o.isBack() })
}

// isReplacedSince tells whether the invoice gives back what there was instead of what it took
// away, too, and bills none of that anew.
func (b *bought) isReplacedSince() bool {
	return slices.ContainsFunc(b.by.of.ledger, func(later *bought) bool {
		return later.by == b.by && later.units < 0 && later.item == b.becomes() && later.from.After(b.from) && !later.isBack() &&
			!slices.ContainsFunc(b.by.of.ledger, func(anew *bought) bool {
				return anew.by == b.by && anew.units > 0 && anew.item == later.item && anew.price == later.price && anew.from.Equal(later.from)
			})
	})
}

// moneyIsBack tells whether the money that paid for it went back. What went back with
// a credit note was for what the note says.
func (b *bought) moneyIsBack() bool {
	policy := Shop.Plans[tariffs[b.price].plan].Policy
	var back, came, noted, kept, taken, lost int64
	for _, c := range b.by.paid {
		if disputeTakes(c, policy.Dispute, "suspend") {
			taken += c.amount
		}
		if slices.ContainsFunc(c.disputes, (*disputed).lost) {
			lost += c.amount
		}
		came += c.amount
		kept += c.kept
		back += c.refundedBy(func(*refunded) bool { return true })
		noted += c.refundedBy(func(r *refunded) bool { return r.noted })
	}
	// A bank that takes back a small one of several payments takes a part: that is as good
	// as refunded once it is lost.
	if taken > 0 && taken >= (came-back)/10*9 {
		return true
	}
	if lost < (came-back)/10*9 {
		back += lost
	}
	switch {
	case kept > 0 && back+kept >= b.by.is.Total-b.by.smaller(): // to the balance, and the rest
		back = came
	case back < came:
		back -= noted
	}
	return refundTakes(back, came, policy.Refund, "keep")
}

// smaller is by how much credit notes made an invoice smaller before it was paid.
func (i *invoice) smaller() int64 {
	_, before, _ := i.difference(func(domain.Line) bool { return true })
	return before
}

// creditIsBack tells whether more of an invoice was settled with credit for what was
// not paid for after all, than with money and other credit.
func (i *invoice) creditIsBack() bool {
	if i.free { // nothing of it was worth anything
		return false
	}
	var bad int64
	good := i.is.AmountPaid
	spend := func(c credit) {
		part := int64(float64(c.cents) * c.bad()) // of less than a cent nobody is owed anything
		bad += part
		good += c.cents - part
	}
	for _, c := range i.spends {
		spend(c)
	}
	for _, c := range i.givesBack {
		if !i.billsToo(c.line) {
			spend(c.credit())
		}
	}
	return bad > good
}

// billsToo tells whether an invoice bills the same as one of its lines gives back, so
// that the two add up to so many units.
func (i *invoice) billsToo(credit domain.Line) bool {
	for _, line := range i.is.Lines {
		if line.Kind != domain.LineCredit && line.Item == credit.Item && line.Price == credit.Price {
			return true
		}
	}
	return false
}

// bad is the part of a credit that is for what is not paid for after all.
func (c credit) bad() float64 {
	var bad, all float64
	for _, of := range c.of {
		bad += float64(-of.line.Amount) * of.bad()
		all += float64(-of.line.Amount)
	}
	if all == 0 {
		return 0
	}
	return bad / all
}

// bad is the part of what a line gives back that is not paid for after all: of six
// seats of which one was charged back, a sixth.
func (g givenBack) bad() float64 {
	back := int64(0)
	kept := int64(0)
	for _, b := range g.origin {
		settled := b.by.is.Status == domain.InvoicePaid || b.by.is.Status == domain.InvoiceDraft
		unpaid := !settled && !b.by.lost // of what was never told nobody can say that it was not paid
		if b.isBack() || b.isWaived() || unpaid {
			back += b.units
		} else {
			kept += b.units
		}
	}
	if back == 0 {
		return 0
	}
	return 1 - float64(max(0, min(kept, g.line.Quantity)))/float64(g.line.Quantity)
}
