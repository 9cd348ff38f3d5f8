package app_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
	"github.com/google/go-cmp/cmp"
)

// holdersStore is a store of settings and holdings, and of nothing else.
type holdersStore struct {
	ports.Store
	settings map[string]string
	held     []ports.Holding
	at       time.Time // when it was asked for; zero: never
	fails    error
}

func newHolders(held ...ports.Holding) *holdersStore {
	return &holdersStore{settings: map[string]string{}, held: held}
}

func (h *holdersStore) Holders(_ context.Context, at time.Time) ([]ports.Holding, error) {
	h.at = at
	return h.held, h.fails
}

func (h *holdersStore) Setting(_ context.Context, name string) (string, error) {
	value, kept := h.settings[name]
	if !kept {
		return "", ports.ErrNotFound
	}
	return value, nil
}

func (h *holdersStore) SetSetting(_ context.Context, name, value string) error {
	h.settings[name] = value
	return nil
}

var aMoment = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func lossesOf(store ports.Store, c domain.Catalog) *app.Losses {
	return app.NewLosses(store, c, func() time.Time { return aMoment })
}

// soldBefore is a catalog in which something can be lost in every way.
func soldBefore(changes ...func(c domain.Catalog)) domain.Catalog {
	c := domain.Catalog{
		Features: map[domain.FeatureKey]domain.Feature{
			"sso":      {Key: "sso", Type: domain.FeatureFlag, Merge: domain.MergeMax},
			"projects": {Key: "projects", Type: domain.FeatureLimit, Merge: domain.MergeMax},
			"seats":    {Key: "seats", Type: domain.FeatureLimit, PerUnit: true, Merge: domain.MergeMax},
			"credits":  {Key: "credits", Type: domain.FeatureLimit, Merge: domain.MergeSum},
			"support":  {Key: "support", Type: domain.FeatureChoice, Values: []string{"community", "mail", "gold"}},
		},
		Plans: map[domain.PlanKey]domain.Plan{
			"basic": {
				Key: "basic", Mode: domain.ModePayment, ValidFor: 365 * 24 * time.Hour, Formerly: []domain.PlanKey{"starter"},
				Prices: []domain.Price{{Key: "once", ID: "price_basic"}},
				Grants: map[domain.FeatureKey]domain.Value{"projects": domain.Limit(10), "credits": domain.Limit(100)},
			},
			"team": {
				Key: "team", Mode: domain.ModeSubscription, Grace: 48 * time.Hour, Leeway: time.Hour,
				Prices: []domain.Price{{Key: "monthly", ID: "price_team"}, {Key: "yearly", LookupKey: "team_yearly"}},
				Grants: map[domain.FeatureKey]domain.Value{
					"sso": domain.Flag(), "projects": domain.Limit(domain.Unlimited), "seats": domain.Limit(5), "support": domain.Choice("gold"),
				},
				PastDueGrants: map[domain.FeatureKey]domain.Value{"sso": domain.Flag(), "projects": domain.Limit(3)},
			},
		},
	}
	for _, change := range changes {
		change(c)
	}
	return c
}

// withPlan changes one of the shop's plans.
func withPlan(key domain.PlanKey, change func(*domain.Plan)) func(domain.Catalog) {
	return func(c domain.Catalog) {
		plan := c.Plans[key]
		plan.Grants = maps.Clone(plan.Grants)
		change(&plan)
		delete(c.Plans, key)
		c.Plans[plan.Key] = plan
	}
}

// withFeature changes one of the shop's features.
func withFeature(key domain.FeatureKey, change func(*domain.Feature)) func(domain.Catalog) {
	return func(c domain.Catalog) {
		feature := c.Features[key]
		change(&feature)
		c.Features[key] = feature
	}
}

func withoutPlan(key domain.PlanKey) func(domain.Catalog) {
	return func(c domain.Catalog) { delete(c.Plans, key) }
}

func nowGives(feature domain.FeatureKey, value domain.Value) func(*domain.Plan) {
	return func(p *domain.Plan) { p.Grants[feature] = value }
}

func ignoring(price domain.PriceID, c domain.Catalog) domain.Catalog {
	c.Ignored.Prices = []domain.PriceID{price}
	return c
}

