package domain_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/domain/domaintest"
)

// wantEnds compares how entitlements end with what is true of their subscriptions.
func wantEnds(t *rapid.T, what string, h domaintest.History, all []domain.Entitlement) {
	t.Helper()
	for n, e := range all {
		id := e.Source.ID
		if e.Source.Kind != domain.SourceSubscription {
			if e.Ending != (domain.Ending{}) {
				t.Fatalf("%s: it was bought once, or given, and ends as a subscription does: %+v\n%s", what, e, h)
			}
			continue
		}
		if !e.Until.IsZero() && !e.Until.After(h.End) {
			continue
		}
		goesOn, endsAt := h.GoesOn(id, e.Until)
		if e.Renews && (!goesOn || !e.EndsAt.Equal(endsAt)) {
			t.Fatalf("%s: want that it goes on %t, until %s: %+v\n%s", what, goesOn, endsAt, e, h)
		}
		if e.Renews && !h.Holds(id, e.Feature) {
			t.Fatalf("%s: it renews, and nothing gives it any more: %+v\n%s", what, e, h)
		}
		if e.InGrace && !h.Owes(id) {
			t.Fatalf("%s: in grace, and nothing is owed: %+v\n%s", what, e, h)
		}
		last := n+1 == len(all) || all[n+1].Feature != e.Feature || all[n+1].Source != e.Source
		if h.Untroubled(id) && goesOn && last && !e.Renews && !e.Until.IsZero() {
			t.Fatalf("%s: it goes on, and does not renew: %+v\n%s", what, e, h)
		}
	}
}

// Whatever is held: it ends no sooner if what renews is renewed than if nothing happens.
func TestRights_WhatRenewsEndsLater(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := domaintest.Histories(ana).Draw(t, "history")
		all := domain.Entitlements(accountTold(t, h, h.Facts...), shop)
		for _, at := range h.Moments() {
			for _, r := range domain.Rights(all, shop, at) {
				switch {
				case r.Renews != !r.EndsAt.Equal(r.Until),
					!r.EndsAt.IsZero() && (r.Until.IsZero() || r.EndsAt.Before(r.Until)):
					t.Fatalf("until %s, ends at %s, renews %t: %+v", r.Until, r.EndsAt, r.Renews, r)
				case r.Renews && !slices.ContainsFunc(r.Sources, func(e domain.Entitlement) bool { return e.Renews }),
					r.InGrace && !slices.ContainsFunc(r.Sources, func(e domain.Entitlement) bool { return e.InGrace }):
					t.Fatalf("nothing that gives it says so: %+v", r)
				}
			}
		}
	})
}

func TestEntitlements_SayHowTheyEnd(t *testing.T) {
	t.Parallel()
	month := func(n float64) domain.Item { return has("si_1", "price_m", 1, 30*n, 30*n+30) }
	first := bill(0, "in_0", "paid", cycle("si_1", "price_m", 1, 2900, 0, 30))
	declined := bill(30, "in_1", "open", cycle("si_1", "price_m", 1, 2900, 30, 60))
	canceling := func(at float64, end float64) domain.SubscriptionFact {
		s := sub(at, "active", month(0))
		s.Snapshot.CancelAt = on(end)
		return s
	}
	for name, x := range map[string]struct {
		facts   []domain.Fact
		at      float64
		until   float64
		endsAt  float64 // 0: no end
		renews  bool
		inGrace bool
	}{
		"renews":                     {[]domain.Fact{sub(0, "active", month(0)), first}, 1, 31, 0, true, false},
		"is to end with the period":  {[]domain.Fact{canceling(0, 30), first}, 1, 30, 30, false, false},
		"is to end in a later month": {[]domain.Fact{canceling(0, 100), first}, 1, 31, 100, true, false},
		"in grace":                   {[]domain.Fact{sub(30, "past_due", month(1)), first, declined}, 31, 46, 46, false, true},
		"an older invoice is open":   {[]domain.Fact{sub(40, "active", month(1)), first, declined}, 41, 46, 46, false, true},
		"what another item replaced, and was refunded": {
			[]domain.Fact{
				sub(0, "active", month(0)), first, sub(10, "active", has("si_7", "price_team", 1, 0, 30)),
				bill(10, "in_1", "paid", line(domain.LineChange, "si_7", "price_team", 1, 6667, 10, 30), line(domain.LineCredit, "si_1", "price_m", 1, -1933, 10, 30)),
				refundOf(11, "pi_1", "succeeded", 4734),
			},
			12, 31, 31, false, false,
		},
		"given up, and paid before": {[]domain.Fact{sub(10, "unpaid", month(0)), first}, 11, 30, 30, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rights := domain.Rights(domain.Entitlements(tell(accountWith(ana), market, x.facts...), market), market, on(x.at))
			n := slices.IndexFunc(rights, func(r domain.Right) bool { return r.Feature == "pro" })
			if n < 0 {
				t.Fatalf("pro is not among %+v", rights)
			}
			var endsAt time.Time
			if x.endsAt != 0 {
				endsAt = on(x.endsAt)
			}
			r := rights[n]
			if !r.Until.Equal(on(x.until)) || !r.EndsAt.Equal(endsAt) || r.Renews != x.renews || r.InGrace != x.inGrace {
				t.Errorf("until %s, ends at %s, renews %t, in grace %t; want until %s, ends at %s, renews %t, in grace %t",
					r.Until, r.EndsAt, r.Renews, r.InGrace, on(x.until), endsAt, x.renews, x.inGrace)
			}
		})
	}
}

