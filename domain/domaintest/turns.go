package domaintest

import (
	"time"

	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
)

// nextTurn tells one more thing that may happen to the subscription as it is.
func (s *subscriber) nextTurn() {
	s.soon()
	switch {
	case s.ended(): // nothing happens to it again but being looked at
		s.fetched()
	case s.pending != nil:
		s.resolvePending()
	case len(s.paid) > 0 && s.seldom("money", 4):
		s.turnOfMoney()
	case s.seldom("a credit note", 10):
		s.isCredited()
	case s.noted() != nil && s.chance("a note is taken back"):
		s.voidsNote(s.noted())
	case s.is.Status == domain.StatusPaused:
		s.resumes()
	case s.is.Status == domain.StatusPastDue, s.is.Status == domain.StatusUnpaid:
		s.turnWhileOwing()
	case s.debit:
		s.turnWhileDebitIsOut()
	case s.is.Status == domain.StatusTrialing:
		s.turnWhileTrying()
	case len(s.open()) > 0 && s.open()[0].is.Method == domain.SendInvoice && s.chance("an invoice is out"):
		s.turnOfSent()
	default:
		s.turnWhileGood()
	}
}

// later lets some days pass, but no period end, and no end of the subscription.
func (s *subscriber) later() {
	end := s.periodEnd()
	if s.scheduled() && s.scheduledEnd().Before(end) {
		end = s.scheduledEnd()
	}
	days := time.Duration(rapid.SampledFrom([]int{0, 0, 1, 5, 12, 20}).Draw(s.t, "days later")) * Day
	if s.now.Add(days + 2*time.Hour).Before(end) {
		s.wait(days)
	}
}

func (s *subscriber) scheduled() bool { return s.is.CancelAtPeriodEnd || !s.is.CancelAt.IsZero() }

// scheduledEnd is when the subscription will end, if that is decided.
func (s *subscriber) scheduledEnd() time.Time {
	if s.is.CancelAtPeriodEnd {
		return s.lastEnd()
	}
	return s.is.CancelAt
}

func (s *subscriber) turnWhileGood() {
	s.later()
	if s.scheduled() && !s.now.Before(s.scheduledEnd()) {
		s.ends()
		return
	}
	switch s.choose("turn", "renews", "renews", "renews", "renews", "changes", "changes", "changes", "changes", "changes", "cancels by flag",
		"cancels by date", "undoes", "collection pauses", "collection pauses", "is paused", "waiting items are billed",
		"credit", "a lookup key moves", "pays by invoice", "is looked at", "warns", "a threshold", "by hand", "ends") {
	case "renews":
		if !s.scheduled() {
			s.renews()
		}
	case "changes":
		s.changes()
	case "cancels by flag":
		s.is.CancelAtPeriodEnd, s.is.CancelAt = true, s.lastEnd()
		s.says("customer.subscription.updated", s.is.Status)
	case "cancels by date":
		s.is.CancelAtPeriodEnd = false
		s.is.CancelAt = s.now.Add(time.Duration(rapid.IntRange(1, 60).Draw(s.t, "days")) * Day)
		s.says("customer.subscription.updated", s.is.Status)
	case "undoes":
		s.is.CancelAtPeriodEnd, s.is.CancelAt = false, time.Time{}
		s.says("customer.subscription.updated", s.is.Status)
	case "collection pauses":
		s.is.Pause = domain.PauseBehavior(s.pick("behavior", "", "void", "void", "keep_as_draft", "mark_uncollectible"))
		s.says("customer.subscription.updated", s.is.Status)
	case "is paused":
		s.says("customer.subscription.paused", domain.StatusPaused)
		s.says("customer.subscription.updated", domain.StatusPaused)
	case "waiting items are billed":
		s.billsWaiting()
	case "credit":
		if s.mayHaveCredit() { // support gives some
			s.turn("credit", "a present")
			s.balance = append(s.balance, credit{cents: rapid.SampledFrom([]int64{900, 2900, 40000}).Draw(s.t, "cents")})
		}
	case "a lookup key moves": // to a new price: who has the old one keeps it
		for _, i := range s.held() {
			i.LookupKey = ""
		}
		s.says("customer.subscription.updated", s.is.Status)
	case "pays by invoice":
		if s.is.Status == domain.StatusActive {
			s.method, s.netDays = domain.SendInvoice, time.Duration(rapid.SampledFrom([]int{7, 30, 60}).Draw(s.t, "net days"))*Day
			s.says("customer.subscription.updated", s.is.Status)
		}
	case "is looked at":
		s.fetched()
	case "warns":
		s.story.says(domain.SubscriptionFact{Type: "customer.subscription.trial_will_end", At: s.now, Snapshot: s.was[len(s.was)-1].Snapshot})
	case "a threshold":
		s.reachesThreshold()
	case "by hand":
		s.billsByHand()
	case "ends":
		s.ends()
	}
}