func TestLosses_SaysWhatACatalogTakesFromThoseWhoHaveIt(t *testing.T) {
	t.Parallel()
	held := []ports.Holding{
		{Plan: "team", Feature: "sso", Users: 41},
		{Plan: "team", Feature: "projects", Users: 40},
		{Plan: "team", Feature: "seats", Users: 39},
		{Plan: "team", Feature: "support", Users: 38},
		{Plan: "basic", Feature: "projects", Users: 1},
		{Plan: "basic", Feature: "credits", Users: 2},
		{Plan: "basic", Feature: "sso", Users: 0},
		{Plan: "", Feature: "sso", Users: 7},
		{Plan: "older", Feature: "sso", Users: 8}, // taken by the catalog before, not yet derived
	}
	for name, c := range map[string]struct {
		now  domain.Catalog
		want []string
	}{
		"nothing changes":      {soldBefore(), nil},
		"more is granted":      {soldBefore(withPlan("basic", nowGives("projects", domain.Limit(11))), withPlan("basic", nowGives("sso", domain.Flag()))), nil},
		"more without a limit": {soldBefore(withPlan("basic", nowGives("projects", domain.Limit(domain.Unlimited)))), nil},
		"nobody can buy it":    {soldBefore(withPlan("team", func(p *domain.Plan) { p.NotSold = true })), nil},
		"it ends sooner": {soldBefore(
			withPlan("basic", func(p *domain.Plan) { p.ValidFor = time.Hour }),
			withPlan("team", func(p *domain.Plan) { p.Grace, p.Leeway = 0, 0 }),
		), nil},
		"another key, and it says so": {soldBefore(withPlan("team", func(p *domain.Plan) { p.Key, p.Formerly = "crew", []domain.PlanKey{"team"} })), nil},
		"a price is no longer named":  {soldBefore(withPlan("team", func(p *domain.Plan) { p.Prices = p.Prices[:1] })), nil},
		"a one-time price moves":      {soldBefore(withPlan("basic", func(p *domain.Plan) { p.Prices = nil }), withPlan("team", func(p *domain.Plan) { p.Prices = append(p.Prices, domain.Price{ID: "price_basic"}) })), nil},

		"a feature less": {soldBefore(withPlan("team", func(p *domain.Plan) { delete(p.Grants, "sso") })),
			[]string{"plan team no longer grants sso: 41 users have it"}},
		"a plan less": {soldBefore(withoutPlan("basic")), []string{
			"plan basic is gone, and credits with it: 2 users have it",
			"plan basic is gone, and projects with it: 1 user has it",
		}},
		"another key, unsaid, and the prices lead there": {soldBefore(withPlan("team", func(p *domain.Plan) { p.Key = "crew" })), nil},
		"another key, unsaid, and a price less": {soldBefore(withPlan("team", func(p *domain.Plan) { p.Key, p.Prices = "crew", p.Prices[:1] })), []string{
			"plan team is gone, and projects with it: 40 users have it",
			"plan team is gone, and seats with it: 39 users have it",
			"plan team is gone, and sso with it: 41 users have it",
			"plan team is gone, and support with it: 38 users have it",
		}},
		"another key and less of it": {soldBefore(withPlan("team", func(p *domain.Plan) {
			p.Key, p.Formerly = "crew", []domain.PlanKey{"team"}
			p.Grants["seats"] = domain.Limit(4)
		})), []string{"plan team changes seats from 5 per unit to 4 per unit: 39 users have it"}},
		"a lower limit": {soldBefore(withPlan("basic", nowGives("projects", domain.Limit(9)))),
			[]string{"plan basic changes projects from 10 to 9: 1 user has it"}},
		"a limit where there was none": {soldBefore(withPlan("team", nowGives("projects", domain.Limit(1000)))),
			[]string{"plan team changes projects from unlimited to 1000: 40 users have it"}},
		"another type": {soldBefore(
			withFeature("sso", func(f *domain.Feature) { f.Type = domain.FeatureLimit }),
			withPlan("team", nowGives("sso", domain.Limit(5))),
			withPlan("team", func(p *domain.Plan) { p.PastDueGrants = nil }),
		), []string{"plan team changes sso from true to 5: 41 users have it"}},
		"units no longer count": {soldBefore(withFeature("seats", func(f *domain.Feature) { f.PerUnit = false })),
			[]string{"plan team changes seats from 5 per unit to 5: 39 users have it"}},
		"units count from now on": {soldBefore(withFeature("projects", func(f *domain.Feature) { f.PerUnit = true })), nil},
		"sources no longer add up": {soldBefore(withFeature("credits", func(f *domain.Feature) { f.Merge = domain.MergeMax })),
			[]string{"plan basic changes credits from 100 (added up) to 100: 2 users have it"}},

		"more to choose from": {soldBefore(withFeature("support", func(f *domain.Feature) { f.Values = []string{"community", "chat", "mail", "gold", "platinum"} })), nil},
		"a lower choice": {soldBefore(withPlan("team", nowGives("support", domain.Choice("mail")))),
			[]string{"plan team changes support from gold (enough for community, mail, gold) to mail (enough for community, mail): 38 users have it"}},
		"choices in another order": {soldBefore(withFeature("support", func(f *domain.Feature) { f.Values = []string{"gold", "community", "mail"} })),
			[]string{"plan team changes support from gold (enough for community, mail, gold) to gold (enough for gold): 38 users have it"}},
		"a choice less": {soldBefore(withFeature("support", func(f *domain.Feature) { f.Values = []string{"community", "gold"} })),
			[]string{"plan team changes support from gold (enough for community, mail, gold) to gold (enough for community, gold): 38 users have it"}},

		"less in a trial": {soldBefore(withPlan("team", func(p *domain.Plan) {
			p.TrialGrants = map[domain.FeatureKey]domain.Value{"sso": domain.Flag(), "projects": domain.Limit(1)}
		})), []string{
			"plan team changes projects from unlimited to 1 in a trial: up to 40 users",
			"plan team no longer grants seats in a trial: up to 39 users",
			"plan team no longer grants support in a trial: up to 38 users",
		}},
		"nothing while it is overdue": {soldBefore(withPlan("team", func(p *domain.Plan) { p.PastDueGrants = map[domain.FeatureKey]domain.Value{} })), []string{
			"plan team no longer grants projects while a payment is overdue: up to 40 users",
			"plan team no longer grants sso while a payment is overdue: up to 41 users",
		}},
		"the usual again while it is overdue": {soldBefore(withPlan("team", func(p *domain.Plan) { p.PastDueGrants = nil })), nil},
		"a former key is no longer said": {soldBefore(withPlan("basic", func(p *domain.Plan) { p.Formerly = nil })), []string{
			"plan basic no longer grants credits for those who bought it as starter: up to 2 users",
			"plan basic no longer grants projects for those who bought it as starter: up to 1 user",
		}},
		"a price moves to a plan with less": {soldBefore(withPlan("team", func(p *domain.Plan) { p.Prices = p.Prices[1:] }), func(c domain.Catalog) {
			c.Plans["solo"] = domain.Plan{
				Key: "solo", Mode: domain.ModeSubscription, Prices: []domain.Price{{Key: "monthly", ID: "price_team"}},
				Grants: map[domain.FeatureKey]domain.Value{"sso": domain.Flag(), "projects": domain.Limit(domain.Unlimited), "support": domain.Choice("gold")},
			}
		}), []string{"plan team no longer grants seats for those who pay price_team, which is of plan solo now: up to 39 users"}},
		"a price is ignored": {ignoring("price_team", soldBefore(withPlan("team", func(p *domain.Plan) { p.Prices = p.Prices[1:] }))), []string{
			"plan team no longer grants projects for those who pay price_team, which is ignored now: up to 40 users",
			"plan team no longer grants seats for those who pay price_team, which is ignored now: up to 39 users",
			"plan team no longer grants sso for those who pay price_team, which is ignored now: up to 41 users",
			"plan team no longer grants support for those who pay price_team, which is ignored now: up to 38 users",
		}},
		"a lookup key moves": {soldBefore(withPlan("team", func(p *domain.Plan) { p.Prices = p.Prices[:1] }), func(c domain.Catalog) {
			c.Plans["solo"] = domain.Plan{
				Key: "solo", Mode: domain.ModeSubscription, Prices: []domain.Price{{Key: "yearly", LookupKey: "team_yearly"}},
				Grants: map[domain.FeatureKey]domain.Value{"sso": domain.Flag(), "projects": domain.Limit(5), "seats": domain.Limit(5), "support": domain.Choice("gold")},
			}
		}), []string{"plan team changes projects from unlimited to 5 for those who pay the lookup key team_yearly, which is of plan solo now: up to 40 users"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := newHolders(held...)
			if _, err := lossesOf(store, soldBefore()).Start(t.Context(), true); err != nil {
				t.Fatal(err)
			}
			losses, err := lossesOf(store, c.now).Find(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var said []string
			for _, l := range losses {
				said = append(said, l.String())
			}
			if diff := cmp.Diff(c.want, said); diff != "" {
				t.Errorf("losses (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLosses_AreToldInParts(t *testing.T) {
	t.Parallel()
	store := newHolders(ports.Holding{Plan: "basic", Feature: "projects", Users: 3}, ports.Holding{Plan: "team", Feature: "seats", Users: 4})
	if _, err := lossesOf(store, soldBefore()).Start(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	now := soldBefore(withPlan("basic", nowGives("projects", domain.Limit(5))), withoutPlan("team"))
	got, err := lossesOf(store, now).Find(t.Context())
	want := []app.Loss{
		{Plan: "basic", Feature: "projects", Users: 3, Was: "10", Is: "5"},
		{Plan: "team", Feature: "seats", Users: 4, Was: "5 per unit", Gone: true},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if !store.at.Equal(aMoment) {
		t.Errorf("asked who has what at %s, want now", store.at)
	}
}

// What everybody has by a default plan is kept of nobody, and is lost all the same.
func TestLosses_OfEverybody(t *testing.T) {
	t.Parallel()
	free := func(key domain.PlanKey, projects int64) func(domain.Catalog) {
		return func(c domain.Catalog) {
			c.Plans[key] = domain.Plan{
				Key: key, Default: true, Grants: map[domain.FeatureKey]domain.Value{"sso": domain.Flag(), "projects": domain.Limit(projects)},
			}
		}
	}
	sold := func(c domain.Catalog) {
		c.Plans["free"] = domain.Plan{Key: "free", Mode: domain.ModePayment, Grants: map[domain.FeatureKey]domain.Value{"sso": domain.Flag()}}
	}
	for name, c := range map[string]struct {
		now  domain.Catalog
		want string
	}{
		"the same":           {soldBefore(free("free", 3)), ""},
		"more":               {soldBefore(free("free", 4)), ""},
		"another gives it":   {soldBefore(free("everybody", 3)), ""},
		"less":               {soldBefore(free("free", 2)), "plan free changes projects from 3 to 2: every user has it"},
		"less by another":    {soldBefore(free("everybody", 2)), "plan free is gone, and projects with it: every user has it"},
		"gone":               {soldBefore(), "plan free is gone, and projects with it: every user has it; plan free is gone, and sso with it: every user has it"},
		"sold from now on":   {soldBefore(sold), "plan free no longer grants projects: every user has it; plan free no longer grants sso: every user has it"},
		"beside one sold on": {soldBefore(free("free", 3), withoutPlan("basic")), ""},
	} {
		store := newHolders()
		if _, err := lossesOf(store, soldBefore(free("free", 3))).Start(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		losses, err := lossesOf(store, c.now).Find(t.Context())
		said := make([]string, len(losses))
		for n, loss := range losses {
			said[n] = loss.String()
		}
		if got := strings.Join(said, "; "); err != nil || got != c.want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, c.want)
		}
	}
}

// A database of a version that kept no catalog tells who has what by which plan.
func TestLosses_AreSeenWithoutACatalogBefore(t *testing.T) {
	t.Parallel()
	for kept, about := range map[string]string{
		"": "nothing was kept", "{": "nobody can read it", "[1]": "it is something else", "null": "it is nothing",
	} {
		store := newHolders(
			ports.Holding{Plan: "gone", Feature: "sso", Users: 2},
			ports.Holding{Plan: "basic", Feature: "projects", Users: 3}, // how many cannot be told
			ports.Holding{Plan: "starter", Feature: "sso", Users: 4},    // of basic, which has another key now
			ports.Holding{Plan: "team", Feature: "seats", Users: 5},
			ports.Holding{Plan: "", Feature: "sso", Users: 6},
		)
		if kept != "" {
			store.settings["catalog_before"] = kept
		}
		losses, err := lossesOf(store, soldBefore()).Find(t.Context())
		want := []app.Loss{
			{Plan: "gone", Feature: "sso", Users: 2, Gone: true},
			{Plan: "starter", Feature: "sso", Users: 4},
		}
		if diff := cmp.Diff(want, losses); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", about, err, diff)
		}
	}
}

func TestLosses_AStartIsRefusedUntilTheyAreAcceptedOrMended(t *testing.T) {
	t.Parallel()
	store := newHolders(ports.Holding{Plan: "team", Feature: "sso", Users: 41}, ports.Holding{Plan: "team", Feature: "seats", Users: 1})
	start := func(c domain.Catalog, accept bool) ([]app.Loss, error) {
		t.Helper()
		return lossesOf(store, c).Start(t.Context(), accept)
	}
	if lost, err := start(soldBefore(), false); err != nil || lost != nil {
		t.Fatalf("the first start: %v, %v", lost, err)
	}
	poorer := soldBefore(withoutPlan("team"))
	for range 2 { // being refused is no way to be accepted
		_, err := start(poorer, false)
		for _, says := range []string{
			"  plan team is gone, and seats with it: 1 user has it\n  plan team is gone, and sso with it: 41 users have it\n",
			"sold: false", "formerly:", "--accept-losses", "ACCEPT_LOSSES=true",
		} {
			if err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("got %v, want an error that says %q", err, says)
			}
		}
	}
	if lost, err := start(soldBefore(), false); err != nil || lost != nil {
		t.Errorf("mended: %v, %v", lost, err)
	}
	if lost, err := start(poorer, true); err != nil || len(lost) != 2 {
		t.Errorf("accepted: %v, %v, want both losses to tell of", lost, err)
	}
	// What was accepted once is so, even before everybody's rights are derived again.
	if lost, err := start(poorer, false); err != nil || lost != nil {
		t.Errorf("the start after: %v, %v", lost, err)
	}
}

// Every start asks; only one with another catalog has everybody counted.
func TestLosses_NobodyIsCountedForTheSameCatalog(t *testing.T) {
	t.Parallel()
	store := newHolders()
	if _, err := lossesOf(store, soldBefore()).Start(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	store.fails = errors.New("too many to count")
	same := soldBefore()
	same.Known = domain.NewKnownPrices(map[domain.PriceID]domain.PlanKey{"price_old": "team"}) // what was learned is not of the file
	if lost, err := lossesOf(store, same).Start(t.Context(), false); err != nil || lost != nil {
		t.Errorf("the same catalog: %v, %v", lost, err)
	}
	if _, err := lossesOf(store, soldBefore(withoutPlan("team"))).Start(t.Context(), true); !errors.Is(err, store.fails) {
		t.Errorf("another one: got %v, want %v", err, store.fails)
	}
}

// Another version of the program reads what this one keeps: a field that is called
// something else there would look like a plan that grants nothing.
func TestLosses_WhatIsKeptStaysReadable(t *testing.T) {
	t.Parallel()
	store := newHolders(ports.Holding{Plan: "team", Feature: "seats", Users: 1}, ports.Holding{Plan: "basic", Feature: "credits", Users: 1})
	store.settings["catalog_before"] = `{
		"Features": {"seats": {"Type": "limit", "PerUnit": true}, "credits": {"Type": "limit", "Merge": "sum"}},
		"Plans": {
			"team": {"Key": "team", "Mode": "subscription", "Prices": [{"ID": "price_solo"}, {"LookupKey": "solo"}],
				"Grants": {"seats": {"Type": "limit", "Limit": 5}}, "TrialGrants": null, "PastDueGrants": {}},
			"basic": {"Key": "basic", "Mode": "payment", "Formerly": ["older"], "Grants": {"credits": {"Type": "limit", "Limit": -1}}}
		}
	}`
	now := soldBefore(withPlan("team", nowGives("seats", domain.Limit(4))), withPlan("basic", func(p *domain.Plan) { p.Formerly = nil }))
	got, err := lossesOf(store, now).Find(t.Context())
	want := []app.Loss{
		{Plan: "basic", Feature: "credits", Users: 1, Was: "unlimited", Is: "100 (added up)"},
		{Plan: "team", Feature: "seats", Users: 1, Was: "5 per unit", Is: "4 per unit"},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}
