package domain_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/domain/domaintest"
)

// catalogEdits are changes that somebody makes to a catalog, from one day to the next.
var catalogEdits = map[string]func(*rapid.T, *domain.Catalog){
	"nothing": func(*rapid.T, *domain.Catalog) {},
	"what only buyers see": func(t *rapid.T, c *domain.Catalog) {
		editPlan(t, c, func(p *domain.Plan) { p.Name, p.Checkout.MaxQuantity, p.TrialDays = "New", 7, 3 })
	},
	"a grant": func(t *rapid.T, c *domain.Catalog) {
		editPlan(t, c, func(p *domain.Plan) {
			p.Grants = maps.Clone(p.Grants)
			p.Grants["projects"] = domain.Limit(rapid.Int64Range(1, 9).Draw(t, "limit"))
		})
	},
	"a policy": func(t *rapid.T, c *domain.Catalog) {
		editPlan(t, c, func(p *domain.Plan) {
			p.Policy.Refund = rapid.SampledFrom([]domain.RefundPolicy{"revoke", "keep"}).Draw(t, "refund")
			p.Grace, p.Leeway = 2*domaintest.Day, 3*domaintest.Day
		})
	},
	"a feature": func(t *rapid.T, c *domain.Catalog) {
		key := rapid.SampledFrom(slices.Sorted(maps.Keys(c.Features))).Draw(t, "feature")
		f := c.Features[key]
		f.PerUnit = !f.PerUnit && f.Type == domain.FeatureLimit
		c.Features[key] = f
	},
	"a plan goes": func(t *rapid.T, c *domain.Catalog) { delete(c.Plans, anyPlan(t, c)) },
	"a plan has another key": func(t *rapid.T, c *domain.Catalog) {
		key := anyPlan(t, c)
		plan := c.Plans[key]
		plan.Key, plan.Formerly = key+"_2", append(slices.Clone(plan.Formerly), key)
		delete(c.Plans, key)
		c.Plans[plan.Key] = plan
	},
	"a price goes": func(t *rapid.T, c *domain.Catalog) { editPlan(t, c, func(p *domain.Plan) { p.Prices = p.Prices[1:] }) },
	"a price is taken by another plan": func(t *rapid.T, c *domain.Catalog) {
		price := rapid.SampledFrom([]domain.PriceID{"price_pro", "price_team_raised", "price_support", "price_made_by_stripe", "price_pass"}).Draw(t, "price")
		editPlan(t, c, func(p *domain.Plan) { p.Prices = append(slices.Clone(p.Prices), domain.Price{Key: "taken", ID: price}) })
	},
	"a lookup key is taken": func(t *rapid.T, c *domain.Catalog) {
		editPlan(t, c, func(p *domain.Plan) {
			p.Prices = append(slices.Clone(p.Prices), domain.Price{Key: "taken too", LookupKey: "pro_yearly"})
		})
	},
	"a price is ignored": func(t *rapid.T, c *domain.Catalog) {
		c.Ignored.Prices = append(slices.Clone(c.Ignored.Prices), rapid.SampledFrom([]domain.PriceID{"price_pro", "price_storage"}).Draw(t, "ignored"))
	},
	"no price is ignored": func(_ *rapid.T, c *domain.Catalog) { c.Ignored.Prices = nil },
	"a price is known": func(t *rapid.T, c *domain.Catalog) {
		c.Known = domain.NewKnownPrices(map[domain.PriceID]domain.PlanKey{"price_made_by_stripe": anyPlan(t, c), "price_support": anyPlan(t, c)})
	},
}

func anyPlan(t *rapid.T, c *domain.Catalog) domain.PlanKey {
	return rapid.SampledFrom(slices.Sorted(maps.Keys(c.Plans))).Draw(t, "plan")
}

