package domaintest

import (
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// This file is the truth about subscriptions: what the status vouches for, what is
// owed, and what was paid for. What went back is in truth_back.go.

// gives is what the subscription gives at a moment.
func (s *subscriber) gives(t time.Time) []given {
	nothing := []domain.SubscriptionStatus{
		domain.StatusIncomplete, domain.StatusIncompleteExpired, domain.StatusPaused, domain.StatusCanceled,
	}
	if slices.Contains(nothing, s.is.Status) {
		return nil
	}
	if s.orphaned || s.scheduled() && !t.Before(s.scheduledEnd()) {
		return nil
	}
	usual := map[domain.PlanKey]int64{}
	inTrial := map[domain.PlanKey]int64{}
	pastDue := map[domain.PlanKey]int64{}
	end := t
	for _, i := range s.items {
		plan := Shop.Plans[i.tariff().plan]
		asItIs := i.Quantity
		if i.removed {
			owed, undone := i.removalOwed()
			if undone {
				before, _ := s.inLeeway(i, plan, end)
				for price, n := range s.paidFor(i, before) {
					usual[tariffs[price].plan] += n
				}
			}
			if !owed {
				continue
			}
			asItIs, plan.Grace = 0, s.graceInstead(i, plan.Grace)
		}
		t, paidAlone := s.inLeeway(i, plan, end)
		paid := s.paidFor(i, t)
		switch how := s.vouches(i, plan, t); {
		case how == "nothing", paidAlone:
			for price, n := range paid {
				usual[tariffs[price].plan] += n
			}
		case how == "trial" && plan.TrialGrants != nil:
			if len(paid) == 0 {
				inTrial[plan.Key] += asItIs
			}
			for price, n := range paid {
				usual[tariffs[price].plan] += n
			}
		case how == "grace" && plan.PastDueGrants != nil && !end.Before(s.owedSince(i)):
			if i.removed {
				break // what it was changed for is given
			}
			if len(paid) == 0 {
				pastDue[plan.Key] += asItIs
			}
			for price, n := range paid {
				usual[tariffs[price].plan] += n
			}
		default:
			usual[plan.Key] += asItIs
		}
	}
	var all []given
	for key, plan := range Shop.Plans {
		all = append(all, units(plan.Grants, usual[key])...)
		all = append(all, units(plan.TrialGrants, inTrial[key])...)
		all = append(all, units(plan.PastDueGrants, pastDue[key])...)
	}
	return all
}

// removalOwed tells whether nobody paid for what took an item away, or whether the money
// for that went back.
func (i *item) removalOwed() (owed, undone bool) {
	if i.removal == nil || i.removal.by == nil {
		return false, false
	}
	switch i.removal.by.is.Status {
	case domain.InvoiceOpen, domain.InvoiceUncollectible:
		return true, false
	case domain.InvoicePaid:
		return false, i.removal.isBack() && i.removal.by.wentBack()
	default:
		return false, false
	}
}

// wentBack tells whether money went back of what an invoice bills. One that was settled
// with credit for what was never paid took things away all the same: the status says what
// there is instead.
func (i *invoice) wentBack() bool {
	for _, b := range i.bought {
		if b.units > 0 && b.isGone() {
			return true
		}
	}
	return false
}

// graceInstead is the grace of what an item was changed for: as long as that is given on
// credit, the item is not.
func (s *subscriber) graceInstead(i *item, own time.Duration) time.Duration {
	var longest time.Duration
	for _, other := range s.held() {
		for _, line := range i.removal.by.is.Lines {
			if line.Kind != domain.LineCredit && line.Item == other.ID {
				longest = max(longest, Shop.Plans[other.tariff().plan].Grace)
			}
		}
	}
	if longest == 0 {
		return own
	}
	return longest
}

// vouches tells what the subscription's status says of an item at a moment: that it is
// there ("all"), that it is tried, that its money may still come ("grace"), or nothing.
func (s *subscriber) vouches(i *item, plan domain.Plan, t time.Time) string {
	if s.wentBack(i, t) {
		return "nothing"
	}
	return s.statusVouches(i, plan, t)
}

// statusVouches is vouches as if no money had gone back.
func (s *subscriber) statusVouches(i *item, plan domain.Plan, t time.Time) string {
	inPeriod := t.Before(i.PeriodEnd)
	switch {
	case s.is.Status == domain.StatusTrialing && inPeriod:
		return "trial"
	case s.is.Status == domain.StatusTrialing, s.neverPaid():
		return "nothing"
	case s.is.Pause == domain.PauseVoid && len(plan.Policy.Access) > 0:
		return "nothing"
	case s.is.Status == domain.StatusActive && inPeriod && t.Before(s.creditEnds(i, plan)):
		return "all"
	case s.owesElse(i) && inPeriod && !s.changeGivenUp(i, plan):
		return "all"
	case s.is.Status == domain.StatusPastDue:
		since := s.owedSince(i)
		if !since.IsZero() && t.Before(since.Add(plan.Grace)) {
			return "grace"
		}
	}
	return "nothing"
}

// inLeeway is the last second of an item's period, as long as nothing is owed and the
// next period may be on its way: what was true then, still is. paidAlone: the status vouches
// for nothing any more, and it is what was paid for that has leeway.
func (s *subscriber) inLeeway(i *item, plan domain.Plan, t time.Time) (at time.Time, paidAlone bool) {
	last := i.PeriodEnd.Add(-time.Second)
	good := s.is.Status == domain.StatusActive || s.is.Status == domain.StatusTrialing || s.owesElse(i)
	if good && s.statusVouches(i, plan, last) != "nothing" && t.Before(s.creditEnds(i, plan)) && !t.Before(i.PeriodEnd) && t.Before(i.PeriodEnd.Add(plan.Leeway)) {
		return last, false
	}
	var end time.Time // of what was paid for
	for _, b := range s.ledger {
		if b.item == i && b.units > 0 && b.until.After(end) && b.by.is.Status == domain.InvoicePaid && !b.isBack() && !b.isWaived() {
			end = b.until
		}
	}
	if s.mayRenew(i, plan) && !s.wentBackSince(i, end, t) && !t.Before(end) && t.Before(end.Add(plan.Leeway)) && s.statusVouches(i, plan, t) == "nothing" {
		return end.Add(-time.Second), true
	}
	return t, false
}

// creditEnds is until when Stripe's word that a subscription is active counts for an
// item. Its status follows the newest invoice: an older one may be open, and then it is
// as with any other that is owed; but not before Stripe was asked, on the fifth day. So it
// is with a change that was given up.
func (s *subscriber) creditEnds(i *item, plan domain.Plan) time.Time {
	ends := longAfter
	for _, inv := range s.invoices {
		if inv.is.Status != domain.InvoiceOpen && !s.gaveUpChange(inv, i) {
			continue
		}
		if inv.is.Status == domain.InvoiceOpen && inv.is.ID == s.was[len(s.was)-1].Snapshot.LatestInvoice {
			continue // the status, as it was told, is about this one
		}
		for _, line := range inv.is.Lines {
			if line.Item != i.ID || line.Amount == 0 {
				continue
			}
			due := inv.is.FinalizedAt
			if !inv.is.DueAt.IsZero() {
				due = inv.is.DueAt
			}
			if end := due.Add(max(plan.Grace, plan.Leeway, 6*Day)); end.Before(ends) {
				ends = end
			}
		}
	}
	return ends
}

// gaveUpChange tells whether an invoice of a change of an item was given up, and not because
// collection is paused, and it is in the period of that change.
func (s *subscriber) gaveUpChange(inv *invoice, i *item) bool {
	if inv.is.Status != domain.InvoiceUncollectible || s.is.Status != domain.StatusActive || s.is.Pause == domain.PauseUncollectible {
		return false
	}
	return slices.ContainsFunc(inv.is.Lines, func(l domain.Line) bool {
		change := l.Kind == domain.LineChange || l.Kind == domain.LineCredit
		return change && l.Item == i.ID && l.Until.After(i.PeriodStart)
	})
}

// longAfter is after all that these histories tell.
var longAfter = Noon.Add(100_000 * Day)

// mayRenew tells whether the next invoice of an item may be on its way, and would be paid.
// That something else is owed says nothing against that.
func (s *subscriber) mayRenew(i *item, plan domain.Plan) bool {
	suspended := s.is.Pause == domain.PauseVoid && len(plan.Policy.Access) > 0
	good := s.is.Status == domain.StatusActive || s.owesElse(i) && !s.changeGivenUp(i, plan)
	return good && !suspended && !s.neverPaid()
}

// changeGivenUp tells whether the item is what it is by a change that nobody paid.
func (s *subscriber) changeGivenUp(i *item, plan domain.Plan) bool {
	for _, inv := range s.invoices {
		if inv.is.Status != domain.InvoiceOpen && inv.is.Status != domain.InvoiceUncollectible {
			continue
		}
		for _, line := range inv.is.Lines {
			change := line.Kind == domain.LineChange || line.Kind == domain.LineCredit
			if change && line.Item == i.ID && line.Until.After(s.now.Add(-plan.Leeway)) {
				return true
			}
		}
	}
	return false
}

// owesElse tells whether the status says that something is owed, and what is owed is told
// and is for nothing of this item.
func (s *subscriber) owesElse(i *item) bool {
	if s.is.Status != domain.StatusPastDue {
		return false
	}
	owes := len(s.open()) > 0
	for _, inv := range s.invoices {
		owes = owes || inv.is.Status == domain.InvoiceUncollectible
	}
	return owes && s.owedSince(i).IsZero()
}

// neverPaid: the checkout was not paid, and no invoice was.
func (s *subscriber) neverPaid() bool {
	if !s.debit {
		return false
	}
	for _, i := range s.invoices {
		if i.is.Status == domain.InvoicePaid {
			return false
		}
	}
	return true
}

// owedSince is since when the oldest open invoice about an item is due; zero: there is
// none. What was written off is owed as long as Stripe says that something is.
func (s *subscriber) owedSince(i *item) time.Time {
	var oldest time.Time
	owed := s.open()
	for _, inv := range s.invoices {
		if len(s.open()) == 0 && inv.is.Status == domain.InvoiceUncollectible {
			owed = append(owed, inv)
		}
	}
	for _, inv := range owed {
		about := false
		for _, line := range inv.is.Lines {
			about = about || line.Item == i.ID && line.Amount != 0
		}
		due := inv.is.FinalizedAt
		if !inv.is.DueAt.IsZero() {
			due = inv.is.DueAt
		}
		if about && (oldest.IsZero() || due.Before(oldest)) {
			oldest = due
		}
	}
	return oldest
}

// paidFor is how many units of each price were paid for an item at a moment.
func (s *subscriber) paidFor(i *item, t time.Time) map[domain.PriceID]int64 {
	paid := map[domain.PriceID]int64{}
	for _, inv := range s.invoices {
		if inv.is.Status != domain.InvoicePaid {
			continue
		}
		billed, back := map[domain.PriceID]int64{}, map[domain.PriceID]int64{}
		for _, b := range inv.bought {
			switch {
			case b.item != i || !b.covers(t) || b.isBack() || b.isWaived():
			case b.units < 0:
				back[b.price] -= b.units
			default:
				billed[b.price] += b.units
			}
		}
		for price, n := range back {
			switch had := paid[price]; {
			case billed[price] >= n: // of more units only those beyond were paid
				paid[price] += billed[price] - n
			case billed[price] > 0: // of fewer those go first that were never paid
				paid[price] = max(had-n+billed[price], min(had, billed[price]))
			default: // nothing can be taken back that is not there
				paid[price] = max(0, had-n)
			}
			delete(billed, price)
		}
		for price, n := range billed {
			paid[price] += n
		}
	}
	for price, n := range paid {
		switch {
		case s.changeOwed(i, t):
		case price == i.Price && !i.removed:
			n = min(n, i.Quantity) // who gives a seat back has it no longer
		}
		if paid[price] = n; n <= 0 {
			delete(paid, price)
		}
	}
	return paid
}

// changeOwed tells whether a change of the item at a moment was billed and is not paid.
func (s *subscriber) changeOwed(i *item, t time.Time) bool {
	for _, b := range s.ledger {
		if b.item == i && b.units < 0 && b.covers(t) && i.removed && b.by.is.Status == domain.InvoicePaid && b.isBack() && b.takesAway() {
			return true
		}
	}
	for _, inv := range s.invoices {
		for _, line := range inv.is.Lines {
			change := line.Kind == domain.LineCredit // of what was given back before, nothing is taken
			then := !t.Before(line.From) && t.Before(line.Until)
			if change && then && line.Item == i.ID && (inv.is.Status == domain.InvoiceOpen || inv.is.Status == domain.InvoiceUncollectible) {
				return true
			}
		}
	}
	return false
}

func (b *bought) covers(t time.Time) bool { return !t.Before(b.from) && t.Before(b.until) }

// moments are when what the subscription gives may change.
func (s *subscriber) moments() []time.Time {
	var all []time.Time
	if s.scheduled() {
		all = append(all, s.scheduledEnd())
	}
	for _, i := range s.items {
		plan := Shop.Plans[i.tariff().plan]
		all = append(all, i.PeriodEnd, i.PeriodEnd.Add(plan.Leeway))
		if since := s.owedSince(i); !since.IsZero() {
			all = append(all, since.Add(plan.Grace))
			if i.removed && i.removal != nil && i.removal.by != nil {
				all = append(all, since.Add(s.graceInstead(i, plan.Grace)))
			}
		}
		if ends := s.creditEnds(i, plan); ends.Before(longAfter) {
			all = append(all, ends)
		}
	}
	for _, b := range s.ledger {
		all = append(all, b.from, b.until)
	}
	return all
}

// takesAway tells whether its invoice gives back more of its item than it bills from then on.
func (b *bought) takesAway() bool {
	var units int64
	for _, other := range b.by.of.ledger {
		if other.by == b.by && other.item == b.item && other.from.Equal(b.from) {
			units += other.units
		}
	}
	return units < 0
}
