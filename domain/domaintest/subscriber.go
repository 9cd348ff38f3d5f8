package domaintest

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
)

// subscriber is a subscription while its story is told: what Stripe has now, and
// what the model knows to be true of the money, which no single object says.
type subscriber struct {
	*story
	is domain.Subscription

	was []domain.SubscriptionFact // every state so far, in order

	owed     []owed // what began and is not paid for, oldest first
	debit    bool   // the checkout was left to a bank debit that has not come
	orphaned bool   // its customer is gone
	invoices int
	period   int // its how manieth, from 0
}

// owed is an invoice that was not paid yet.
type owed struct {
	invoice domain.InvoiceFact
	period  int
}

// subscribe tells the life of a subscription.
func (s *story) subscribe() {
	sub := &subscriber{story: s, is: domain.Subscription{
		ID: domain.SubscriptionID("sub_" + s.name), Customer: s.customer, StartedAt: s.now,
		PeriodStart: s.now, PeriodEnd: s.now.Add(Month),
		Items: []domain.Item{{ID: "si_" + s.name, Price: "price_pro", Quantity: 1}},
	}}
	s.sub = sub
	sub.begin()
	for range rapid.IntRange(0, 8).Draw(s.t, "turns") {
		sub.turn()
	}
}

// begin tells how the subscription came about: by a checkout of ours with any of
// its outcomes, or by hand in Stripe's dashboard.
func (s *subscriber) begin() {
	how := s.pick("begins", "card", "card", "card slow", "trial", "bank debit", "bank debit pending", "bank debit fails", "abandoned", "dashboard")
	if how != "dashboard" {
		s.order = PendingOrder(domain.OrderID("ord_"+s.name), "pro")
		s.session(domain.TypeFetched, "open", "unpaid")
		s.soon()
		if rapid.Bool().Draw(s.t, "metadata kept") {
			s.is.Order = s.order.ID
		}
	}
	s.is.StartedAt, s.is.PeriodStart, s.is.PeriodEnd = s.now, s.now, s.now.Add(Month)

	linked := func(f *domain.SessionFact) { f.Subscription = s.is.ID }
	switch how {
	case "card", "dashboard":
		s.says("customer.subscription.created", domain.StatusActive)
		s.pays(s.bill(2900))
	case "card slow":
		s.says("customer.subscription.created", domain.StatusIncomplete)
		first := s.bill(2900)
		s.soon()
		s.says("customer.subscription.updated", domain.StatusActive)
		s.pays(first)
	case "trial":
		s.is.PeriodEnd = s.now.Add(14 * Day)
		s.is.TrialEnd = s.is.PeriodEnd
		s.says("customer.subscription.created", domain.StatusTrialing)
		s.pays(s.bill(0))
		s.session("checkout.session.completed", "complete", "no_payment_required", linked)
		return
	case "abandoned":
		s.says("customer.subscription.created", domain.StatusIncomplete)
		s.wait(Day)
		s.says("customer.subscription.updated", domain.StatusIncompleteExpired)
		s.session("checkout.session.expired", "expired", "unpaid")
		return
	case "bank debit", "bank debit pending", "bank debit fails":
		s.debit = true
		s.says("customer.subscription.created", domain.StatusActive)
		first := s.bill(2900)
		s.session("checkout.session.completed", "complete", "unpaid", linked)
		s.wait(2 * Day)
		switch how {
		case "bank debit":
			s.session("checkout.session.async_payment_succeeded", "complete", "paid", linked)
			s.pays(first)
		case "bank debit fails":
			s.session("checkout.session.async_payment_failed", "complete", "unpaid", linked)
			s.fails(first)
		}
		return
	}
	if how != "dashboard" {
		s.session("checkout.session.completed", "complete", "paid", linked)
	}
}

// turn tells one more thing that may happen to the subscription as it is.
func (s *subscriber) turn() {
	s.soon()
	if len(s.paid) > 0 && rapid.IntRange(0, 3).Draw(s.t, "money") == 0 {
		s.turnOfMoney()
		return
	}
	switch s.is.Status {
	case domain.StatusActive, domain.StatusTrialing:
		s.turnWhileGood()
	case domain.StatusPastDue, domain.StatusUnpaid:
		s.turnWhileOwing()
	case domain.StatusPaused:
		s.wait(time.Hour)
		s.is.PeriodStart, s.is.PeriodEnd = s.now, s.now.Add(Month)
		s.period++
		s.says("customer.subscription.resumed", domain.StatusActive)
		s.says("customer.subscription.updated", domain.StatusActive)
		s.pays(s.bill(2900))
	default: // it has ended: nothing happens to it again but being looked at
		s.fetched()
	}
}

