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
	trial := func(s *domain.Subscription) {
		s.TrialEnd = noon.Add(14 * day)
		during(noon, s.TrialEnd)(s)
	}
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
		"incomplete: nothing":             {facts: []domain.Fact{subscriptionSays(created, noon, "incomplete")}},
		"incomplete_expired: nothing":     {facts: []domain.Fact{subscriptionSays(updated, noon, "incomplete_expired")}},
		"unpaid, and never paid: nothing": {facts: []domain.Fact{subscriptionSays(updated, noon, "unpaid")}},
		"unpaid: what was paid for stays until its end": {
			[]domain.Fact{subscriptionSays(updated, noon, "unpaid"), invoiceSays(paid, 0)},
			nextMonth,
		},
		"paused: nothing": {facts: []domain.Fact{subscriptionSays(updated, noon, "paused")}},
		"a year told as a month, set to end with the year: the date counts": {
			[]domain.Fact{
				subscriptionSays(updated, noon, "active", flagged, cancelAt(noon.Add(12*month))),
				invoiceSays(paid, 0, func(f *domain.InvoiceFact) { f.Invoice.Lines[0].Until = noon.Add(12 * month) }),
			},
			noon.Add(12 * month),
		},
		"canceled: nothing": {facts: []domain.Fact{subscriptionSays(deleted, noon, "canceled")}},
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
				subscriptionSays(updated, at(month+10*day), "past_due", during(at(month+10*day), at(month+20*day))),
				invoiceSays(failed, 2, func(f *domain.InvoiceFact) { f.At, f.Invoice.FinalizedAt = at(month+10*day), at(month+10*day) }),
			},
			nextMonth.Add(14 * day),
		},
		"past due and no payment was ever told: grace from the period that we see": {
			[]domain.Fact{subscriptionSays(updated, nextMonth, "past_due", inMonth(1))},
			nextMonth.Add(14 * day),
		},
		// An invoice that nobody told us of is taken for one of the current period; when its
		// grace is over, what was paid for stays.
		"past due for an invoice in between, the month itself paid: until the month's end": {
			[]domain.Fact{subscriptionSays(updated, noon, "past_due"), invoiceSays(paid, 0)},
			nextMonth,
		},
		"past due after a change from years to months: the months' grace, and none of the year that was given back": {
			[]domain.Fact{
				invoiceSays(paid, 0, ofYear), invoiceSays(paid, 1, func(f *domain.InvoiceFact) {
					f.Invoice.Lines = append(f.Invoice.Lines, domain.Line{
						ID: "il_back", Kind: domain.LineCredit, Item: "si_1", Price: "price_made_by_stripe", Quantity: 1,
						Amount: -26000, From: nextMonth, Until: at(12 * month),
					})
				}),
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
		"one item's period is not told: as long as the other's": {
			[]domain.Fact{subscriptionSays(updated, noon, "active", withItems(
				domain.Item{ID: "si_1", Price: "price_pro", Quantity: 1}, item("si_2", "price_unmapped", 1),
			))},
			nextMonth.Add(day),
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
			default:
				last := story.until.Add(-time.Second)
				if !holds(a, "sso", last) || holds(a, "sso", story.until) {
					t.Errorf("a second before %s: %t, then: %t; want true, false", story.until, holds(a, "sso", last), holds(a, "sso", story.until))
				}
			}
		})
	}
}

// ofYear makes an invoice one of a year.
func ofYear(f *domain.InvoiceFact) {
	line := f.Invoice.Lines[0]
	line.Price, line.Until, line.Amount = "price_made_by_stripe", line.From.Add(12*month), 29000
	f.Invoice.Lines = []domain.Line{line}
}

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
	nothingDue := invoiceSays(paid, 0, func(f *domain.InvoiceFact) { f.Invoice.Total, f.Invoice.AmountPaid = 0, 0 })
	anothers := invoiceSays(paid, 0, func(f *domain.InvoiceFact) { f.Invoice.Subscription = "sub_2" })

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
		"an invoice over nothing is as good as one paid":      {[]domain.Fact{active, waiting, nothingDue}, true}, // a coupon for all of it: no other word may come
		"a failed invoice settles no debt":                    {[]domain.Fact{active, waiting, invoiceSays(failed, 0)}, false},
		"another subscription's invoice neither":              {[]domain.Fact{active, waiting, anothers}, false},
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
	moved := subscriptionSays(updated, noon, "active", withItems(item("si_1", "price_old", 1)))
	a, verdict := domain.Record(after(accountWith(ana, order), sessionSays("checkout.session.completed", noon, "complete", "paid")), moved, shop)
	if verdict.Outcome != domain.OutcomeApplied || !holds(a, "sso", noon.Add(day)) {
		t.Errorf("got %+v and sso %t, want applied and true", verdict, holds(a, "sso", noon.Add(day)))
	}
}

func TestSubscription_GivesWhatItsCurrentItemsArePlansOf(t *testing.T) {
	t.Parallel()
	pro, team := item("si_1", "price_pro", 1), item("si_2", "price_team", 7)
	yearly := item("si_1", "price_of_today", 2)
	yearly.LookupKey = "pro_yearly"

	limits := func(items func(*domain.Subscription)) map[domain.FeatureKey]int64 {
		a := after(accountWith(ana), subscriptionSays(created, noon, "active"), subscriptionSays(updated, noon.Add(time.Hour), "active", items))
		got := map[domain.FeatureKey]int64{}
		for _, r := range domain.Rights(domain.Entitlements(a, shop), shop, noon.Add(day)) {
			got[r.Feature] = r.Value.Limit
		}
		return got
	}
	wantSame(t, "another plan replaces the first", limits(withItems(team)),
		map[domain.FeatureKey]int64{"sso": 0, "projects": domain.Unlimited, "seats": 7})
	wantSame(t, "a price found by its lookup key, twice", limits(withItems(yearly)),
		map[domain.FeatureKey]int64{"sso": 0, "projects": 100, "seats": 10, "credits": 50})
	wantSame(t, "two items of one subscription merge", limits(withItems(pro, team)),
		map[domain.FeatureKey]int64{"sso": 0, "projects": domain.Unlimited, "seats": 7, "credits": 50})
}

// Plans have a leeway of their own: each item gives until its own is over.
func TestSubscription_TwoItemsEachLastAsLongAsTheirPlanSays(t *testing.T) {
	t.Parallel()
	team, pro := item("si_1", "price_team", 1), item("si_2", "price_pro", 1)
	for _, items := range [][]domain.Item{{team, pro}, {pro, team}} {
		a := after(accountWith(ana), subscriptionSays(created, noon, "active", withItems(items...)))
		teamEnds, proEnds := noon.Add(month+2*time.Hour), noon.Add(month+day)
		wantLimits(t, a, "projects", teamEnds, domain.Unlimited, 100)
		wantLimits(t, a, "projects", proEnds, 100, none)
		wantLimits(t, a, "sso", teamEnds, 0, 0)
		wantLimits(t, a, "sso", proEnds, 0, none)
	}
}
