package life

import (
	"fmt"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
)

// startPeriod has the item's next period begin. Its end is counted from the anchor.
func (s *Stripe) startPeriod(it *state.SubscriptionItem, start int64) {
	it.Start, it.End, it.Usage = start, s.Prices.Get(it.Price).PeriodEnd(it.Anchor, start), 0
}

// restart begins a new row of periods at now.
func (s *Stripe) restart(it *state.SubscriptionItem, now int64) {
	it.Anchor = now
	s.startPeriod(it, now)
}

// itemLine bills one item: its current period in advance, or what was used of a
// metered price in the period that has ended. A trial costs nothing.
func (s *Stripe) itemLine(sub *state.Subscription, it, ended state.SubscriptionItem) state.InvoiceLine {
	p := s.PriceIn(it.Price, sub.Currency)
	name := s.Products.Get(p.Product).Name
	l := state.InvoiceLine{Price: it.Price, Item: it.ID, Quantity: it.Quantity, Start: it.Start, End: it.End, Metadata: sub.Metadata}
	if p.Metered() {
		l.Quantity = ended.Usage
		if ended.End != 0 {
			l.Start, l.End = ended.Start, ended.End
		}
	}
	l.Amount = p.Amount(l.Quantity)
	l.Description = fmt.Sprintf("%d × %s (%s)", l.Quantity, name, p.Each())
	if sub.TrialEnd > 0 && l.End <= sub.TrialEnd {
		l.Amount, l.Description = 0, "Trial period for "+name
	}
	return l
}
