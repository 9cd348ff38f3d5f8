package domaintest

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
)

// changes tells a change of the items: what of, how it is billed, and what becomes of
// the bill.
func (s *subscriber) changes() {
	s.later()
	if !s.now.Before(s.periodEnd()) {
		return // a period is over: first it has to be renewed
	}
	proration := s.pick("proration behavior", "create_prorations", "create_prorations", "always_invoice", "always_invoice", "always_invoice", "none")
	if s.is.Status == domain.StatusTrialing {
		proration = "none" // nothing is paid for that could be divided
	}
	if slices.ContainsFunc(s.invoices, func(i *invoice) bool { return i.is.Status == domain.InvoiceDraft }) {
		proration = "none" // what a draft bills may still change: nobody can tell what is given back
	}
	if s.is.Status == domain.StatusPastDue && proration == "always_invoice" {
		proration = "create_prorations"
	}
	before, waited := s.remember(), len(s.waiting)
	anew, changed := s.edit()
	if proration == "none" {
		s.waiting = s.waiting[:waited]
	}
	if changed && s.givesBack(anew) {
		s.waiting = s.waiting[:waited]
		s.recall(before)
		return
	}
	if !changed {
		return
	}
	s.turn("proration behavior", proration)
	switch {
	case anew: // a period that begins is billed at once, whatever is said of prorations
		s.billsChange(before, s.beginning(before)...)
	case proration == "always_invoice" && len(s.waiting) > 0 && (s.waitingCents() >= 0 || s.mayGiveBack()):
		s.billsChange(before)
	default:
		s.says("customer.subscription.updated", s.is.Status)
	}
}

// givesBack tells whether the next invoice would come to less than nothing, in a story
// in which that would not do.
func (s *subscriber) givesBack(anew bool) bool {
	sum := s.waitingCents()
	for _, i := range s.held() {
		if i.PeriodEnd.Equal(s.periodEnd()) || anew && i.PeriodStart.Equal(s.now) {
			sum += i.tariff().cents * i.Quantity
		}
	}
	return sum < 0 && !s.mayGiveBack()
}

// waitingCents is what waits for the next invoice.
func (s *subscriber) waitingCents() int64 {
	var sum int64
	for _, b := range s.waiting {
		sum += b.line.Amount
	}
	return sum
}

// mayGiveBack tells whether what is given back may go to the balance: not if that is
// another subscription's affair, or if it would not be clear what was paid for.
func (s *subscriber) mayGiveBack() bool {
	for _, i := range s.invoices {
		if i.is.Status != domain.InvoicePaid {
			return false
		}
	}
	return s.hasCredit && !s.free && len(s.balance) == 0
}

// memory is how the items were, to be put back.
type memory []item

func (s *subscriber) remember() memory {
	var m memory
	for _, i := range s.items {
		m = append(m, *i)
	}
	return m
}

func (s *subscriber) recall(m memory) {
	for n, i := range s.items {
		if n < len(m) {
			*i = m[n]
		} else {
			i.removed = true
		}
	}
}