// A right is of several sources: how it ends follows from when as much is no longer given.
func TestRights_EndAsAllOfTheirSourcesDo(t *testing.T) {
	t.Parallel()
	given := func(id string, limit int64, until float64, ending domain.Ending) domain.Entitlement {
		e := domain.Entitlement{
			Feature: "projects", Source: domain.Source{Kind: domain.SourceSubscription, ID: id}, Value: domain.Limit(limit), Since: on(0), Ending: ending,
		}
		if until > 0 {
			e.Until = on(until)
		}
		return e
	}
	renews, grace, ends := domain.Ending{Renews: true}, domain.Ending{InGrace: true}, domain.Ending{}
	later := given("a", 10, 60, ends)
	later.Part, later.Since = 1, on(31)
	for name, x := range map[string]struct {
		all    []domain.Entitlement
		says   string
		market domain.Catalog
	}{
		"one renews":                         {[]domain.Entitlement{given("a", 10, 31, renews)}, "10 until 31, and renews", market},
		"as much is held for good":           {[]domain.Entitlement{given("a", 10, 31, renews), given("b", 10, 0, ends)}, "10", market},
		"less is held for good":              {[]domain.Entitlement{given("a", 10, 31, renews), given("b", 5, 0, ends)}, "10 until 31, and renews", market},
		"what renews is less":                {[]domain.Entitlement{given("a", 5, 31, renews), given("b", 10, 20, ends)}, "10 until 20", market},
		"in grace, and less is paid for":     {[]domain.Entitlement{given("a", 10, 31, grace), given("b", 5, 60, ends)}, "10 until 31, in grace", market},
		"in grace, and as much is paid for":  {[]domain.Entitlement{given("a", 10, 31, grace), given("b", 10, 60, ends)}, "10 until 60", market},
		"what comes after it is not awaited": {[]domain.Entitlement{given("a", 20, 31, renews), later}, "20 until 31, and renews", market},
		"they add up, and one ends":          {[]domain.Entitlement{given("a", 10, 31, renews), given("b", 5, 40, ends)}, "15 until 31, and renews until 40", adding()},
		"they add up, and one has more time": {[]domain.Entitlement{given("a", 10, 31, renews), later, given("b", 5, 40, ends)}, "15 until 40", adding()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := domain.Rights(x.all, x.market, on(1))[0]
			if got := inDays(r); got != x.says {
				t.Errorf("got %s, want %s", got, x.says)
			}
		})
	}
}

// adding is the market, whose projects add up.
func adding() domain.Catalog {
	c := deepCopyCatalog(market)
	c.Features["projects"] = domain.Feature{Key: "projects", Type: domain.FeatureLimit, Merge: domain.MergeSum}
	return c
}

// inDays says how much a right is and how it ends, in days since noon.
func inDays(r domain.Right) string {
	days := func(t time.Time) string { return fmt.Sprint(t.Sub(noon).Hours() / 24) }
	text := fmt.Sprint(r.Value.Limit)
	if !r.Until.IsZero() {
		text += " until " + days(r.Until)
	}
	if r.InGrace {
		text += ", in grace"
	}
	if r.Renews {
		text += ", and renews"
		if !r.EndsAt.IsZero() {
			text += " until " + days(r.EndsAt)
		}
	}
	return text
}
