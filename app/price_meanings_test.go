package app_test

import (
	"maps"
	"testing"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
	"github.com/google/go-cmp/cmp"
)

func TestPriceMeanings_AreNeverForgottenAndTheNewestCounts(t *testing.T) {
	t.Parallel()
	store := newHolders()
	meanings := app.NewPriceMeanings(store)
	for _, step := range []struct {
		learned, want map[domain.PriceID]domain.PlanKey
	}{
		{nil, map[domain.PriceID]domain.PlanKey{}},
		{map[domain.PriceID]domain.PlanKey{"price_1": "pro", "price_2": "team"}, map[domain.PriceID]domain.PlanKey{"price_1": "pro", "price_2": "team"}},
		{map[domain.PriceID]domain.PlanKey{"price_3": "pro"}, map[domain.PriceID]domain.PlanKey{"price_1": "pro", "price_2": "team", "price_3": "pro"}},
		{map[domain.PriceID]domain.PlanKey{"price_1": "crew"}, map[domain.PriceID]domain.PlanKey{"price_1": "crew", "price_2": "team", "price_3": "pro"}},
	} {
		if err := meanings.Learn(t.Context(), step.learned); err != nil {
			t.Fatal(err)
		}
		for who, m := range map[string]*app.PriceMeanings{"who learned it": meanings, "another": app.NewPriceMeanings(store)} {
			known, err := m.Load(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(step.want, known.All()); diff != "" {
				t.Errorf("after %v, %s (-want +got):\n%s", step.learned, who, diff)
			}
		}
	}
}

// A catalog is given what is known when a service starts, and goes on to know what is
// learned: even what cannot be kept.
func TestPriceMeanings_AreLearnedByTheCatalogInUse(t *testing.T) {
	t.Parallel()
	store := newHolders()
	meanings := app.NewPriceMeanings(store)
	known, err := meanings.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := app.NewPriceMeanings(store).Learn(t.Context(), map[domain.PriceID]domain.PlanKey{"price_1": "pro"}); err != nil {
		t.Fatal(err)
	}
	if err := meanings.Learn(t.Context(), map[domain.PriceID]domain.PlanKey{"price_2": "team"}); err != nil {
		t.Fatal(err)
	}
	store.settings["price_meanings"] = "{"
	if err := meanings.Learn(t.Context(), map[domain.PriceID]domain.PlanKey{"price_3": "team"}); err == nil {
		t.Error("got no error of what cannot be read")
	}
	want := map[domain.PriceID]domain.PlanKey{"price_1": "pro", "price_2": "team", "price_3": "team"}
	if diff := cmp.Diff(want, known.All()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// Another may have written over what was learned here: it is not forgotten.
	store.settings["price_meanings"] = `{"price_3": "crew"}`
	if err := meanings.Learn(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	want["price_3"] = "crew"
	kept, err := app.NewPriceMeanings(store).Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, kept.All()); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
}

// What cannot be read is not overwritten: nothing else remembers it.
func TestPriceMeanings_ThatCannotBeReadStay(t *testing.T) {
	t.Parallel()
	store := newHolders()
	store.settings["price_meanings"] = "{"
	before := maps.Clone(store.settings)
	if err := app.NewPriceMeanings(store).Learn(t.Context(), map[domain.PriceID]domain.PlanKey{"price_1": "pro"}); err == nil {
		t.Error("got no error")
	}
	if diff := cmp.Diff(before, store.settings); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

func TestMeaningsOf_IsWhatTheCatalogAndStripeName(t *testing.T) {
	t.Parallel()
	c := soldBefore(withPlan("team", func(p *domain.Plan) { p.NotSold = true })) // who pays for it has it
	got := app.MeaningsOf(c, []ports.StripePrice{
		{ID: "price_year", LookupKey: "team_yearly"},
		{ID: "price_team", LookupKey: "team_monthly"},
		{ID: "price_other", LookupKey: "other"},
		{ID: "price_none"},
	})
	want := map[domain.PriceID]domain.PlanKey{"price_basic": "basic", "price_team": "team", "price_year": "team"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
