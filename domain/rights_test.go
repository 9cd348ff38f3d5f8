package domain_test

import (
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

func right(feature domain.FeatureKey, source string, value domain.Value, since, until time.Time) domain.Entitlement {
	return domain.Entitlement{
		Feature: feature, Source: domain.Source{Kind: domain.SourceSubscription, ID: source},
		Plan: "pro", Value: value, Since: since, Until: until,
	}
}

func TestRights_MergeTheSourcesThatLiveNow(t *testing.T) {
	t.Parallel()
	soon, late := noon.Add(day), noon.Add(month)
	limits := func(feature domain.FeatureKey, a, b int64) []domain.Entitlement {
		return []domain.Entitlement{
			right(feature, "sub_1", domain.Limit(a), noon, soon),
			right(feature, "sub_2", domain.Limit(b), noon.Add(time.Hour), late),
		}
	}
	for name, c := range map[string]struct {
		given []domain.Entitlement
		at    time.Time
		want  int64 // -2: no right
		until time.Time
	}{
		"the larger limit counts, while it does": {limits("projects", 10, 3), noon.Add(2 * time.Hour), 10, soon},
		"the same limit twice lasts longer":      {limits("projects", 10, 10), noon.Add(2 * time.Hour), 10, late},
		"limits that add up":                     {limits("credits", 10, 3), noon.Add(2 * time.Hour), 13, soon},
		"adding up stops at the top":             {limits("credits", 1<<62, 1<<62), noon.Add(2 * time.Hour), 1<<63 - 1, soon},
		"unlimited beats any":                    {limits("projects", 10, domain.Unlimited), noon.Add(2 * time.Hour), domain.Unlimited, late},
		"unlimited beats any sum":                {limits("credits", domain.Unlimited, 3), noon.Add(2 * time.Hour), domain.Unlimited, soon},
		"a source that has not begun":            {limits("projects", 3, 10), noon, 3, late}, // it will have before the first ends
		"less that begins before the end":        {limits("projects", 10, 3), noon, 10, soon},
		"a source that has ended":                {limits("projects", 10, 3), soon, 3, late},
		"all sources have ended":                 {limits("projects", 10, 3), late, -2, time.Time{}},
		"by a clock behind Stripe's":             {limits("projects", 10, 3), noon.Add(-domain.ClockTolerance), 10, soon},
		"before any has begun":                   {limits("projects", 10, 3), noon.Add(-domain.ClockTolerance - time.Second), -2, time.Time{}},
		"one source without an end: no end":      {[]domain.Entitlement{right("sso", "sub_1", domain.Flag(), noon, soon), right("sso", "sub_2", domain.Flag(), noon, time.Time{})}, noon, 0, time.Time{}},
		"a flag twice is a flag":                 {[]domain.Entitlement{right("sso", "sub_1", domain.Flag(), noon, soon), right("sso", "sub_2", domain.Flag(), noon, late)}, noon, 0, late},
		"nothing at all":                         {nil, noon, -2, time.Time{}},
		"order of the entitlements: no role":     {[]domain.Entitlement{limits("projects", 1, 7)[1], limits("projects", 1, 7)[0]}, noon.Add(2 * time.Hour), 7, late},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rights := domain.Rights(c.given, shop, c.at)
			if c.want == -2 {
				if len(rights) > 0 {
					t.Fatalf("got %v, want no right", rights)
				}
				return
			}
			if len(rights) != 1 {
				t.Fatalf("got %d rights, want 1: %v", len(rights), rights)
			}
			if r := rights[0]; r.Value.Limit != c.want || !r.Until.Equal(c.until) || !r.Since.Equal(noon) && c.at.Before(soon) {
				t.Errorf("got %d since %s until %s, want %d until %s", r.Value.Limit, r.Since, r.Until, c.want, c.until)
			}
		})
	}
}

