package domain_test

import (
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

const (
	created = domain.EventType("customer.subscription.created")
	updated = domain.EventType("customer.subscription.updated")
	deleted = domain.EventType("customer.subscription.deleted")
	paid    = domain.EventType("invoice.paid")
	failed  = domain.EventType("invoice.payment_failed")
)

// The stories are about Ana's subscription to pro: months of 30 days from noon,
// 14 days of grace, a day of leeway. until is when access ends by itself if
// nothing more is heard; zero: there is none.
func TestSubscription_AccessEndsWhenTheRulesSay(t *testing.T) {
	t.Parallel()
	nextMonth := noon.Add(month)
	flagged := func(s *domain.Subscription) { s.CancelAtPeriodEnd = true }
	cancelAt := func(at time.Time) func(*domain.Subscription) {
		return func(s *domain.Subscription) { s.CancelAt = at }
	}
	trial := func(s *domain.Subscription) { s.PeriodEnd = noon.Add(14 * day); s.TrialEnd = s.PeriodEnd }
	at := func(d time.Duration) time.Time { return noon.Add(d) }

	for name, story := range map[string]struct {
		facts []domain.Fact
		until time.Time
	}{
		"active: until the period's end and a day": {
			[]domain.Fact{subscriptionSays(created, noon, "active"), invoiceSays(paid, 0)},
			nextMonth.Add(day),
		},
		"trialing: until the trial's end and a day": {
			[]domain.Fact{subscriptionSays(created, noon, "trialing", trial)},
			noon.Add(15 * day),
		},
		"incomplete: nothing":         {facts: []domain.Fact{subscriptionSays(created, noon, "incomplete")}},
		"incomplete_expired: nothing": {facts: []domain.Fact{subscriptionSays(updated, noon, "incomplete_expired")}},
		"unpaid: nothing":             {facts: []domain.Fact{subscriptionSays(updated, noon, "unpaid")}},
		"paused: nothing":             {facts: []domain.Fact{subscriptionSays(updated, noon, "paused")}},
		"canceled: nothing":           {facts: []domain.Fact{subscriptionSays(deleted, noon, "canceled")}},
		"renewed, not yet paid: Stripe moved the period on, and says active": {
			[]domain.Fact{
				subscriptionSays(created, noon, "active"), invoiceSays(paid, 0),
				subscriptionSays(updated, nextMonth, "active", inMonth(1)),
			},
			at(2*month + day),
		},
		"past due: grace runs from the start of the unpaid period": {
			[]domain.Fact{
				subscriptionSays(created, noon, "active"), invoiceSays(paid, 0),
				subscriptionSays(updated, nextMonth, "past_due", inMonth(1)), invoiceSays(failed, 1),
			},
			nextMonth.Add(14 * day),
		},
		"past due over a second period: the grace does not start again": {
			[]domain.Fact{
				subscriptionSays(created, noon, "active"), invoiceSays(paid, 0),
				subscriptionSays(updated, nextMonth, "past_due", inMonth(1)), invoiceSays(failed, 1),
				subscriptionSays(updated, at(2*month), "past_due", inMonth(2)), invoiceSays(failed, 2),
			},
			nextMonth.Add(14 * day),
		},
		"past due and no payment was ever told: grace from the period that we see": {
			[]domain.Fact{subscriptionSays(updated, nextMonth, "past_due", inMonth(1))},
			nextMonth.Add(14 * day),
		},
		"past due for an invoice in between, the month itself paid: grace from where it ends": {
			[]domain.Fact{subscriptionSays(updated, noon, "past_due"), invoiceSays(paid, 0)},
			nextMonth.Add(14 * day),
		},
		"past due after a change from years to months: grace from the months' end": {
			[]domain.Fact{
				func() domain.Fact { i := invoiceSays(paid, 0); i.PeriodEnd = noon.Add(12 * month); return i }(), invoiceSays(paid, 1),
				subscriptionSays(updated, at(2*month), "past_due", inMonth(2)), invoiceSays(failed, 2),
			},
			at(2*month + 14*day),
		},
		"past due, then paid: as if nothing had been": {
			[]domain.Fact{
				subscriptionSays(updated, nextMonth, "past_due", inMonth(1)), invoiceSays(failed, 1),
				subscriptionSays(updated, at(month+3*day), "active", inMonth(1)), invoiceSays(paid, 1),
			},
			at(2*month + day),
		},
		"past due again a year later: a new grace": {
			[]domain.Fact{
				invoiceSays(paid, 0), invoiceSays(failed, 1), invoiceSays(paid, 1), invoiceSays(paid, 2),
				subscriptionSays(updated, at(3*month), "past_due", inMonth(3)), invoiceSays(failed, 3),
			},
			at(3*month + 14*day),
		},
		"canceled by the flag: to the very end of the period": {
			[]domain.Fact{subscriptionSays(updated, noon, "active", flagged)},
			nextMonth,
		},
		"canceled by date alone: to that very moment": {
			[]domain.Fact{subscriptionSays(updated, noon, "active", cancelAt(at(10*day)))},
			at(10 * day),
		},
		"canceled by date after this period: the period's end and a day, for now": {
			[]domain.Fact{subscriptionSays(updated, noon, "active", cancelAt(at(3*month)))},
			nextMonth.Add(day),
		},
		"cancellation undone: leeway again": {
			[]domain.Fact{
				subscriptionSays(updated, noon, "active", flagged, cancelAt(nextMonth)),
				subscriptionSays(updated, noon.Add(time.Second), "active"),
			},
			nextMonth.Add(day),
		},
		"past due and canceled: whichever ends first": {
			[]domain.Fact{invoiceSays(paid, 0), subscriptionSays(updated, nextMonth, "past_due", inMonth(1), cancelAt(at(month+2*day)))},
			at(month + 2*day),
		},
		"ended before its time: at once": {
			facts: []domain.Fact{subscriptionSays(created, noon, "active"), subscriptionSays(deleted, noon.Add(day), "canceled")},
		},
		"ended, and an older update comes late: stays ended": {
			facts: []domain.Fact{subscriptionSays(deleted, noon.Add(day), "canceled"), subscriptionSays(updated, noon.Add(time.Hour), "active")},
		},
		"ended, and an update claims to be newer: stays ended": {
			facts: []domain.Fact{subscriptionSays(deleted, noon, "canceled"), subscriptionSays(updated, noon.Add(day), "active")},
		},
		"created and updated within one second, delivered the wrong way round": {
			[]domain.Fact{subscriptionSays(updated, noon, "active"), subscriptionSays(created, noon, "incomplete")},
			nextMonth.Add(day),
		},
		"period not told: no end of its own": {
			[]domain.Fact{subscriptionSays(updated, noon, "active", func(s *domain.Subscription) { s.PeriodEnd = time.Time{} })},
			never,
		},
		"period not told, canceled by date: to that moment": {
			[]domain.Fact{subscriptionSays(updated, noon, "active", cancelAt(at(day)), func(s *domain.Subscription) { s.PeriodEnd = time.Time{} })},
			at(day),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := after(accountWith(ana), story.facts...)
			switch story.until {
			case time.Time{}:
				if got := domain.Entitlements(a, shop); len(got) > 0 {
					t.Errorf("got %v, want nothing", got)
				}
			case never:
				if !holds(a, "sso", noon.Add(1000*day)) {
					t.Errorf("access ends")
				}
			default:
				last := story.until.Add(-time.Second)
				if !holds(a, "sso", last) || holds(a, "sso", story.until) {
					t.Errorf("a second before %s: %t, then: %t; want true, false", story.until, holds(a, "sso", last), holds(a, "sso", story.until))
				}
			}
		})
	}
}