func editPlan(t *rapid.T, c *domain.Catalog, edit func(*domain.Plan)) {
	plan := c.Plans[anyPlan(t, c)]
	if len(plan.Prices) == 0 {
		return
	}
	edit(&plan)
	c.Plans[plan.Key] = plan
}

// edited is a catalog some edits later.
func edited(t *rapid.T, c domain.Catalog) domain.Catalog {
	c.Plans, c.Features = maps.Clone(c.Plans), maps.Clone(c.Features)
	names := slices.Sorted(maps.Keys(catalogEdits))
	for _, name := range rapid.SliceOfN(rapid.SampledFrom(names), 1, 3).Draw(t, "edits") {
		if len(c.Plans) > 0 {
			catalogEdits[name](t, &c)
		}
	}
	return c
}

// Whoever depends on nothing that changed has the same by both catalogs.
func TestChangeSince_NamesEverybodyWhoseRightsChange(t *testing.T) {
	t.Parallel()
	spared, changed := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		h := domaintest.Histories(ana).Draw(t, "history")
		before := edited(t, shop)
		now := edited(t, before)
		account := h.Account
		for _, fact := range h.Facts {
			account, _ = domain.Record(account, fact, before)
		}
		account = account.Learn(before)
		held, holds := domain.Entitlements(account, before), domain.Entitlements(account.Learn(now), now)
		if account.DependsOn(now.ChangeSince(before), held) {
			changed++
			return
		}
		spared++
		if !slices.Equal(held, holds) {
			t.Fatalf("depends on nothing of %+v, and held %+v, holds %+v", now.ChangeSince(before), held, holds)
		}
		if !maps.Equal(account.Meanings, account.Learn(now).Meanings) {
			t.Fatalf("depends on nothing of %+v, and learns %v", now.ChangeSince(before), account.Learn(now).Meanings)
		}
	})
	if spared == 0 || changed == 0 {
		t.Errorf("%d were spared and %d not: the test says nothing", spared, changed)
	}
}

func TestChangeSince_IsAsSmallAsTheChange(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edit func(*domain.Catalog)
		want domain.CatalogChange
	}{
		"nothing": {func(*domain.Catalog) {}, domain.CatalogChange{}},
		"a name": {func(c *domain.Catalog) {
			p := c.Plans["pro"]
			p.Name, p.NotSold, p.Checkout.PromotionCodes = "Professional", true, true
			c.Plans["pro"] = p
		}, domain.CatalogChange{}},
		"a grace": {func(c *domain.Catalog) {
			p := c.Plans["pro"]
			p.Grace = time.Hour
			c.Plans["pro"] = p
		}, domain.CatalogChange{Plans: []domain.PlanKey{"pro"}, Prices: []domain.PriceID{"price_pro"}, LookupKeys: []string{"pro_yearly"}}},
		"a feature of one plan": {func(c *domain.Catalog) {
			f := c.Features["vault"]
			f.Type = domain.FeatureLimit
			c.Features["vault"] = f
			delete(c.Plans, "studio")
			delete(c.Plans, "storage")
		}, domain.CatalogChange{
			Plans: []domain.PlanKey{"donation", "storage", "studio"}, Prices: []domain.PriceID{"price_donation", "price_storage", "price_studio"},
		}},
		"a price that is ignored": {func(c *domain.Catalog) { c.Ignored.Prices = []domain.PriceID{"price_new", "price_support"} },
			domain.CatalogChange{Prices: []domain.PriceID{"price_new"}}},
	} {
		now := shop
		now.Plans, now.Features = maps.Clone(shop.Plans), maps.Clone(shop.Features)
		c.edit(&now)
		got := now.ChangeSince(shop)
		if !slices.Equal(got.Plans, c.want.Plans) || !slices.Equal(got.Prices, c.want.Prices) || !slices.Equal(got.LookupKeys, c.want.LookupKeys) {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
		if got.Empty() != c.want.Empty() {
			t.Errorf("%s: empty is %t", name, got.Empty())
		}
	}
}