// edit changes items and leaves what that costs waiting for an invoice. anew: a period
// begins now.
func (s *subscriber) edit() (anew, changed bool) {
	i := rapid.SampledFrom(s.held()).Draw(s.t, "item")
	main := domain.PriceID(s.pick("price", "price_pro", "price_team", "price_team_raised", "price_studio"))
	quantity := int64(rapid.IntRange(1, 9).Draw(s.t, "quantity"))
	trial := s.is.Status == domain.StatusTrialing
	monthly := i.tariff().every == Month && i.Price != "price_storage" && i.Price != "price_support"
	change := s.pick("change", "quantity", "quantity", "quantity", "to none", "price", "price", "interval", "add an item", "add an item", "remove an item", "remove an item", "swap an item", "swap an item", "swap an item", "many times")
	if i.tariff().metered || i.tariff().cents == 0 { // there is nothing to divide
		change = "add an item"
	}
	switch change {
	case "quantity":
		changed = s.becomes(i, i.Price, quantity)
	case "to none":
		changed = s.becomes(i, i.Price, 0)
	case "price":
		changed = monthly && !s.has(main) && s.becomes(i, main, quantity)
	case "interval":
		if trial || i.Price != "price_pro" || i.Quantity == 0 {
			break
		}
		s.creditRest(i)
		s.reprice(i, "price_made_by_stripe", i.Quantity)
		i.PeriodStart, i.PeriodEnd = s.now, s.now.Add(Year)
		anew, changed = true, true
	case "add an item":
		anew, changed = s.addItem()
	case "remove an item":
		if len(s.held()) > 1 {
			s.remove(i)
			changed = true
		}
	case "swap an item":
		if trial || !monthly || s.has(main) {
			break
		}
		s.remove(i)
		changed = true
		added := s.newItem(main, quantity)
		i.swapped = added
		added.PeriodStart, added.PeriodEnd = i.PeriodStart, i.PeriodEnd
		s.billRest(added)
	case "many times":
		for range 6 {
			changed = s.becomes(i, i.Price, i.Quantity%9+1) || changed
		}
	}
	if changed {
		s.turn("change", change)
	}
	return anew, changed
}

// addItem adds an item: with a period of its own, or with one that runs.
func (s *subscriber) addItem() (anew, changed bool) {
	price := domain.PriceID(s.pick("added", "price_storage", "price_storage", "price_team_raised", "price_team_raised", "price_support"))
	if s.has(price) {
		return false, false
	}
	i := s.newItem(price, int64(rapid.IntRange(1, 3).Draw(s.t, "quantity")))
	if s.is.Status != domain.StatusTrialing && s.chance("a period of its own") {
		i.PeriodStart, i.PeriodEnd = s.now, s.now.Add(Month)
		return true, true
	}
	like := s.items[0]
	for _, other := range s.held() {
		if other != i && other.PeriodEnd.Sub(s.now) <= Month && other.tariff().every == Month {
			like = other
		}
	}
	if like.removed || like.PeriodEnd.Sub(s.now) > Month || !like.PeriodEnd.After(s.now) {
		i.PeriodStart, i.PeriodEnd = s.now, s.now.Add(Month)
		return s.is.Status != domain.StatusTrialing, true
	}
	i.PeriodStart, i.PeriodEnd = like.PeriodStart, like.PeriodEnd
	s.billRest(i)
	return false, true
}

// has tells whether there is an item of a price.
func (s *subscriber) has(price domain.PriceID) bool {
	for _, i := range s.held() {
		if i.Price == price {
			return true
		}
	}
	return false
}

// becomes changes an item: what is left of its period is given back, and billed anew.
func (s *subscriber) becomes(i *item, price domain.PriceID, quantity int64) bool {
	if i.Price == price && i.Quantity == quantity {
		return false
	}
	s.creditRest(i)
	s.reprice(i, price, quantity)
	s.billRest(i)
	return true
}

// remove takes an item away, and gives back what is left of its period. Of one that was
// brought to none before, that waits for the same invoice; unless nothing was given back then.
func (s *subscriber) remove(i *item) {
	s.creditRest(i)
	for _, waiting := range s.waiting {
		switch {
		case waiting.bought.item != i:
		case waiting.bought.units < 0:
			i.removal = waiting.bought
		default: // what was given back is less than there was
			i.removal = nil
		}
	}
	i.removed = true
}

func (s *subscriber) reprice(i *item, price domain.PriceID, quantity int64) {
	if i.Price != price {
		i.LookupKey = tariffs[price].lookup
	}
	i.Price, i.Quantity, i.Product = price, quantity, "prod_"+string(tariffs[price].plan)
}

// creditRest gives back what is left of an item's period, and billRest bills it.
func (s *subscriber) creditRest(i *item) { s.rest(i, domain.LineCredit, -1) }
func (s *subscriber) billRest(i *item)   { s.rest(i, domain.LineChange, 1) }