// never stands for an access without an end.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// Bank debit and the like: Stripe says active days before the money comes.
func TestSubscription_DelayedMethodGrantsOnlyOnceTheMoneyIsThere(t *testing.T) {
	t.Parallel()
	linked := func(s domain.SessionFact) domain.Fact { s.Subscription = "sub_1"; return s }
	waiting := linked(sessionSays("checkout.session.completed", noon, "complete", "unpaid"))
	failing := linked(sessionSays("checkout.session.async_payment_failed", noon.Add(2*day), "complete", "unpaid"))
	arrived := linked(sessionSays("checkout.session.async_payment_succeeded", noon.Add(2*day), "complete", "paid"))
	active := subscriptionSays(created, noon, "active")
	byMetadata := subscriptionSays(created, noon, "active", func(s *domain.Subscription) { s.Order = "o1" })
	trialing := subscriptionSays(created, noon, "trialing", func(s *domain.Subscription) { s.Order = "o1" })
	nothingDue := invoiceSays(paid, 0)
	nothingDue.Amount = 0

	for name, story := range map[string]struct {
		facts    []domain.Fact
		entitled bool
	}{
		"money on its way: nothing":                           {[]domain.Fact{active, waiting}, false},
		"the same, known by the subscription's metadata only": {[]domain.Fact{byMetadata, sessionSays("checkout.session.completed", noon, "complete", "unpaid")}, false},
		"active before the checkout says anything: nothing":   {[]domain.Fact{byMetadata}, false},
		"an invoice is paid before the checkout says so":      {[]domain.Fact{byMetadata, invoiceSays(paid, 0)}, true},
		"a trial needs no money":                              {[]domain.Fact{trialing}, true},
		"money came":                                          {[]domain.Fact{active, waiting, arrived}, true},
		"money failed: nothing":                               {[]domain.Fact{active, waiting, failing}, false},
		"failed, then a later invoice is paid":                {[]domain.Fact{active, waiting, failing, invoiceSays(paid, 1)}, true},
		"an invoice of nothing settles no debt":               {[]domain.Fact{active, waiting, nothingDue}, false},
		"a failed invoice settles no debt":                    {[]domain.Fact{active, waiting, invoiceSays(failed, 0)}, false},
		"another subscription's invoice neither":              {[]domain.Fact{active, waiting, func() domain.Fact { i := invoiceSays(paid, 0); i.Subscription = "sub_2"; return i }()}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := after(accountWith(ana, pendingOrder("o1", "pro")), story.facts...)
			if got := holds(a, "sso", noon.Add(3*day)); got != story.entitled {
				t.Errorf("entitled is %t, want %t", got, story.entitled)
			}
		})
	}
}

