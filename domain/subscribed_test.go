package domain_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/domain/domaintest"
)

func TestSubscribedAt_SaysHowASubscriptionStands(t *testing.T) {
	t.Parallel()
	month := func(n float64) domain.Item { return has("si_1", "price_m", 2, 30*n, 30*n+30) }
	first := bill(0, "in_0", "paid", cycle("si_1", "price_m", 2, 5800, 0, 30))
	declined := bill(30, "in_1", "open", cycle("si_1", "price_m", 2, 5800, 30, 60))
	with := func(f domain.SubscriptionFact, edit func(*domain.Subscription)) domain.SubscriptionFact {
		edit(&f.Snapshot)
		return f
	}
	for name, x := range map[string]struct {
		facts []domain.Fact
		at    float64
		says  string
	}{
		"active":          {[]domain.Fact{sub(0, "active", month(0)), first}, 1, "active 0-30 renews 30 access until 31"},
		"in trial":        {[]domain.Fact{sub(0, "trialing", month(0))}, 1, "trialing 0-30 renews 30 access until 31"},
		"to be canceled":  {[]domain.Fact{with(sub(0, "active", month(0)), func(s *domain.Subscription) { s.CancelAtPeriodEnd = true }), first}, 1, "active 0-30 cancels 30 access until 30"},
		"canceled later":  {[]domain.Fact{with(sub(0, "active", month(0)), func(s *domain.Subscription) { s.CancelAt = on(70) }), first}, 1, "active 0-30 renews 30 cancels 70 access until 31"},
		"in grace":        {[]domain.Fact{sub(30, "past_due", month(1)), first, declined}, 31, "past_due 30-60 renews 60 since 30 access until 46"},
		"after grace":     {[]domain.Fact{sub(30, "past_due", month(1)), first, declined}, 50, "past_due 30-60 renews 60 since 30"},
		"an older one is": {[]domain.Fact{sub(40, "active", month(1)), first, declined}, 41, "past_due 30-60 renews 60 since 30 access until 46"},
		"given up":        {[]domain.Fact{sub(40, "unpaid", month(1)), first, declined}, 41, "unpaid 30-60 since 30"},
		"nobody told why": {[]domain.Fact{sub(30, "past_due", month(1))}, 31, "past_due 30-60 renews 60 since 30 access until 46"},
		"not paid yet":    {[]domain.Fact{sub(0, "incomplete", month(0))}, 1, "incomplete 0-30"},
		"paused":          {[]domain.Fact{sub(0, "paused", month(0))}, 1, "paused 0-30"},
		"over":            {[]domain.Fact{sub(9, "canceled", month(0)), first}, 10, "canceled 0-30"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := domain.SubscribedAt(tell(accountWith(ana), market, x.facts...), market, on(x.at))
			if len(all) != 1 || len(all[0].Items) != 1 {
				t.Fatalf("got %+v, want one with an item", all)
			}
			if got := standingInDays(all[0]); got != x.says {
				t.Errorf("got %s, want %s", got, x.says)
			}
			if i := all[0].Items[0]; i.Plan != "pro" || i.PriceKey != "monthly" || i.Quantity != 2 {
				t.Errorf("got %+v, want 2 of pro, monthly", i)
			}
		})
	}
}

// standingInDays says how a subscription stands, in days since noon.
func standingInDays(s domain.Subscribed) string {
	days := func(t time.Time) string { return fmt.Sprint(t.Sub(noon).Hours() / 24) }
	text := fmt.Sprintf("%s %s-%s", s.Status, days(s.PeriodStart), days(s.PeriodEnd))
	for _, one := range []struct {
		word string
		at   time.Time
	}{{"renews", s.RenewsAt}, {"cancels", s.CancelsAt}, {"since", s.PastDueSince}} {
		if !one.at.IsZero() {
			text += " " + one.word + " " + days(one.at)
		}
	}
	if s.Access {
		text += " access until " + days(s.AccessUntil)
	}
	return text
}

