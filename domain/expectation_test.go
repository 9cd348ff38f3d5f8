package domain_test

import (
	"slices"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// silence is a purchase of which nothing more is told.
type silence struct {
	of    string // what it is about
	after string // since when something is due
	from  time.Time
	facts []domain.Fact
	// answer is what Stripe says that was not told before; nil: nothing.
	answer domain.Fact
	order  domain.Order
	kind   domain.RefKind
	id     string
}

// silences are all kinds of news that may be due.
func silences() []silence {
	active := sub(0, "active", has("si_1", "price_m", 1, 0, 30))
	ending := active
	ending.Snapshot.CancelAt = on(10)
	yearAndMonth := sub(0, "active", has("si_1", "price_m_year", 1, 0, 365), has("si_2", "price_vault", 1, 0, 30))
	order := func(mode domain.Mode, status domain.OrderStatus) domain.Order {
		o := domain.Order{ID: "o1", Plan: "pro", Mode: mode, Status: status, Session: "cs_1", ExpiresAt: on(1), Quantity: 1}
		if status == domain.OrderPaid {
			o.PaidAt = noon
		}
		return o
	}
	return []silence{
		{of: "a subscription", after: "its period's end", from: on(30), facts: []domain.Fact{active}, kind: domain.RefRenewal, id: "sub_1"},
		{of: "one whose items have periods of their own", after: "the first one's end", from: on(30), facts: []domain.Fact{yearAndMonth}, kind: domain.RefRenewal, id: "sub_1"},
		{
			of: "a trial", after: "its end", from: on(14),
			facts: []domain.Fact{sub(0, "trialing", has("si_1", "price_m", 1, 0, 14))}, kind: domain.RefRenewal, id: "sub_1",
		},
		{of: "a subscription that is to end", after: "its end", from: on(10), facts: []domain.Fact{ending}, kind: domain.RefRenewal, id: "sub_1"},
		{
			of: "`incomplete`: the first payment fails", after: "it began", from: noon,
			facts: []domain.Fact{sub(0, "incomplete", has("si_1", "price_m", 1, 0, 30))}, kind: domain.RefRenewal, id: "sub_1",
		},
		{
			of: "`past_due`, and of no invoice was told that it is open", after: "that was told", from: on(30.5),
			facts: []domain.Fact{sub(30.5, "past_due", has("si_1", "price_m", 1, 30, 60))}, kind: domain.RefRenewal, id: "sub_1",
		},
		{
			of: "`incomplete` or `paused`, and of an invoice or the checkout was told that it is paid", after: "that was told", from: on(2),
			facts: []domain.Fact{sub(0, "incomplete", has("si_1", "price_m", 1, 0, 30)), bill(2, "in_1", "paid", cycle("si_1", "price_m", 1, 1000, 0, 30))},
			kind:  domain.RefRenewal, id: "sub_1",
		},
		{
			of: "a subscription of which an invoice alone was told", after: "that was told", from: noon,
			facts: []domain.Fact{bill(0, "in_1", "paid", cycle("si_1", "price_m", 1, 1000, 0, 30))}, answer: active,
			kind: domain.RefRenewal, id: "sub_1",
		},
		{
			of: "an open invoice", after: "it was due", from: on(30),
			facts: []domain.Fact{bill(30, "in_2", "open", cycle("si_1", "price_m", 1, 1000, 30, 60))}, kind: domain.RefCollection, id: "in_2",
		},
		{of: "a checkout", after: "it expires", from: on(1), order: order(domain.ModePayment, domain.OrderOpen), kind: domain.RefCompletion, id: "o1"},
		{
			of: "a payment that takes days", after: "its checkout expires", from: on(1),
			order: order(domain.ModePayment, domain.OrderAwaitingPayment), kind: domain.RefCompletion, id: "o1",
		},
		{
			of: "a checkout that is paid, and no subscription came", after: "it was paid", from: noon,
			order: order(domain.ModeSubscription, domain.OrderPaid), kind: domain.RefCompletion, id: "o1",
		},
	}
}

func (s silence) account() domain.Account {
	a := accountWith(ana)
	if s.order.ID != "" {
		a = a.WithOrder(s.order)
	}
	return tell(a, market, s.facts...)
}

// due is when news is due.
func (s silence) due() time.Time {
	due, _ := dueOf(s.account(), s.kind, s.id)
	return due
}

// askedAt is when news is due again, once Stripe was asked and said the same.
func (s silence) askedAt(at time.Time) (time.Time, bool) {
	a := s.account()
	for _, f := range append(slices.Clone(s.facts), s.answer) {
		switch f := f.(type) {
		case domain.SubscriptionFact:
			f.Type, f.At = domain.TypeFetched, at
			a, _ = domain.Record(a, f, market)
		case domain.InvoiceFact:
			f.Type, f.At = domain.TypeFetched, at
			a, _ = domain.Record(a, f, market)
		}
	}
	return dueOf(a, s.kind, s.id)
}

func dueOf(a domain.Account, kind domain.RefKind, id string) (time.Time, bool) {
	for _, e := range a.Expectations() {
		if e.Subject == (domain.Ref{Kind: kind, ID: id}) {
			return e.Due, true
		}
	}
	return time.Time{}, false
}

func TestExpectations_NewsIsDueWhenItShouldHaveCome(t *testing.T) {
	t.Parallel()
	want := map[string]time.Duration{
		"a subscription": 2 * time.Hour,
		"one whose items have periods of their own": 2 * time.Hour,
		"a trial":                               2 * time.Hour,
		"a subscription that is to end":         2 * time.Hour,
		"`incomplete`: the first payment fails": 25 * time.Hour,
		"`past_due`, and of no invoice was told that it is open":                               time.Minute,
		"`incomplete` or `paused`, and of an invoice or the checkout was told that it is paid": time.Minute,
		"a subscription of which an invoice alone was told":                                    time.Minute,
		"an open invoice":           5 * day,
		"a checkout":                time.Hour,
		"a payment that takes days": 10 * day,
		"a checkout that is paid, and no subscription came": time.Hour,
	}
	for _, s := range silences() {
		if got := s.due().Sub(s.from); got != want[s.of] {
			t.Errorf("%s: due %s after %s, want %s", s.of, got, s.after, want[s.of])
		}
	}
}

// Who was asked and had nothing new to say is not asked again at once.
func TestExpectations_WhatWasAskedIsNotAskedAgainForAWhile(t *testing.T) {
	t.Parallel()
	for _, s := range silences() {
		if len(s.facts) == 0 {
			continue // an order: what Stripe says of it moves it on, or the question is put again by whoever asks
		}
		asked := s.due().Add(time.Second)
		next, expected := s.askedAt(asked)
		if !expected || next.Sub(asked) < day {
			t.Errorf("%s: asked at %s, and again at %s", s.of, asked, next)
		}
	}
	monthly := silence{facts: []domain.Fact{sub(0, "active", has("si_1", "price_m", 1, 0, 30))}, kind: domain.RefRenewal, id: "sub_1"}
	asked := on(30.5)
	if next, _ := monthly.askedAt(asked); next.Before(asked.Add(month)) {
		t.Errorf("a subscription that Stripe says is unchanged is asked for at %s, before a period has passed since %s", next, asked)
	}
}

func TestExpectations_NewerNewsAnswersThem(t *testing.T) {
	t.Parallel()
	at := func(days float64) domain.Item { return has("si_1", "price_m", 1, days, days+30) }
	month0 := cycle("si_1", "price_m", 1, 1000, 0, 30)
	month1 := cycle("si_1", "price_m", 1, 1000, 30, 60)
	subscription, invoice := domain.Ref{Kind: domain.RefRenewal, ID: "sub_1"}, domain.Ref{Kind: domain.RefCollection, ID: "in_2"}
	order := domain.Ref{Kind: domain.RefCompletion, ID: "o1"}
	bought := domain.Order{ID: "o1", Plan: "pro", Mode: domain.ModeSubscription, Status: domain.OrderOpen, Session: "cs_1", ExpiresAt: on(1), Quantity: 1}
	paidSession := domain.SessionFact{
		Type: "checkout.session.completed", At: noon, ID: "cs_1", Mode: "subscription", Status: "complete", PaymentStatus: "paid",
		Order: "o1", Customer: cusAna, Subscription: "sub_1",
	}
	paidLater := paidSession
	paidLater.At = on(0.5)
	expired := domain.SessionFact{Type: "checkout.session.expired", At: on(1), ID: "cs_1", Status: "expired", PaymentStatus: "unpaid", Order: "o1", Customer: cusAna}
	gone := domain.CustomerFact{Type: "customer.deleted", At: on(3), ID: cusAna, Deleted: true}

	for name, c := range map[string]struct {
		facts []domain.Fact
		about domain.Ref
		due   time.Time // zero: nothing is
	}{
		"the renewal was told":                                      {[]domain.Fact{sub(0, "active", at(0)), sub(30, "active", at(30))}, subscription, on(60).Add(2 * time.Hour)},
		"the invoice of the next period was told":                   {[]domain.Fact{sub(0, "active", at(0)), bill(0, "in_1", "paid", month0), bill(30, "in_2", "paid", month1)}, subscription, on(60).Add(2 * time.Hour)},
		"the end was told":                                          {[]domain.Fact{sub(0, "active", at(0)), sub(9, "canceled", at(0))}, subscription, time.Time{}},
		"it never began":                                            {[]domain.Fact{sub(0, "incomplete", at(0)), sub(1, "incomplete_expired", at(0))}, subscription, time.Time{}},
		"it is paused, and was paid for before":                     {[]domain.Fact{bill(3, "in_1", "paid", month0), sub(14, "paused", at(0))}, subscription, time.Time{}},
		"it is paused, and is paid for after":                       {[]domain.Fact{sub(14, "paused", at(0)), bill(15, "in_1", "paid", month0)}, subscription, on(15).Add(time.Minute)},
		"it is paused, paid for, and goes on":                       {[]domain.Fact{sub(14, "paused", at(0)), bill(30, "in_2", "paid", month1), sub(30, "active", at(30))}, subscription, on(60).Add(2 * time.Hour)},
		"its invoices were told before it":                          {[]domain.Fact{bill(0, "in_1", "paid", month0), sub(0, "active", at(0))}, subscription, on(30).Add(2 * time.Hour)},
		"it is incomplete, and its checkout is paid":                {[]domain.Fact{sub(0, "incomplete", at(0)), paidLater}, subscription, on(0.5).Add(time.Minute)},
		"it is paused":                                              {[]domain.Fact{sub(14, "paused", at(0))}, subscription, time.Time{}},
		"its customer is gone":                                      {[]domain.Fact{sub(0, "active", at(0)), gone}, subscription, time.Time{}},
		"its customer is gone, and of it an invoice alone was told": {[]domain.Fact{bill(0, "in_1", "paid", month0), gone}, subscription, time.Time{}},
		"none of anything is held":                                  {[]domain.Fact{sub(0, "active", has("si_1", "price_m", 0, 0, 30))}, subscription, time.Time{}},
		"past_due, and its invoice was told":                        {[]domain.Fact{sub(30, "past_due", at(30)), bill(30, "in_2", "open", month1)}, subscription, on(60).Add(2 * time.Hour)},
		"the invoice was paid":                                      {[]domain.Fact{bill(30, "in_2", "open", month1), bill(33, "in_2", "paid", month1)}, invoice, time.Time{}},
		"the invoice was voided":                                    {[]domain.Fact{bill(30, "in_2", "open", month1), bill(33, "in_2", "void", month1)}, invoice, time.Time{}},
		"the invoice was given up":                                  {[]domain.Fact{bill(30, "in_2", "uncollectible", month1)}, invoice, time.Time{}},
		"the invoice is a draft":                                    {[]domain.Fact{bill(30, "in_2", "draft", month1)}, invoice, time.Time{}},
		"the invoice is due much later":                             {[]domain.Fact{with(bill(30, "in_2", "open", month1), func(i *domain.Invoice) { i.DueAt = on(90) })}, invoice, on(95)},
		"a checkout that was left":                                  {nil, order, on(1).Add(time.Hour)},
		"a checkout that expired":                                   {[]domain.Fact{expired}, order, time.Time{}},
		"a checkout that is paid":                                   {[]domain.Fact{paidSession}, order, noon.Add(time.Hour)},
		"a checkout that is paid, and led to a subscription":        {[]domain.Fact{paidSession, sub(0, "active", at(0))}, order, time.Time{}},
	} {
		for way, facts := range map[string][]domain.Fact{"as it went": c.facts, "backwards": backwards(c.facts)} {
			a := accountWith(ana)
			if c.about == order || slices.Contains(c.facts, domain.Fact(paidLater)) {
				a = a.WithOrder(bought)
			}
			due, expected := dueOf(tell(a, market, facts...), c.about.Kind, c.about.ID)
			if !due.Equal(c.due) || expected == c.due.IsZero() {
				t.Errorf("%s, %s: due at %s, want %s", name, way, due, c.due)
			}
		}
	}
}

// Stripe tries to collect for two months; who asked after that does not ask for ever.
func TestExpectations_AnOpenInvoiceIsAskedForUntilCollectionEnds(t *testing.T) {
	t.Parallel()
	invoice := bill(30, "in_2", "open", cycle("si_1", "price_m", 1, 1000, 30, 60))
	a, asked := tell(accountWith(ana), market, invoice), 0
	for {
		due, expected := dueOf(a, domain.RefCollection, "in_2")
		if !expected {
			break
		}
		if asked++; asked > 20 {
			t.Fatalf("asked for %d times, at last at %s", asked, due)
		}
		invoice.Type, invoice.At = domain.TypeFetched, due.Add(time.Second)
		a, _ = domain.Record(a, invoice, market)
	}
	if asked < 10 {
		t.Errorf("asked for %d times in two months, want every five days", asked)
	}
}

// What an order without a session waits for, nobody can be asked.
func TestExpectations_AreSortedAndEachIsOfAnotherSubject(t *testing.T) {
	t.Parallel()
	a := accountWith(ana, domain.Order{ID: "o0", Plan: "pro", Mode: domain.ModeSubscription, Status: domain.OrderPending, ExpiresAt: on(1)})
	for _, s := range silences() {
		if s.order.ID != "" {
			a = a.WithOrder(s.order)
		}
		a = tell(a, market, s.facts...)
	}
	all := a.Expectations()
	if len(all) != 3 {
		t.Errorf("got %v, want one of the subscription, of the invoice and of the order with a session", all)
	}
	for n := 1; n < len(all); n++ {
		if p, q := all[n-1].Subject, all[n].Subject; p.Kind > q.Kind || p.Kind == q.Kind && p.ID >= q.ID {
			t.Errorf("%+v comes before %+v", p, q)
		}
	}
}
