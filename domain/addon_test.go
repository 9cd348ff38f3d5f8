package domain_test

import (
	"maps"
	"testing"

	"github.com/entitled-dev/entitled/domain"
)

// What a plan and its add-on give of one feature is merged as that of two purchases is.
func TestItems_OfAPlanAndItsAddOnAreMergedAsTheFeatureSays(t *testing.T) {
	t.Parallel()
	for merge, want := range map[domain.MergeRule]int64{domain.MergeMax: 100, domain.MergeSum: 130} {
		c := market
		c.Features, c.Plans = maps.Clone(market.Features), maps.Clone(market.Plans)
		projects := c.Features["projects"]
		projects.Merge = merge
		c.Features["projects"] = projects
		addon := c.Plans["addon"]
		addon.Group, addon.AddonTo, addon.Grants = "", []domain.PlanKey{"pro"}, rightsTo{"projects": domain.Limit(30)}
		c.Plans["addon"] = addon
		a := tell(accountWith(ana), c, sub(0, "active", has("si_1", "price_m", 1, 0, 30), has("si_2", "price_addon", 1, 0, 30)))
		var got int64
		for _, right := range domain.Rights(domain.Entitlements(a, c), c, on(1)) {
			if right.Feature == "projects" {
				got = right.Value.Limit
			}
		}
		if got != want {
			t.Errorf("merge %s: got %d projects, want %d", merge, got, want)
		}
	}
}