func TestRights_AreSortedAndNameTheirSources(t *testing.T) {
	t.Parallel()
	given := []domain.Entitlement{
		right("sso", "sub_2", domain.Flag(), noon, time.Time{}),
		right("projects", "sub_2", domain.Limit(1), noon, time.Time{}),
		right("projects", "sub_1", domain.Limit(2), noon, time.Time{}),
	}
	rights := domain.Rights(given, shop, noon)
	if len(rights) != 2 || rights[0].Feature != "projects" || rights[1].Feature != "sso" {
		t.Fatalf("got %v, want projects, then sso", rights)
	}
	if s := rights[0].Sources; len(s) != 2 || s[0].Source.ID != "sub_1" || s[1].Source.ID != "sub_2" {
		t.Errorf("got sources %v, want sub_1, then sub_2", s)
	}
}

// A user subscribes again before the first subscription has ended; the first one's
// end comes late. What the second gives is not touched.
func TestRights_TheEndOfOneSourceNeverTakesWhatAnotherGives(t *testing.T) {
	t.Parallel()
	second := subscriptionSays(created, noon.Add(day), "active", func(s *domain.Subscription) { s.ID = "sub_2" })
	a := after(accountWith(ana, pendingOrder("o1", "pass")),
		subscriptionSays(created, noon, "active"), second,
		sessionSays("checkout.session.completed", noon, "complete", "paid"),
		subscriptionSays(deleted, noon.Add(2*day), "canceled"))

	for _, feature := range []domain.FeatureKey{"sso", "projects", "credits"} {
		if !holds(a, feature, noon.Add(3*day)) {
			t.Errorf("%s is gone", feature)
		}
	}
	for _, r := range domain.Rights(domain.Entitlements(a, shop), shop, noon.Add(3*day)) {
		if r.Feature == "credits" && r.Value.Limit != 150 {
			t.Errorf("credits: %d, want 50 of the second subscription and 100 of the pass", r.Value.Limit)
		}
	}
}

func TestLimit_PerUnitIsMultipliedByTheQuantity(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		quantity    int64
		seats, each int64
	}{
		"three units":    {quantity: 3, seats: 15, each: 100},
		"more than fits": {quantity: 1 << 62, seats: 1<<63 - 1, each: 100},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := after(accountWith(ana), subscriptionSays(created, noon, "active", withItems(item("si_1", "price_pro", c.quantity))))
			given := domain.Entitlements(a, shop)
			if len(given) == 0 {
				t.Error("got nothing")
			}
			for _, e := range given {
				if e.Feature == "seats" && e.Value.Limit != c.seats || e.Feature == "projects" && e.Value.Limit != c.each {
					t.Errorf("%s: %d", e.Feature, e.Value.Limit)
				}
			}
		})
	}
	t.Run("unlimited stays unlimited", func(t *testing.T) {
		t.Parallel()
		c := deepCopyCatalog(shop)
		c.Plans["forever"].Grants["seats"] = domain.Limit(domain.Unlimited)
		o := pendingOrder("o1", "forever")
		o.Quantity = 3
		a := after(accountWith(ana, o), sessionSays("checkout.session.completed", noon, "complete", "paid"))
		for _, e := range domain.Entitlements(a, c) {
			if e.Feature == "seats" && e.Value.Limit != domain.Unlimited {
				t.Errorf("seats: %d, want unlimited", e.Value.Limit)
			}
		}
	})
}

func TestDiff_NamesWhatChangedRevocationsFirst(t *testing.T) {
	t.Parallel()
	kept := right("projects", "sub_1", domain.Limit(1), noon, time.Time{})
	old := right("sso", "sub_1", domain.Flag(), noon, time.Time{})
	moved := right("seats", "sub_1", domain.Limit(5), noon, noon.Add(month))
	longer := right("seats", "sub_1", domain.Limit(5), noon, noon.Add(2*month))
	fresh := right("sso", "sub_2", domain.Flag(), noon, time.Time{})

	got := domain.Diff([]domain.Entitlement{kept, moved, old}, []domain.Entitlement{fresh, kept, longer})
	want := []domain.Change{
		{Kind: domain.ChangeRevoked, Entitlement: old},
		{Kind: domain.ChangeGranted, Entitlement: fresh},
		{Kind: domain.ChangeUpdated, Entitlement: longer},
	}
	wantSame(t, "changes", got, want)

	if same := domain.Diff(want2(kept, old), want2(kept, old)); len(same) > 0 {
		t.Errorf("nothing changed, and yet: %v", same)
	}
}

func want2(all ...domain.Entitlement) []domain.Entitlement { return all }