// turnWhileTrying tells what becomes of a trial.
func (s *subscriber) turnWhileTrying() {
	switch s.choose("trial", "is paid for at its end", "is paid for at its end", "ends early", "ends early", "runs out", "changes", "cancels by flag", "warns", "ends") {
	case "is paid for at its end":
		if !s.scheduled() {
			s.renews()
		}
	case "ends early":
		s.endsTrialEarly()
	case "runs out":
		s.now = latest(s.now, s.is.TrialEnd)
		s.says("customer.subscription.paused", domain.StatusPaused)
		s.says("customer.subscription.updated", domain.StatusPaused)
	case "changes":
		s.changes()
	case "cancels by flag":
		s.is.CancelAtPeriodEnd, s.is.CancelAt = true, s.lastEnd()
		s.says("customer.subscription.updated", s.is.Status)
	case "warns":
		s.story.says(domain.SubscriptionFact{Type: "customer.subscription.trial_will_end", At: s.now, Snapshot: s.was[len(s.was)-1].Snapshot})
	case "ends":
		s.ends()
	}
}

// turnOfSent tells what becomes of an invoice that was sent: it is paid, in time or
// late, may be due later than was said, or is overdue.
func (s *subscriber) turnOfSent() {
	open := s.open()
	if len(open) == 0 || open[0].is.Method != domain.SendInvoice {
		return
	}
	i := open[0]
	switch s.choose("sent invoice", "paid", "overdue", "overdue", "put off") {
	case "paid":
		s.isPaid(i)
	case "put off":
		i.is.DueAt = i.is.DueAt.Add(10 * Day)
		s.tell(i, "invoice.updated")
	case "overdue":
		for !s.scheduled() && s.periodEnd().Before(i.is.DueAt) {
			s.renews()
		}
		s.now = latest(s.now, i.is.DueAt)
		s.says("customer.subscription.updated", domain.StatusPastDue)
		if s.chance("told overdue") {
			s.tell(i, "invoice.overdue")
		}
	}
}

// billsWaiting: Stripe may bill between periods what waits for an invoice.
func (s *subscriber) billsWaiting() {
	if len(s.waiting) == 0 || s.waitingCents() < 0 {
		return
	}
	billed := s.waiting
	s.waiting = nil
	i := s.bill("automatic_pending_invoice_item_invoice", billed...)
	s.finalize(i)
	s.becomesOf(i)
}

// reachesThreshold: so much was used that Stripe bills it before the period is over.
func (s *subscriber) reachesThreshold() {
	for _, m := range s.held() {
		if !m.tariff().metered || !m.PeriodStart.Before(s.now) || !s.now.Before(m.PeriodEnd) {
			continue
		}
		i := s.bill("subscription_threshold", billable{
			line: domain.Line{
				Kind: domain.LineCycle, Item: m.ID, Price: m.Price, Product: m.Product, Quantity: 1, Amount: 100 * m.tariff().cents,
				From: m.PeriodStart, Until: s.now,
			},
			bought: &bought{item: m, price: m.Price, units: 1, from: m.PeriodStart, until: s.now},
		})
		s.finalize(i)
		s.becomesOf(i)
		return
	}
}

// billsByHand: support bills something of its own, which is of no item.
func (s *subscriber) billsByHand() {
	i := s.bill("manual", billable{line: domain.Line{
		Kind: domain.LineOneOff, Price: "price_support", Product: "prod_support", Quantity: 1, Amount: 20000,
		From: s.now, Until: s.now.Add(Year),
	}})
	s.finalize(i)
	s.becomesOf(i)
}

// becomesOf tells what becomes of an invoice that was made between periods.
func (s *subscriber) becomesOf(i *invoice) {
	switch {
	case i.is.Status == domain.InvoicePaid:
		s.tellPaid(i)
	case i.is.Method == domain.SendInvoice:
		s.tell(i, "invoice.finalized")
		s.tell(i, "invoice.sent")
	case s.is.Status == domain.StatusActive:
		s.collects(i)
	default:
		s.isPaid(i)
	}
}