func (s *subscriber) turnWhileGood() {
	if s.debit {
		s.turnWhileDebitIsOut()
		return
	}
	scheduled := s.is.CancelAtPeriodEnd || !s.is.CancelAt.IsZero()
	switch s.pick("turn", "renews", "renews", "fails to renew", "fails to renew", "cancels by flag", "cancels by date",
		"undoes", "changes plan", "adds an item", "changes quantity", "upgrades once paid", "runs out of trial", "is paused", "is looked at", "warns", "ends") {
	case "renews":
		if !scheduled {
			s.nextPeriod(domain.StatusActive)
			s.soon()
			s.pays(s.owed[0])
		}
	case "fails to renew":
		if !scheduled {
			s.nextPeriod(domain.StatusActive)
			s.wait(time.Hour)
			s.fails(s.owed[0])
			s.says("customer.subscription.updated", domain.StatusPastDue)
		}
	case "cancels by flag":
		s.is.CancelAtPeriodEnd, s.is.CancelAt = true, s.is.PeriodEnd
		s.says("customer.subscription.updated", s.is.Status)
	case "cancels by date":
		s.is.CancelAtPeriodEnd = false
		s.is.CancelAt = s.now.Add(time.Duration(rapid.IntRange(1, 60).Draw(s.t, "days")) * Day)
		s.says("customer.subscription.updated", s.is.Status)
	case "undoes":
		s.is.CancelAtPeriodEnd, s.is.CancelAt = false, time.Time{}
		s.says("customer.subscription.updated", s.is.Status)
	case "changes plan":
		s.is.Items = []domain.Item{rapid.SampledFrom([]domain.Item{
			{ID: s.is.Items[0].ID, Price: "price_team", Quantity: 3},
			{ID: s.is.Items[0].ID, Price: "price_made_by_stripe", LookupKey: "pro_yearly", Quantity: 1},
			{ID: s.is.Items[0].ID, Price: "price_pro", Quantity: 2},
		}).Draw(s.t, "to")}
		s.says("customer.subscription.updated", s.is.Status)
		s.pays(s.bill(700)) // the difference, until the period's end
	case "adds an item":
		if len(s.is.Items) == 1 && s.is.Items[0].Price != "price_team" {
			s.is.Items = append(slices.Clone(s.is.Items), domain.Item{ID: s.is.Items[0].ID + "_2", Price: "price_team", Quantity: 4})
			s.says("customer.subscription.updated", s.is.Status)
		}
	case "upgrades once paid":
		s.says("customer.subscription.updated", s.is.Status) // the update is pending: the items are the old ones
		s.soon()
		if s.chance("paid in time") {
			item := s.is.Items[0]
			item.Quantity += 10
			s.is.Items = append([]domain.Item{item}, s.is.Items[1:]...)
			s.says("customer.subscription.pending_update_applied", s.is.Status)
			s.says("customer.subscription.updated", s.is.Status)
		} else {
			s.says("customer.subscription.pending_update_expired", s.is.Status)
		}
	case "is paused":
		s.says("customer.subscription.paused", domain.StatusPaused)
		s.says("customer.subscription.updated", domain.StatusPaused)
	case "changes quantity":
		item := s.is.Items[0]
		item.Quantity = int64(rapid.IntRange(1, 9).Draw(s.t, "quantity"))
		s.is.Items = append([]domain.Item{item}, s.is.Items[1:]...)
		s.says("customer.subscription.updated", s.is.Status)
	case "runs out of trial":
		if s.is.Status == domain.StatusTrialing {
			s.says("customer.subscription.paused", domain.StatusPaused)
			s.says("customer.subscription.updated", domain.StatusPaused)
		}
	case "is looked at":
		s.fetched()
	case "warns":
		s.story.says(domain.SubscriptionFact{Type: "customer.subscription.trial_will_end", At: s.now, Snapshot: s.is})
	case "ends":
		s.ends()
	}
}