// When a price is raised its lookup key moves to the next one, and those who pay
// the old price keep what they bought.
func TestSubscription_PriceThatLostItsLookupKeyStaysWithItsPlan(t *testing.T) {
	t.Parallel()
	order := pendingOrder("o1", "pro")
	order.PriceID = "price_old"
	moved := subscriptionSays(updated, noon, "active", func(s *domain.Subscription) {
		s.Items = []domain.Item{{ID: "si_1", Price: "price_old", Quantity: 1}}
	})
	a, verdict := domain.Record(after(accountWith(ana, order), sessionSays("checkout.session.completed", noon, "complete", "paid")), moved, shop)
	if verdict.Outcome != domain.OutcomeApplied || !holds(a, "sso", noon.Add(day)) {
		t.Errorf("got %+v and sso %t, want applied and true", verdict, holds(a, "sso", noon.Add(day)))
	}
}

func TestAccount_LateEventOfADeletedCustomerIsStillItsUsers(t *testing.T) {
	t.Parallel()
	a := after(accountWith(ana), subscriptionSays(created, noon, "active")).WithoutCustomer("key")
	if a.Customer != "" || a.CustomerKey != "key" {
		t.Errorf("the customer is still there: %+v", a)
	}
	a = after(a, subscriptionSays(deleted, noon.Add(day), "canceled"))
	if holds(a, "sso", noon.Add(2*day)) {
		t.Error("the end of the subscription was taken for somebody else's")
	}
}

