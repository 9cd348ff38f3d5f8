package domain_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
)

// supported is a catalog with a choice, whose words are not in the order of the alphabet.
var supported = domain.Catalog{Features: map[domain.FeatureKey]domain.Feature{
	"support": {Key: "support", Type: domain.FeatureChoice, Values: []string{"none", "community", "mail", "gold", "a-person"}},
}}

// valueOf is what sources give together of support.
func valueOf(t *rapid.T, given []domain.Value) domain.Value {
	var all []domain.Entitlement
	for n, value := range given {
		all = append(all, right("support", string(rune('a'+n)), value, noon, noon.Add(day)))
	}
	rights := domain.Rights(all, supported, noon)
	if len(rights) != 1 {
		t.Fatalf("got %v, want one right", rights)
	}
	return rights[0].Value
}

// A value that is no longer listed is one that a person gave.
func drawSupport() *rapid.Generator[domain.Value] {
	return rapid.Custom(func(t *rapid.T) domain.Value {
		return domain.Choice(rapid.SampledFrom(append([]string{"retired", "z-retired"}, supported.Features["support"].Values...)).Draw(t, "value"))
	})
}

func TestChoice_TheHighestOfAllSourcesCounts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		feature := supported.Features["support"]
		given := rapid.SliceOfN(drawSupport(), 1, 6).Draw(t, "given")
		together := valueOf(t, given)
		among := false
		for _, value := range given {
			if among = among || value == together; feature.Less(together, value) {
				t.Fatalf("%v give %v together, and %v is more", given, together, value)
			}
		}
		if !among {
			t.Fatalf("%v give %v, which none of them is", given, together)
		}
		if again := valueOf(t, append(given, given...)); again != together {
			t.Fatalf("%v give %v once and %v twice", given, together, again)
		}
		if other := valueOf(t, rapid.Permutation(given).Draw(t, "shuffled")); other != together {
			t.Fatalf("%v give %v, and in another order %v", given, together, other)
		}
	})
}

// What is more in parts is more as a whole: no source takes anything from another.
func TestChoice_AnotherSourceNeverTakes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		feature := supported.Features["support"]
		given := rapid.SliceOfN(drawSupport(), 1, 4).Draw(t, "given")
		more := append(given, drawSupport().Draw(t, "another"))
		if before, after := valueOf(t, given), valueOf(t, more); feature.Less(after, before) {
			t.Fatalf("%v give %v, and with another %v", given, before, after)
		}
	})
}

func TestChoice_EndsWhenTheHigherOneDoes(t *testing.T) {
	t.Parallel()
	soon, late := noon.Add(day), noon.Add(month)
	given := []domain.Entitlement{
		right("support", "a", domain.Choice("gold"), noon, soon),
		right("support", "b", domain.Choice("mail"), noon, late),
	}
	for _, c := range []struct {
		at    time.Time
		want  string
		until time.Time
	}{{noon, "gold", soon}, {soon, "mail", late}} {
		if r := domain.Rights(given, supported, c.at)[0]; r.Value != domain.Choice(c.want) || !r.Until.Equal(c.until) {
			t.Errorf("at %s: got %v until %s, want %s until %s", c.at, r.Value, r.Until, c.want, c.until)
		}
	}
}

// A feature that became a choice: what was given by hand before is as it was then, and
// whatever says which counts first, in any order.
func TestChoice_OfAFeatureThatWasAFlag(t *testing.T) {
	t.Parallel()
	given := []domain.Entitlement{
		right("support", "a", domain.Flag(), noon, time.Time{}),
		right("support", "b", domain.Choice("community"), noon, time.Time{}),
	}
	if got := domain.Rights(given, supported, noon)[0].Value; got != domain.Choice("community") {
		t.Errorf("got %v, want community", got)
	}
	given[0].Value, given[1].Value = given[1].Value, given[0].Value
	if got := domain.Rights(given, supported, noon)[0].Value; got != domain.Choice("community") {
		t.Errorf("the other way around: got %v, want community", got)
	}
}

// Two items of one subscription give one right together.
func TestChoice_OfTwoPlansOfOneSubscription(t *testing.T) {
	t.Parallel()
	c := domain.Catalog{Features: supported.Features, Plans: map[domain.PlanKey]domain.Plan{
		"a": {Key: "a", Mode: domain.ModeSubscription, Prices: []domain.Price{{ID: "price_a"}}, Grants: map[domain.FeatureKey]domain.Value{"support": domain.Choice("mail")}},
		"b": {Key: "b", Mode: domain.ModeSubscription, Prices: []domain.Price{{ID: "price_b"}}, Grants: map[domain.FeatureKey]domain.Value{"support": domain.Choice("a-person")}},
	}}
	account := domain.NewAccount("ana")
	account.Subscriptions["sub_1"] = domain.Subscription{
		ID: "sub_1", Status: "active", StartedAt: noon, SeenAt: noon,
		Items: []domain.Item{
			{ID: "si_1", Price: "price_a", Quantity: 1, PeriodStart: noon, PeriodEnd: noon.Add(month)},
			{ID: "si_2", Price: "price_b", Quantity: 1, PeriodStart: noon, PeriodEnd: noon.Add(month)},
		},
	}
	rights := domain.Rights(domain.Entitlements(account, c), c, noon)
	if len(rights) != 1 || rights[0].Value != domain.Choice("a-person") {
		t.Errorf("got %+v, want a-person", rights)
	}
}