// turnWhileDebitIsOut: Stripe calls the subscription active, the money is not there.
func (s *subscriber) turnWhileDebitIsOut() {
	switch s.choose("debit", "pays after all", "is looked at", "is past due", "ends") {
	case "pays after all":
		for _, i := range s.open() {
			s.isPaid(i)
		}
	case "is looked at":
		s.fetched()
	case "is past due":
		s.says("customer.subscription.updated", domain.StatusPastDue)
	case "ends":
		s.ends()
	}
}

// turnWhileOwing: Stripe calls the subscription active again when the newest invoice
// is paid.
func (s *subscriber) turnWhileOwing() {
	s.later()
	open := s.open()
	switch s.choose("owing", "pays all", "pays all", "pays the newest", "pays the oldest", "is tried again", "period moves on", "gives up", "gives up",
		"is ended", "is voided", "is written off", "changes", "gives a seat back", "gives a seat back", "cancels by flag", "is looked at") {
	case "pays all":
		for _, i := range open {
			s.isPaid(i)
		}
		s.says("customer.subscription.updated", domain.StatusActive)
	case "pays the newest":
		if len(open) > 0 {
			s.isPaid(open[len(open)-1])
			s.says("customer.subscription.updated", domain.StatusActive)
		}
	case "pays the oldest":
		if len(open) > 1 {
			s.isPaid(open[0])
		}
	case "is tried again":
		if len(open) > 0 {
			s.wait(3 * Day)
			s.tell(open[0], "invoice.payment_failed")
		}
	case "period moves on":
		if s.is.Status == domain.StatusPastDue && !s.scheduled() {
			i := s.nextPeriod(s.is.Status)
			s.finalize(i)
			if i.is.Status == domain.InvoicePaid {
				s.tellPaid(i)
				return
			}
			s.tell(i, "invoice.payment_failed")
		}
	case "gives up":
		s.says("customer.subscription.updated", domain.StatusUnpaid)
	case "is ended":
		s.ends()
	case "is voided":
		if len(open) > 0 {
			s.voids(open[len(open)-1])
			status := domain.StatusActive
			if len(open) > 1 && s.chance("still owes") {
				status = s.is.Status
			}
			s.says("customer.subscription.updated", status)
		}
	case "gives a seat back":
		i := rapid.SampledFrom(s.held()).Draw(s.t, "item")
		if i.Quantity > 1 && !i.tariff().metered { // for nothing
			i.Quantity = rapid.Int64Range(1, i.Quantity-1).Draw(s.t, "seats left")
			s.says("customer.subscription.updated", s.is.Status)
		}
	case "is written off":
		if len(open) > 0 {
			s.writesOff(open[len(open)-1])
			s.says("customer.subscription.updated", domain.SubscriptionStatus(s.pick("status", "active", string(s.is.Status))))
		}
	case "changes":
		if s.is.Status == domain.StatusPastDue {
			s.changes()
		}
	case "cancels by flag":
		s.is.CancelAtPeriodEnd, s.is.CancelAt = true, s.lastEnd()
		s.says("customer.subscription.updated", s.is.Status)
	case "is looked at":
		s.fetched()
	}
}

// resumes tells that a paused subscription goes on: in the period that it was in, or, if
// that is over, with a new one.
func (s *subscriber) resumes() {
	s.wait(time.Hour)
	if s.chance("a long pause") || !s.now.Before(s.periodEnd()) {
		s.now = latest(s.now, s.lastEnd().Add(Day))
		for _, i := range s.held() {
			i.PeriodStart, i.PeriodEnd = s.now, s.now.Add(i.tariff().every)
		}
		i := s.billPeriods("subscription_cycle")
		s.says("customer.subscription.resumed", domain.StatusActive)
		s.says("customer.subscription.updated", domain.StatusActive)
		s.becomesOf(i)
		return
	}
	s.says("customer.subscription.resumed", domain.StatusActive)
	s.says("customer.subscription.updated", domain.StatusActive)
}

// endsTrialEarly: the buyer wants the real thing now, and pays for it, or does not.
func (s *subscriber) endsTrialEarly() {
	s.wait(time.Second)
	s.is.TrialEnd = s.now
	for _, i := range s.held() {
		i.PeriodStart, i.PeriodEnd = s.now, s.now.Add(i.tariff().every)
	}
	i := s.billPeriods("subscription_update")
	s.says("customer.subscription.updated", domain.StatusActive)
	s.becomesOf(i)
}

// mayHaveCredit tells whether the customer can be given credit such that it is clear
// later where each cent of it came from.
func (s *subscriber) mayHaveCredit() bool {
	return s.hasCredit && !s.free && len(s.balance) == 0 && len(s.waiting) == 0
}