func TestAccount_OneTrialEverAndNoSecondOneMeanwhile(t *testing.T) {
	t.Parallel()
	trial := func(status domain.OrderStatus) domain.Account {
		o := pendingOrder("o1", "pro")
		o.TrialDays, o.Status, o.ExpiresAt = 14, status, noon.Add(day)
		return accountWith(ana, o)
	}
	for name, c := range map[string]struct {
		account domain.Account
		at      time.Time
		want    bool
	}{
		"nothing yet":                       {accountWith(ana), noon, false},
		"a checkout with a trial is open":   {trial(domain.OrderOpen), noon, true},
		"it was never completed":            {trial(domain.OrderOpen), noon.Add(day), false},
		"it expired":                        {trial(domain.OrderExpired), noon, false},
		"it was completed":                  {trial(domain.OrderPaid), noon.Add(month), true},
		"a trial that ended":                {after(accountWith(ana), subscriptionSays(deleted, noon, "canceled", func(s *domain.Subscription) { s.TrialEnd = noon })), noon.Add(month), true},
		"a subscription without any trial":  {after(accountWith(ana), subscriptionSays(created, noon, "active")), noon, false},
		"a paid order that had none either": {accountWith(ana, pendingOrder("o1", "pro")), noon, false},
	} {
		if got := c.account.HadTrial(c.at); got != c.want {
			t.Errorf("%s: %t, want %t", name, got, c.want)
		}
	}
}

// The customer is made before anything is bought: a purchase of an account
// without one can only be somebody else's.
func TestRecord_AccountWithoutACustomerOwnsNothing(t *testing.T) {
	t.Parallel()
	a := domain.NewAccount(ana).WithOrder(pendingOrder("o1", "pro"))
	for _, fact := range []domain.Fact{
		sessionSays("checkout.session.completed", noon, "complete", "paid"),
		subscriptionSays(created, noon, "active"),
		invoiceSays(paid, 0),
	} {
		if _, verdict := domain.Record(a, fact, shop); verdict.Outcome != domain.OutcomeIgnored {
			t.Errorf("%T: %+v, want ignored", fact, verdict)
		}
	}
}

func TestSubscription_GivesWhatItsCurrentItemsArePlansOf(t *testing.T) {
	t.Parallel()
	items := func(all ...domain.Item) func(*domain.Subscription) {
		return func(s *domain.Subscription) { s.Items = all }
	}
	pro := domain.Item{ID: "si_1", Price: "price_pro", Quantity: 1}
	yearly := domain.Item{ID: "si_1", Price: "price_of_today", LookupKey: "pro_yearly", Quantity: 2}
	team := domain.Item{ID: "si_2", Price: "price_team", Quantity: 7}

	limits := func(items func(*domain.Subscription)) map[domain.FeatureKey]int64 {
		a := after(accountWith(ana), subscriptionSays(created, noon, "active"), subscriptionSays(updated, noon.Add(time.Hour), "active", items))
		got := map[domain.FeatureKey]int64{}
		for _, e := range domain.Entitlements(a, shop) {
			got[e.Feature] = e.Value.Limit
		}
		return got
	}
	wantSame(t, "another plan replaces the first", limits(items(team)),
		map[domain.FeatureKey]int64{"sso": 0, "projects": domain.Unlimited, "seats": 7})
	wantSame(t, "a price found by its lookup key, twice", limits(items(yearly)),
		map[domain.FeatureKey]int64{"sso": 0, "projects": 100, "seats": 10, "credits": 50})
	wantSame(t, "two items of one subscription merge", limits(items(pro, team)),
		map[domain.FeatureKey]int64{"sso": 0, "projects": domain.Unlimited, "seats": 7, "credits": 50})
}

// Plans have a leeway of their own: of two items the one that lasts longer counts.
func TestSubscription_TwoItemsLastAsLongAsTheLongerOne(t *testing.T) {
	t.Parallel()
	team := domain.Item{ID: "si_1", Price: "price_team", Quantity: 1}
	pro := domain.Item{ID: "si_2", Price: "price_pro", Quantity: 1}
	for _, items := range [][]domain.Item{{team, pro}, {pro, team}} {
		a := after(accountWith(ana), subscriptionSays(created, noon, "active", func(s *domain.Subscription) { s.Items = items }))
		for _, e := range domain.Entitlements(a, shop) {
			if want := noon.Add(month + day); !e.Until.Equal(want) || e.Plan != "pro" {
				t.Errorf("%s: until %s from plan %s, want %s from pro", e.Feature, e.Until, e.Plan, want)
			}
		}
	}
}
