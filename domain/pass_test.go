package domain_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
)

// passOf is what a pass for a week gives that was bought on a day.
func passOf(id string, plan domain.PlanKey, bought float64) domain.Entitlement {
	return domain.Entitlement{
		Feature: "projects", Source: domain.Source{Kind: domain.SourceOrder, ID: id}, Plan: plan,
		Value: domain.Limit(10), Since: on(bought), Until: on(bought + 7),
	}
}

func TestRights_APassBoughtEarlyBeginsWhenTheOneBeforeEnds(t *testing.T) {
	t.Parallel()
	forever := passOf("o9", "week", 0)
	forever.Until = time.Time{}
	for name, x := range map[string]struct {
		all  []domain.Entitlement
		at   float64
		says string
	}{
		"alone":                          {[]domain.Entitlement{passOf("o1", "week", 0)}, 1, "10 until 7"},
		"bought early":                   {[]domain.Entitlement{passOf("o1", "week", 0), passOf("o2", "week", 5)}, 6, "10 until 14"},
		"bought at once":                 {[]domain.Entitlement{passOf("o1", "week", 0), passOf("o2", "week", 0)}, 6, "10 until 14"},
		"three":                          {[]domain.Entitlement{passOf("o1", "week", 0), passOf("o2", "week", 1), passOf("o3", "week", 2)}, 20, "10 until 21"},
		"bought late":                    {[]domain.Entitlement{passOf("o1", "week", 0), passOf("o2", "week", 9)}, 10, "10 until 16"},
		"of another plan":                {[]domain.Entitlement{passOf("o1", "week", 0), passOf("o2", "other", 5)}, 6, "20 until 7"},
		"beside one that is for good":    {[]domain.Entitlement{passOf("o1", "week", 0), forever}, 1, "20 until 7"},
		"they add up where both hold":    {[]domain.Entitlement{passOf("o1", "week", 0), passOf("o2", "week", 5)}, 6.999, "10 until 14"},
		"and not before the first ended": {[]domain.Entitlement{passOf("o1", "week", 0), passOf("o2", "week", 5)}, 7, "10 until 14"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := domain.Rights(x.all, adding(), on(x.at))
			if len(r) != 1 || inDays(r[0]) != x.says {
				t.Errorf("got %+v, want %s", r, x.says)
			}
		})
	}
}

// Whatever is bought when, and told in which order: nobody loses a day, nobody gains one.
func TestRights_PassesLastAsLongTogetherAsEachAlone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var all []domain.Entitlement
		count := rapid.IntRange(1, 5).Draw(t, "passes")
		for n := range count {
			all = append(all, passOf(string(rune('a'+n)), "week", float64(rapid.IntRange(0, 20).Draw(t, "bought on day"))))
		}
		told := rapid.Permutation(all).Draw(t, "told")
		held := 0
		for day := range 100 {
			at := on(float64(day) + 0.5)
			rights := domain.Rights(all, market, at)
			wantSame(t, "told in another order", domain.Rights(told, market, at), rights)
			if len(rights) == 0 {
				continue
			}
			held++
			if rights[0].Value.Limit != 10 || len(rights[0].Sources) != 1 {
				t.Fatalf("two are used up at a time: %+v", rights)
			}
		}
		if held != count*7 {
			t.Errorf("%d passes of a week are held for %d days", count, held)
		}
	})
}

// What is explained of passes is what holds: one gives, the other will.
func TestExplain_SaysOfAPassThatItIsYetToBegin(t *testing.T) {
	t.Parallel()
	a := accountWith(ana, pendingOrder("o1", "pass"), pendingOrder("o2", "pass"))
	for _, order := range a.Orders {
		order.Status, order.PaidAt = domain.OrderPaid, noon
		a = a.WithOrder(order)
	}
	valid := shop.Plans["pass"].ValidFor
	changes := domain.Diff(nil, domain.Entitlements(a, shop))
	for n := range changes {
		changes[n].At = noon
	}
	for feature := range shop.Plans["pass"].Grants {
		for _, later := range []bool{false, true} { // by the facts, and by the history alone
			told := changes
			if later {
				told = append(told[:len(told):len(told)], domain.Change{Kind: domain.ChangeRevoked, At: noon.Add(day), Entitlement: domain.Entitlement{Feature: "other"}})
			}
			e := domain.Explain(a, shop, told, noon.Add(time.Hour)).Only(feature, shop).Features[0]
			if len(e.Sources) != 2 || e.Sources[0].State != domain.StateGives || e.Sources[1].State != domain.StateNotYet ||
				!e.Sources[1].Since.Equal(noon.Add(valid)) || !e.Right.Until.Equal(noon.Add(2*valid)) {
				t.Errorf("%s: got %+v", feature, e)
			}
		}
	}
}
