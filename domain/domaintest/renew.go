package domaintest

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
)

// billPeriods makes and finalizes the invoice of every period that begins now, with
// what waits for it.
func (s *subscriber) billPeriods(reason string) *invoice {
	billed := s.waiting
	s.waiting = nil
	for _, i := range s.held() {
		if i.PeriodStart.Equal(s.now) && (i.Quantity > 0 || i.tariff().metered) {
			billed = append(billed, s.period(i, reason == "subscription_create"))
		}
	}
	inv := s.bill(reason, billed...)
	s.finalize(inv)
	return inv
}

// period is the line of an item's period: the one that begins, or what was used in the
// one before.
func (s *subscriber) period(i *item, first bool) billable {
	p := i.tariff()
	line := domain.Line{
		Kind: domain.LineCycle, Item: i.ID, Price: i.Price, Product: i.Product, Quantity: i.Quantity,
		Amount: p.cents * i.Quantity, From: i.PeriodStart, Until: i.PeriodEnd,
	}
	if p.metered {
		line.Amount = int64(rapid.IntRange(1, 50).Draw(s.t, "used")) * p.cents
		line.From, line.Until = line.From.Add(-p.every), i.PeriodStart
		if first { // nothing was used yet: Stripe says so of the period that begins
			line.Amount, line.From, line.Until = 0, i.PeriodStart, i.PeriodEnd
		}
	}
	return billable{line, &bought{item: i, price: i.Price, units: i.Quantity, from: line.From, until: line.Until}}
}

// nextPeriod moves on the periods that end first, as Stripe does before the money is
// there, and bills them an hour later.
func (s *subscriber) nextPeriod(status domain.SubscriptionStatus) *invoice {
	end := s.periodEnd()
	s.now = latest(s.now, end)
	begun := false
	for _, i := range s.held() {
		if i.PeriodEnd.After(end) {
			continue
		}
		i.PeriodStart = i.PeriodEnd
		i.PeriodEnd = i.PeriodStart.Add(i.tariff().every)
		begun = begun || i.Quantity > 0
	}
	billed := s.waiting
	s.waiting = nil
	for _, i := range s.held() {
		if i.PeriodStart.Equal(end) && (i.Quantity > 0 || i.tariff().metered) {
			billed = append(billed, s.period(i, false))
		}
	}
	inv := s.bill("subscription_cycle", billed...)
	s.says("customer.subscription.updated", status)
	if s.chance("draft told") {
		s.tell(inv, "invoice.created")
	}
	s.wait(time.Hour)
	return inv
}

// renews tells the next period and what becomes of its invoice.
func (s *subscriber) renews() {
	if s.mayHaveCredit() && s.seldom("with a present", 4) {
		s.turn("credit", "a present")
		s.balance = append(s.balance, credit{cents: 900})
	}
	status := s.is.Status
	if status == domain.StatusTrialing {
		status = domain.StatusActive
	}
	i := s.nextPeriod(status)
	switch s.is.Pause {
	case domain.PauseVoid:
		s.finalize(i)
		if i.is.Status == domain.InvoicePaid {
			s.tellPaid(i)
			return
		}
		i.lost = s.chance("the void invoice is not told")
		s.voids(i)
		return
	case domain.PauseKeepAsDraft:
		i.was = append(i.was, domain.InvoiceFact{At: s.now, Invoice: i.is, Customer: s.customer})
		return
	case domain.PauseUncollectible:
		s.finalize(i)
		if i.is.Status == domain.InvoicePaid {
			s.tellPaid(i)
			return
		}
		s.writesOff(i)
		return
	case domain.PauseNone:
	}
	s.finalize(i)
	if i.is.Status == domain.InvoicePaid {
		s.tellPaid(i)
		return
	}
	if s.method == domain.SendInvoice {
		s.tell(i, "invoice.finalized")
		s.tell(i, "invoice.sent")
		return
	}
	s.collects(i)
}

// collects tries to charge an invoice that is due at once.
func (s *subscriber) collects(i *invoice) {
	switch s.choose("collection", "paid", "paid", "declined", "declined", "paid, and told of by its money going back alone") {
	case "paid":
		s.isPaid(i)
	case "paid, and told of by its money going back alone":
		i.lost = true
		s.isPaid(i)
		s.soon()
		c := i.paid[0]
		s.refund(c, rapid.SampledFrom([]int64{c.amount, max(1, c.amount/4)}).Draw(s.t, "amount"), "succeeded")
	case "declined":
		if s.chance("finalization told") {
			s.tell(i, "invoice.finalized")
		}
		s.tell(i, "invoice.payment_failed")
		s.says("customer.subscription.updated", domain.StatusPastDue)
	}
}

// isPaid tells that an invoice is paid: now, if it was not.
func (s *subscriber) isPaid(i *invoice) {
	if i.is.Status != domain.InvoicePaid {
		s.paysWithMoney(i)
	}
	s.tellPaid(i)
}

func (s *subscriber) tellPaid(i *invoice) {
	for _, kind := range []domain.EventType{"invoice.payment_succeeded", "invoice.paid"} {
		s.tell(i, kind)
	}
}

// voids tells that an invoice is as if it had never been; the credit that it took is
// given back.
func (s *subscriber) voids(i *invoice) {
	i.is.Status = domain.InvoiceVoid
	s.balance = append(i.spends, s.balance...)
	i.spends = nil
	s.tell(i, "invoice.voided")
}

// writesOff tells that nobody believes in the money any more.
func (s *subscriber) writesOff(i *invoice) {
	i.is.Status = domain.InvoiceUncollectible
	s.tell(i, "invoice.marked_uncollectible")
}

// open are the invoices that are owed, oldest first.
func (s *subscriber) open() []*invoice {
	return slices.DeleteFunc(slices.Clone(s.invoices), func(i *invoice) bool { return i.is.Status != domain.InvoiceOpen })
}
