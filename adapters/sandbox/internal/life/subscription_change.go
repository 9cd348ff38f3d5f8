package life

import (
	"fmt"
	"slices"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// PriceChange prorates the change from old to items at the time at. A new period
// is invoiced at once: where the interval changes, or a free subscription becomes a
// paid one or the other way round. Else prorations wait for the next invoice,
// unless always_invoice asks for them now. anew: all periods begin now, whatever changes.
func (s *Stripe) PriceChange(old *state.Subscription, items []state.SubscriptionItem, behavior string, at int64, anew bool) state.ItemChange {
	now := s.NowUnix()
	ch := state.ItemChange{Items: items, Anchor: old.Anchor, Pending: old.Pending}
	if old.Terminal() || old.Status == "trialing" || old.Status == "paused" {
		start, end := old.Period()
		for i := range items {
			if items[i].End == 0 {
				items[i].Anchor, items[i].Start, items[i].End = old.Anchor, start, end
			}
		}
		return ch // a trial costs nothing, whatever it is a trial of, and a pause bills nothing
	}
	all := anew || s.restarts(old, items)
	if all {
		ch.Anchor = now
	}
	var credits, rest, periods []state.InvoiceLine
	for _, was := range old.Items {
		if i := state.IndexOfItem(items, was.ID); all || i < 0 || !items[i].SameAs(was) {
			credits = append(credits, s.prorated(old, was, -1, at)...)
		}
	}
	for i := range items {
		it := &items[i]
		j := state.IndexOfItem(old.Items, it.ID)
		peer := s.peer(old.Items, *it)
		switch {
		case all || peer < 0:
			s.restart(it, now)
			periods = append(periods, s.itemLine(old, *it, state.SubscriptionItem{}))
		case j < 0 || !s.SameInterval(*it, old.Items[j]):
			it.Anchor, it.Start, it.End = old.Items[peer].Anchor, old.Items[peer].Start, old.Items[peer].End
			rest = append(rest, s.prorated(old, *it, 1, at)...)
		case !it.SameAs(old.Items[j]):
			rest = append(rest, s.prorated(old, *it, 1, at)...)
		}
	}
	lines := append([]state.InvoiceLine{}, old.Pending...)
	if behavior != "none" {
		lines = append(append(lines, credits...), rest...)
	}
	if len(periods) > 0 || behavior == "always_invoice" && len(lines) > 0 {
		ch.Pending, ch.Invoiced = nil, append(lines, periods...)
	} else {
		ch.Pending = lines
	}
	return ch
}

// restarts tells whether all periods begin anew.
func (s *Stripe) restarts(old *state.Subscription, items []state.SubscriptionItem) bool {
	if (s.periodAmount(old.Currency, old.Items) == 0) != (s.periodAmount(old.Currency, items) == 0) {
		return true
	}
	return !old.Flexible && !s.SameInterval(old.Items[0], items[0])
}

// peer is an item with the same interval, whose period the item shares; -1 for none.
func (s *Stripe) peer(items []state.SubscriptionItem, it state.SubscriptionItem) int {
	for i, other := range items {
		if other.ID == it.ID && s.SameInterval(it, other) {
			return i
		}
	}
	for i, other := range items {
		if s.SameInterval(it, other) {
			return i
		}
	}
	return -1
}

func (s *Stripe) periodAmount(currency string, items []state.SubscriptionItem) int64 {
	var sum int64
	for _, it := range items {
		if p := s.PriceIn(it.Price, currency); p.Metered() {
			sum++ // it may cost something: that is not a free subscription
		} else {
			sum += p.Amount(it.Quantity)
		}
	}
	return sum
}

// prorated is the share of an item from at to the end of its period: credited with
// sign -1, charged with 1. Usage is not prorated.
func (s *Stripe) prorated(sub *state.Subscription, it state.SubscriptionItem, sign, at int64) []state.InvoiceLine {
	p := s.PriceIn(it.Price, sub.Currency)
	at = min(max(at, it.Start), it.End) // the period may have been moved past the clock
	whole, left := it.End-it.Start, it.End-at
	if p.Metered() || whole <= 0 {
		return nil
	}
	amount := (p.Amount(it.Quantity)*left + whole/2) / whole
	if amount == 0 {
		return nil
	}
	l := state.InvoiceLine{
		Price: it.Price, Item: it.ID, Quantity: it.Quantity, Amount: sign * amount, Start: at, End: it.End, Proration: true,
		InvoiceItem: wire.NewID("ii_1", 23), Created: s.NowUnix(),
	}
	what := "Remaining"
	if sign < 0 {
		what = "Unused"
		l.Credits, l.CreditsInvoice = s.debited(it)
	}
	l.Description = fmt.Sprintf("%s time on %s", what, s.Products.Get(p.Product).Name)
	return []state.InvoiceLine{l}
}

// debited are the lines that charged an item for what is left of its period, and
// their invoice: what a credit is for.
func (s *Stripe) debited(it state.SubscriptionItem) (lines []string, invoice string) {
	for _, in := range s.Invoices.NewestFirst() {
		for _, l := range in.Lines {
			if l.Item == it.ID && l.Price == it.Price && l.Amount > 0 && l.End == it.End && in.Status != "void" {
				lines = append(lines, l.ID)
			}
		}
		if len(lines) > 0 {
			return lines, in.ID
		}
	}
	return nil, ""
}

// RefusesChange says why what the change costs now would not be paid, or nil.
func (s *Stripe) RefusesChange(sub *state.Subscription, ch state.ItemChange, a Attempt) *wire.Error {
	if ch.Invoiced == nil || sub.DaysUntilDue > 0 || sub.PauseBehavior != "" || s.Owed(sub, ch.Invoiced) == 0 {
		return nil
	}
	return s.RefusesPayment(sub, a)
}

// ApplyChange makes the change real and returns the draft that bills it now, or nil.
func (s *Stripe) ApplyChange(sub *state.Subscription, ch state.ItemChange) *state.Invoice {
	sub.Items, sub.Anchor, sub.Pending = ch.Items, ch.Anchor, ch.Pending
	if ch.Invoiced == nil {
		return nil
	}
	return s.updateInvoice(sub, ch.Invoiced)
}

// CollectChange collects what a change costs, or leaves its first payment to the
// buyer.
func (s *Stripe) CollectChange(sub *state.Subscription, in *state.Invoice, payment string, a Attempt) {
	if payment != "default_incomplete" || in.Due() == 0 || in.ToBeSent() || sub.PauseBehavior != "" || sub.Status != "active" {
		s.CollectInvoice(sub, in, a)
		return
	}
	s.FinalizeInvoice(in, "Subscription update", []string{"card"})
	s.setStatus(sub, "past_due")
}

func (s *Stripe) updateInvoice(sub *state.Subscription, lines []state.InvoiceLine) *state.Invoice {
	in := s.ChangeInvoice(sub, lines)
	s.AddInvoice(in)
	s.usedUp(sub, in, in.Created)
	sub.LatestInvoice = in.ID
	return in
}

// ChangeInvoice bills a change now.
func (s *Stripe) ChangeInvoice(sub *state.Subscription, lines []state.InvoiceLine) *state.Invoice {
	in := &state.Invoice{
		Customer: sub.Customer, Subscription: sub.ID, Currency: sub.Currency, BillingReason: "subscription_update",
		Lines: lines, SubscriptionMetadata: sub.Metadata, PeriodStart: s.NowUnix(), PeriodEnd: s.NowUnix(),
		AutoAdvance: true, DaysUntilDue: sub.DaysUntilDue,
	}
	s.ReduceInvoice(in, sub.DiscountAt(in.PeriodStart))
	return in
}

// Owed is what is to be paid at once for the lines of a change.
func (s *Stripe) Owed(sub *state.Subscription, lines []state.InvoiceLine) int64 {
	in := s.ChangeInvoice(sub, slices.Clone(lines))
	if cu := s.Customers.Get(sub.Customer); cu != nil {
		in.StartingBalance = cu.Balance
	}
	return in.Due()
}

// RefusesPayment says why the buyer's card would not pay, or nil.
func (s *Stripe) RefusesPayment(sub *state.Subscription, a Attempt) *wire.Error {
	pm := s.MethodOf(sub)
	switch {
	case pm == nil:
		return NoMethod()
	case a.asks(pm):
		return s.NeedsAction("subscription", "the subscription", nil)
	}
	return pm.Refusal()
}