func (s *subscriber) rest(i *item, kind domain.LineKind, sign int64) {
	if i.Quantity == 0 || i.tariff().metered || s.is.Status == domain.StatusTrialing || !s.now.Before(i.PeriodEnd) {
		return
	}
	s.waiting = append(s.waiting, billable{
		line: domain.Line{
			Kind: kind, Item: i.ID, Price: i.Price, Product: i.Product, Quantity: i.Quantity,
			Amount: sign * share(i.Price, i.Quantity, s.now, i.PeriodEnd), From: s.now, Until: i.PeriodEnd,
		},
		bought: &bought{item: i, price: i.Price, units: sign * i.Quantity, from: s.now, until: i.PeriodEnd},
	})
}

// beginning are the lines of the periods that begin with a change.
func (s *subscriber) beginning(before memory) []billable {
	var all []billable
	for n, i := range s.items {
		began := n >= len(before) || !before[n].PeriodEnd.Equal(i.PeriodEnd)
		if began && !i.removed && i.Quantity > 0 && i.PeriodStart.Equal(s.now) {
			all = append(all, s.period(i, false))
		}
	}
	return all
}

// billsChange makes an invoice of a change at once, and collects it as the one who
// asked for the change said.
func (s *subscriber) billsChange(before memory, begun ...billable) {
	billed := append(s.waiting, begun...)
	s.waiting = nil
	behavior := s.pick("payment behavior", "allow_incomplete", "allow_incomplete", "default_incomplete", "pending_if_incomplete", "error_if_incomplete")
	declined := s.chance("declined")
	if s.method == domain.ChargeAutomatically && behavior == "error_if_incomplete" && declined && len(s.balance) == 0 && !s.free {
		s.turn("payment behavior", behavior)
		s.recall(before) // Stripe refuses the change: nothing has happened
		s.waiting = nil
		for _, b := range billed {
			if b.line.From.Before(s.now) {
				s.waiting = append(s.waiting, b)
			}
		}
		return
	}
	after := s.remember()
	i := s.bill("subscription_update", billed...)
	s.finalize(i)
	switch {
	case i.is.Status == domain.InvoicePaid:
		s.says("customer.subscription.updated", s.is.Status)
		s.tellPaid(i)
	case s.method == domain.SendInvoice:
		s.says("customer.subscription.updated", s.is.Status)
		s.tell(i, "invoice.finalized")
		s.tell(i, "invoice.sent")
	case !declined && behavior != "default_incomplete":
		s.turn("payment behavior", behavior)
		s.says("customer.subscription.updated", s.is.Status)
		s.isPaid(i)
	case behavior == "pending_if_incomplete":
		s.turn("payment behavior", behavior)
		s.recall(before)
		s.says("customer.subscription.updated", s.is.Status) // with an update that is pending
		s.tell(i, "invoice.payment_failed")
		s.pending = &pendingUpdate{i, after}
	default: // the items change all the same
		s.turn("payment behavior", behavior)
		s.says("customer.subscription.updated", domain.StatusPastDue)
		s.tell(i, "invoice.payment_failed")
		if behavior == "default_incomplete" && !declined { // the buyer confirms a moment later
			s.soon()
			s.isPaid(i)
			s.says("customer.subscription.updated", domain.StatusActive)
		}
	}
}

// pendingUpdate is a change that waits for its money.
type pendingUpdate struct {
	invoice *invoice
	items   memory
}

// resolvePending tells what becomes of an update that is pending.
func (s *subscriber) resolvePending() {
	p := s.pending
	s.pending = nil
	if s.chance("paid in time") {
		s.turn("pending update", "applied")
		s.recall(p.items)
		s.says("customer.subscription.pending_update_applied", s.is.Status)
		s.says("customer.subscription.updated", s.is.Status)
		s.isPaid(p.invoice)
		return
	}
	s.turn("pending update", "expired")
	s.wait(20 * time.Hour)
	s.voids(p.invoice)
	s.says("customer.subscription.pending_update_expired", s.is.Status)
}
