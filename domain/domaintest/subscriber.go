package domaintest

import (
	"cmp"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
)

// subscriber is a subscription while its story is told: what Stripe has now, and
// what the model knows to be true of the money, which no single object says.
type subscriber struct {
	*story
	is    domain.Subscription // without items
	items []*item             // those that it has, and those that it had

	was []domain.SubscriptionFact // every state so far, in order

	invoices []*invoice // oldest first
	ledger   []*bought  // what was billed, oldest first
	waiting  []billable // for the next invoice
	balance  balance

	method  domain.CollectionMethod
	netDays time.Duration // of invoices that are sent

	debit     bool // the checkout was left to a bank debit that has not come
	free      bool // a coupon takes all of it, for good
	orphaned  bool // its customer is gone
	pending   *pendingUpdate
	hasCredit bool // the customer's balance is this subscription's affair
}

// item is one of the things that a subscription is to.
type item struct {
	domain.Item
	removed bool
	removal *bought // what was given back when it was removed; nil: nothing
	swapped *item   // for which it was removed; nil: for none
}

func (i *item) tariff() tariff { return tariffs[i.Price] }

// subscribe tells the life of a subscription.
func (s *story) subscribe(hasCredit bool, turns int) {
	sub := &subscriber{story: s, is: domain.Subscription{
		ID: domain.SubscriptionID("sub_" + s.name), Customer: s.customer,
	}, method: domain.ChargeAutomatically, hasCredit: hasCredit}
	s.sub = sub
	sub.begin()
	for range rapid.IntRange(0, turns).Draw(s.t, "turns") {
		sub.nextTurn()
	}
}

// begin tells how the subscription came about: by a checkout of ours with any of
// its outcomes, or by hand in Stripe's dashboard.
func (s *subscriber) begin() {
	how := s.choose("begins", "card", "card", "card", "card slow", "trial", "free", "free", "bank debit", "bank debit pending",
		"bank debit fails", "abandoned", "dashboard", "dashboard", "invoiced by hand")
	price := domain.PriceID(s.choose("subscription to", "price_pro", "price_pro", "price_made_by_stripe", "price_team", "price_studio", "price_studio", "price_usage"))
	if how == "trial" && price != "price_pro" {
		price = "price_studio"
	}
	first := s.newItem(price, int64(rapid.SampledFrom([]int{1, 1, 2, 5}).Draw(s.t, "quantity")))
	byCheckout := how != "dashboard" && how != "invoiced by hand"
	if byCheckout {
		s.makeOrder(tariffs[price].plan, price, first.Quantity)
		s.session(domain.TypeFetched, "open", "unpaid")
		s.soon()
		if s.seldom("a foreign session", 8) {
			s.foreignSession()
			s.soon()
		}
		if s.chance("metadata kept") {
			s.is.Order = s.order.ID
		}
	}
	s.is.StartedAt = s.now
	first.PeriodStart, first.PeriodEnd = s.now, s.now.Add(first.tariff().every)
	if s.seldom("an add-on from the beginning", 4) && how != "trial" {
		addOn := s.newItem(domain.PriceID(s.pick("the add-on", "price_storage", "price_basic")), 1)
		addOn.PeriodStart, addOn.PeriodEnd = s.now, s.now.Add(Month)
	}
	linked := func(f *domain.SessionFact) { f.Subscription = s.is.ID }
	switch how {
	case "card", "dashboard":
		i := s.billPeriods("subscription_create")
		s.says("customer.subscription.created", domain.StatusActive)
		s.isPaid(i)
	case "card slow":
		i := s.billPeriods("subscription_create")
		if i.is.Status == domain.InvoicePaid {
			s.says("customer.subscription.created", domain.StatusActive)
			s.tellPaid(i)
			break
		}
		s.says("customer.subscription.created", domain.StatusIncomplete)
		if s.chance("finalization told") {
			s.tell(i, "invoice.finalized")
		}
		s.soon()
		s.says("customer.subscription.updated", domain.StatusActive)
		s.isPaid(i)
	case "free":
		s.free = true
		i := s.billPeriods("subscription_create")
		s.says("customer.subscription.created", domain.StatusActive)
		s.tellPaid(i)
		if s.chance("the session is lost") && s.is.Order != "" {
			return
		}
		s.session("checkout.session.completed", "complete", "no_payment_required", linked, func(f *domain.SessionFact) { f.Amount = 0 })
		return
	case "trial":
		s.is.TrialEnd = s.now.Add(14 * Day)
		first.PeriodEnd = s.is.TrialEnd
		i := s.bill("subscription_create", billable{line: domain.Line{
			Kind: domain.LineCycle, Item: first.ID, Price: first.Price, Product: first.Product, Quantity: first.Quantity,
			From: s.now, Until: s.is.TrialEnd,
		}})
		s.finalize(i)
		s.says("customer.subscription.created", domain.StatusTrialing)
		s.tellPaid(i)
		s.session("checkout.session.completed", "complete", "no_payment_required", linked, func(f *domain.SessionFact) { f.Amount = 0 })
		return
	case "abandoned":
		i := s.billPeriods("subscription_create")
		if i.is.Status == domain.InvoicePaid { // nothing to pay: there is nothing to abandon
			s.says("customer.subscription.created", domain.StatusActive)
			s.tellPaid(i)
			break
		}
		s.says("customer.subscription.created", domain.StatusIncomplete)
		s.tell(i, "invoice.finalized")
		s.wait(23 * time.Hour)
		s.voids(i)
		s.says("customer.subscription.updated", domain.StatusIncompleteExpired)
		s.session("checkout.session.expired", "expired", "unpaid")
		return
	case "bank debit", "bank debit pending", "bank debit fails":
		s.debit = true
		i := s.billPeriods("subscription_create")
		s.says("customer.subscription.created", domain.StatusActive)
		if i.is.Status == domain.InvoicePaid {
			s.tellPaid(i)
			break
		}
		s.tell(i, "invoice.finalized")
		s.session("checkout.session.completed", "complete", "unpaid", linked)
		s.wait(2 * Day)
		switch how {
		case "bank debit":
			s.session("checkout.session.async_payment_succeeded", "complete", "paid", linked)
			s.isPaid(i)
		case "bank debit fails":
			s.session("checkout.session.async_payment_failed", "complete", "unpaid", linked)
			s.tell(i, "invoice.payment_failed")
		}
		return
	case "invoiced by hand": // in the dashboard, to be paid within some days
		s.method, s.netDays = domain.SendInvoice, time.Duration(rapid.SampledFrom([]int{7, 30, 60}).Draw(s.t, "net days"))*Day
		i := s.billPeriods("subscription_create")
		s.says("customer.subscription.created", domain.StatusActive)
		if i.is.Status == domain.InvoicePaid {
			s.tellPaid(i)
			return
		}
		s.tell(i, "invoice.finalized")
		s.tell(i, "invoice.sent")
		return
	}
	if byCheckout {
		s.session("checkout.session.completed", "complete", "paid", linked)
	}
}

