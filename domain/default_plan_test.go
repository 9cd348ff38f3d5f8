package domain_test

import (
	"slices"
	"testing"

	"github.com/entitled-dev/entitled/domain"
)

// free is the market with a plan that every user holds.
func free() domain.Catalog {
	c := deepCopyCatalog(market)
	c.Plans["free"] = domain.Plan{Key: "free", Name: "Free", Default: true, Grants: rightsTo{
		"projects": domain.Limit(3), "seats": domain.Limit(1), "sso": domain.Flag(),
	}}
	return c
}

func TestRights_EveryUserHasADefaultPlan(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]domain.Catalog{"searched": free(), "indexed": free().Indexed()} {
		rights := domain.Rights(nil, c, on(0))
		if len(rights) != 3 || rights[0].Feature != "projects" || rights[0].Value != domain.Limit(3) ||
			!rights[0].Since.IsZero() || !rights[0].Until.IsZero() || rights[0].Sources[0].Source != (domain.Source{Kind: domain.SourceDefault, ID: "free"}) {
			t.Errorf("%s: got %+v", name, rights)
		}
	}
}

// What is bought is more; when it ends, what everybody has is left.
func TestRights_ADefaultPlanIsLeftWhenWhatWasBoughtEnds(t *testing.T) {
	t.Parallel()
	c := free()
	a := tell(accountWith(ana), c, sub(0, "active", has("si_1", "price_m", 2, 0, 30)), bill(0, "in_0", "paid", cycle("si_1", "price_m", 2, 5800, 0, 30)))
	entitlements := domain.Entitlements(a, c)
	for _, e := range entitlements {
		if e.Source.Kind == domain.SourceDefault {
			t.Errorf("it is to be kept of a user: %+v", e)
		}
	}
	for at, want := range map[float64]string{1: "100 until 31, and renews", 32: "3"} {
		rights := domain.Rights(entitlements, c, on(at))
		n := slices.IndexFunc(rights, func(r domain.Right) bool { return r.Feature == "projects" })
		if got := inDays(rights[n]); got != want {
			t.Errorf("on day %v: got %s, want %s", at, got, want)
		}
	}
}

func TestExplain_SaysThatEverybodyHasADefaultPlan(t *testing.T) {
	t.Parallel()
	c := free()
	e := domain.Explain(domain.NewAccount("nobody"), c, nil, on(1))
	if len(e.Features) != 3 || e.OutOfLine {
		t.Fatalf("got %+v", e)
	}
	f := e.Only("sso", c).Features[0]
	if !f.Held || f.Says() != "yes, without an end" || len(f.Sources) != 1 || f.Sources[0].Says() != "gives it, without an end" ||
		f.Sources[0].Rule.Says() != "catalog: plan free is held by every user -> given" {
		t.Errorf("got %+v", f)
	}
}

// Nobody's kept rights follow from it.
func TestChangeSince_ADefaultPlanConcernsNobody(t *testing.T) {
	t.Parallel()
	before, more, sold := free(), free(), free()
	plan := more.Plans["free"]
	plan.Grants = rightsTo{"projects": domain.Limit(5)}
	more.Plans["free"] = plan
	if change := more.ChangeSince(before); !change.Empty() {
		t.Errorf("it grants more: got %+v, want nothing", change)
	}
	if change := market.ChangeSince(before); !change.Empty() {
		t.Errorf("it is gone: got %+v, want nothing", change)
	}
	plan.Default, plan.Mode = false, domain.ModePayment
	sold.Plans["free"] = plan
	if change := sold.ChangeSince(before); change.Empty() {
		t.Error("it is sold from now on, and nothing has changed")
	}
}

// 5 included, then each.
func TestEntitlements_SoManyAreIncluded(t *testing.T) {
	t.Parallel()
	c := deepCopyCatalog(market)
	c.Features["seats"] = domain.Feature{Key: "seats", Type: domain.FeatureLimit, PerUnit: true, Included: 5}
	for quantity, want := range map[int64]int64{0: none, 1: 5, 5: 5, 6: 6, 9: 9} {
		a := tell(accountWith(ana), c, sub(0, "active", has("si_1", "price_m", quantity, 0, 30)))
		if got := limitAt(a, c, "seats", on(1)); got != want {
			t.Errorf("%d units: got %d seats, want %d", quantity, got, want)
		}
	}
}