// turnWhileDebitIsOut: Stripe calls the subscription active, the money is not there.
func (s *subscriber) turnWhileDebitIsOut() {
	switch s.pick("turn", "pays after all", "is looked at", "ends") {
	case "pays after all":
		s.pays(s.owed[0])
	case "is looked at":
		s.fetched()
	case "ends":
		s.ends()
	}
}

func (s *subscriber) turnWhileOwing() {
	switch s.pick("turn", "pays", "pays", "period moves on", "gives up", "ends", "cancels by flag", "is looked at") {
	case "pays":
		for len(s.owed) > 0 {
			s.pays(s.owed[0])
		}
		s.says("customer.subscription.updated", domain.StatusActive)
	case "period moves on":
		s.nextPeriod(s.is.Status)
		s.wait(time.Hour)
		s.fails(s.owed[len(s.owed)-1])
	case "gives up":
		s.says("customer.subscription.updated", domain.StatusUnpaid)
	case "ends":
		s.ends()
	case "cancels by flag":
		s.is.CancelAtPeriodEnd, s.is.CancelAt = true, s.is.PeriodEnd
		s.says("customer.subscription.updated", s.is.Status)
	case "is looked at":
		s.fetched()
	}
}

// nextPeriod moves the period on, as Stripe does before the money is there.
func (s *subscriber) nextPeriod(status domain.SubscriptionStatus) {
	if s.now.Before(s.is.PeriodEnd) {
		s.now = s.is.PeriodEnd
	}
	s.is.PeriodStart, s.is.PeriodEnd = s.is.PeriodEnd, s.is.PeriodEnd.Add(Month)
	s.period++
	s.says("customer.subscription.updated", status)
	s.bill(2900)
}

func (s *subscriber) ends() {
	s.is.EndedAt = s.now
	s.says("customer.subscription.deleted", domain.StatusCanceled)
}

func (s *subscriber) ended() bool {
	return s.is.Status == domain.StatusCanceled || s.is.Status == domain.StatusIncompleteExpired
}

// says tells how the subscription is now. Changes of one second are told in either
// order and nothing in them says which came last.
func (s *subscriber) says(kind domain.EventType, status domain.SubscriptionStatus) {
	s.is.Status = status
	f := domain.SubscriptionFact{Type: kind, At: s.now, Snapshot: s.is}
	s.was = append(s.was, f)
	s.story.says(f)
}

// fetched tells what an asker would be told, which is the end of this second.
func (s *subscriber) fetched() {
	s.says(domain.TypeFetched, s.is.Status)
	s.wait(time.Second)
}

// bill makes an invoice of the current period.
func (s *subscriber) bill(amount int64) owed {
	s.invoices++
	o := owed{period: s.period, invoice: domain.InvoiceFact{
		At: s.now, ID: domain.InvoiceID(fmt.Sprintf("in_%s_%d", s.name, s.invoices)), Customer: s.customer,
		Subscription: s.is.ID, Amount: amount, Currency: "usd",
		PeriodStart: s.is.PeriodStart, PeriodEnd: s.is.PeriodEnd,
	}}
	s.owed = append(s.owed, o)
	return o
}

// pays settles an invoice, which Stripe says twice.
func (s *subscriber) pays(o owed) {
	s.debit = false
	s.owed = slices.DeleteFunc(s.owed, func(other owed) bool { return other.invoice.ID == o.invoice.ID })
	for _, kind := range []domain.EventType{"invoice.payment_succeeded", "invoice.paid"} {
		s.tellInvoice(o, kind)
	}
	if o.invoice.Amount > 0 {
		s.collect(&collection{
			intent: intentOf(o.invoice.ID), invoice: o.invoice.ID, amount: o.invoice.Amount,
			period: o.period, start: o.invoice.PeriodStart,
		})
	}
}

func (s *subscriber) fails(o owed) { s.tellInvoice(o, "invoice.payment_failed") }

// tellInvoice tells how an invoice is now; what pays it is said until API version
// acacia only.
func (s *subscriber) tellInvoice(o owed, kind domain.EventType) {
	f := o.invoice
	f.Type, f.At = kind, s.now
	if f.Amount > 0 && !s.chance("since basil") {
		f.PaymentIntent = intentOf(f.ID)
	}
	s.story.says(f)
}

func intentOf(invoice domain.InvoiceID) domain.PaymentIntentID {
	return domain.PaymentIntentID("pi_" + string(invoice))
}