// newItem adds an item, which has to be told yet.
func (s *subscriber) newItem(price domain.PriceID, quantity int64) *item {
	p := tariffs[price]
	if p.metered {
		quantity = 1 // it has none
	}
	i := &item{Item: domain.Item{
		ID: "si_" + s.name + "_" + string(rune('a'+len(s.items))), Price: price, LookupKey: p.lookup,
		Product: "prod_" + string(p.plan), Quantity: quantity,
	}}
	s.items = append(s.items, i)
	return i
}

// held are the items that the subscription has.
func (s *subscriber) held() []*item {
	return slices.DeleteFunc(slices.Clone(s.items), func(i *item) bool { return i.removed })
}

// periodEnd is when the first of its periods ends, and lastEnd when the last does.
func (s *subscriber) periodEnd() time.Time {
	return slices.MinFunc(s.held(), func(i, j *item) int { return i.PeriodEnd.Compare(j.PeriodEnd) }).PeriodEnd
}

func (s *subscriber) lastEnd() time.Time {
	return slices.MaxFunc(s.held(), func(i, j *item) int { return i.PeriodEnd.Compare(j.PeriodEnd) }).PeriodEnd
}

func (s *subscriber) ended() bool {
	return s.is.Status == domain.StatusCanceled || s.is.Status == domain.StatusIncompleteExpired
}

func (s *subscriber) ends() {
	s.is.EndedAt = s.now
	s.says("customer.subscription.deleted", domain.StatusCanceled)
}

// says tells how the subscription is now. Changes of one second are told in either
// order and nothing in them says which came last.
func (s *subscriber) says(kind domain.EventType, status domain.SubscriptionStatus) {
	s.is.Status = status
	if s.is.CancelAtPeriodEnd && !s.ended() {
		s.is.CancelAt = s.lastEnd()
	}
	f := domain.SubscriptionFact{Type: kind, At: s.now, Snapshot: s.is}
	for _, i := range s.held() {
		f.Snapshot.Items = append(f.Snapshot.Items, i.Item)
	}
	slices.SortFunc(f.Snapshot.Items, func(i, j domain.Item) int { return cmp.Compare(i.ID, j.ID) })
	s.turn("status", string(status))
	s.turn("pause", string(s.is.Pause))
	s.was = append(s.was, f)
	s.story.says(f)
}

// fetched tells what an asker would be told, which is the end of this second.
func (s *subscriber) fetched() {
	s.says(domain.TypeFetched, s.is.Status)
	s.wait(time.Second)
}