func TestSubscribedAt_TheLiveOneAndItsMainItemComeFirst(t *testing.T) {
	t.Parallel()
	other := sub(5, "active", has("si_a", "price_nobody_knows", 1, 5, 35), has("si_b", "price_m", 1, 5, 35))
	other.Snapshot.ID = "sub_2"
	all := domain.SubscribedAt(tell(accountWith(ana), market, sub(9, "canceled", has("si_1", "price_m", 1, 0, 30)), other), market, on(10))
	if len(all) != 2 || all[0].Subscription.ID != "sub_2" || all[0].Items[0].ID != "si_b" || all[0].Items[1].Plan != "" {
		t.Errorf("got %+v, want the live one first, and pro first in it", all)
	}
}

// Whatever happened: what is shown of access is what holds, and only what lives renews.
func TestSubscribedAt_AgreesWithWhatHolds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := domaintest.Histories(ana).Draw(t, "history")
		a := accountTold(t, h, h.Facts...)
		entitlements := domain.Entitlements(a, shop)
		for _, at := range h.Moments() {
			for _, s := range domain.SubscribedAt(a, shop, at) {
				holds := func(at time.Time) bool {
					return slices.ContainsFunc(entitlements, func(e domain.Entitlement) bool {
						return e.Source.ID == string(s.Subscription.ID) && e.LiveAt(at)
					})
				}
				if grantsAnything(s) && holds(at) && !s.Access {
					t.Fatalf("something holds at %s, and no access is shown: %+v\n%s", at, s, h)
				}
				if s.Access && !s.AccessUntil.IsZero() && holds(s.AccessUntil) {
					t.Fatalf("something holds at the end of access: %+v\n%s", s, h)
				}
				goesOn, endsAt := h.GoesOn(string(s.Subscription.ID), s.RenewsAt.Add(-time.Nanosecond))
				if !s.RenewsAt.IsZero() && (!goesOn || !s.CancelsAt.Equal(endsAt)) {
					t.Fatalf("it does not renew, or ends at another time than %s: %+v\n%s", endsAt, s, h)
				}
				if !slices.Contains(domain.SubscribedStatuses, s.Status) {
					t.Fatalf("no status: %+v", s)
				}
			}
		}
	})
}

// grantsAnything tells whether a plan of the subscription grants something.
func grantsAnything(s domain.Subscribed) bool {
	return slices.ContainsFunc(s.Items, func(i domain.SubscribedItem) bool { return len(shop.Plans[i.Plan].Grants) > 0 })
}

// An add-on is shown after what it adds to, whichever item Stripe names first.
func TestSubscribedAt_AddOnsComeAfterTheirBase(t *testing.T) {
	t.Parallel()
	c := market
	c.Plans = maps.Clone(market.Plans)
	for key, edit := range map[domain.PlanKey]func(*domain.Plan){
		"pro":   func(p *domain.Plan) { p.Group = "" },
		"addon": func(p *domain.Plan) { p.Group, p.AddonTo = "", []domain.PlanKey{"pro"} },
	} {
		plan := c.Plans[key]
		edit(&plan)
		c.Plans[key] = plan
	}
	facts := []domain.Fact{sub(0, "active", has("si_1", "price_unmapped", 1, 0, 30), has("si_2", "price_addon", 3, 0, 30), has("si_3", "price_m", 1, 0, 30))}
	all := domain.SubscribedAt(tell(accountWith(ana), c, facts...), c, on(1))
	if len(all) != 1 || len(all[0].Items) != 3 {
		t.Fatalf("got %+v, want one with three items", all)
	}
	for n, want := range []struct {
		plan  domain.PlanKey
		addon bool
	}{{"pro", false}, {"addon", true}, {"", false}} {
		if i := all[0].Items[n]; i.Plan != want.plan || i.Addon != want.addon {
			t.Errorf("item %d: got %+v, want %+v", n, i, want)
		}
	}
}
