package domain_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/entitled-dev/entitled/domain"
)

// What a price meant once it means for who holds it, whatever became of the catalog.
func TestMeaning_IsNeverForgotten(t *testing.T) {
	t.Parallel()
	byKey := deepCopyCatalog(market)
	pro := byKey.Plans["pro"]
	pro.Prices = []domain.Price{{Key: "monthly", LookupKey: "pro_monthly"}}
	byKey.Plans["pro"] = pro
	renamed := deepCopyCatalog(byKey)
	pro.Key, pro.Formerly = "business", []domain.PlanKey{"pro"}
	delete(renamed.Plans, "pro")
	renamed.Plans["business"] = pro
	dropped := deepCopyCatalog(byKey)
	delete(dropped.Plans, "pro")
	known := deepCopyCatalog(byKey)
	known.Known = domain.NewKnownPrices(map[domain.PriceID]domain.PlanKey{"price_today": "pro"})

	snapshot := func(days float64, lookupKey string) domain.Fact {
		item := has("si_1", "price_today", 5, 0, 30)
		item.LookupKey = lookupKey
		return sub(days, "active", item)
	}
	keyed, moved := snapshot(0, "pro_monthly"), snapshot(9, "")
	for name, c := range map[string]struct {
		catalog domain.Catalog // of today; it was told of by lookup key
		facts   []domain.Fact
		rights  string
	}{
		"the lookup key is there":             {byKey, []domain.Fact{keyed}, "pro, projects 100, seats 5"},
		"the key moved to another price":      {byKey, []domain.Fact{keyed, moved}, "pro, projects 100, seats 5"},
		"and that is told first":              {byKey, []domain.Fact{moved, keyed}, "pro, projects 100, seats 5"},
		"it had moved before we were told":    {byKey, []domain.Fact{moved}, "nothing"},
		"and an earlier catalog named it":     {known, []domain.Fact{moved}, "pro, projects 100, seats 5"},
		"the plan was renamed":                {renamed, []domain.Fact{keyed, moved}, "pro, projects 100, seats 5"},
		"the plan was dropped":                {dropped, []domain.Fact{keyed, moved}, "nothing"},
		"the catalog has another id for it":   {market, []domain.Fact{keyed}, "pro, projects 100, seats 5"},
		"the other id, told for the 1st time": {market, []domain.Fact{moved}, "nothing"},
	} {
		a := tell(accountWith(ana), byKey, c.facts...)
		if rights := rightsAt(a, c.catalog, on(10)); rights != c.rights {
			t.Errorf("%s: %s, want %s", name, rights, c.rights)
		}
	}
}

// What a price meant is told while accounts are looked at: to all copies of a catalog.
func TestKnownPrices_OnlyGrowToldAtOnce(t *testing.T) {
	t.Parallel()
	var nothing *domain.KnownPrices
	nothing.Add(map[domain.PriceID]domain.PlanKey{"price_1": "pro"})
	if plan, known := nothing.Plan("price_1"); known || len(nothing.All()) > 0 {
		t.Errorf("nobody remembers %s and %v", plan, nothing.All())
	}
	first := map[domain.PriceID]domain.PlanKey{"price_1": "pro"}
	prices := domain.NewKnownPrices(first)
	before := prices.All()
	first["price_9"], before["price_9"] = "pro", "pro"
	var telling sync.WaitGroup
	for n := range 20 {
		telling.Go(func() {
			prices.Add(map[domain.PriceID]domain.PlanKey{"price_1": "team", domain.PriceID(fmt.Sprint(n)): "pro"})
			if plan, known := prices.Plan("price_1"); !known || plan != "team" {
				t.Errorf("price_1 means %q, want team", plan)
			}
		})
	}
	telling.Wait()
	if got := prices.All(); len(got) != 21 || got["price_1"] != "team" || got["7"] != "pro" {
		t.Errorf("got %v, want what was told, the newest of it", got)
	}
}

// A process that goes on learns of a key that moves as one that starts again does.
func TestMeaning_IsLearnedByTheCatalogInUse(t *testing.T) {
	t.Parallel()
	c := deepCopyCatalog(market)
	c.Known = domain.NewKnownPrices(nil)
	copied := c
	fact := sub(0, "active", has("si_1", "price_y", 1, 0, 30))
	if _, verdict := domain.Record(accountWith(ana), fact, copied); verdict.Outcome != domain.OutcomeQuarantined {
		t.Errorf("before: %s, want quarantined", verdict.Outcome)
	}
	c.Known.Add(map[domain.PriceID]domain.PlanKey{"price_y": "pro"})
	a, verdict := domain.Record(accountWith(ana), fact, copied)
	if rights := rightsAt(a, copied, on(1)); verdict.Outcome != domain.OutcomeApplied || rights != "pro, projects 100, seats 1" {
		t.Errorf("after: %s and %s, want applied, and the plan", verdict.Outcome, rights)
	}
}

// An account that was kept before meanings were is taught by the catalog that it knows.
func TestMeaning_IsLearnedFromTheCatalogOfToday(t *testing.T) {
	t.Parallel()
	a := tell(accountWith(ana), market, sub(0, "active", has("si_1", "price_m", 5, 0, 30)))
	a.Meanings = nil
	if got := a.Learn(market).Meanings["price_m"]; got != "pro" {
		t.Errorf("price_m means %q, want pro", got)
	}
}

// An order was for a price, which says what that price is.
func TestMeaning_OfThePriceOfAnOrderThatWasRenamed(t *testing.T) {
	t.Parallel()
	renamed := deepCopyCatalog(market)
	life := renamed.Plans["life"]
	delete(renamed.Plans, "life")
	life.Key, life.Formerly = "forever", []domain.PlanKey{"life"}
	renamed.Plans["forever"] = life
	order := domain.Order{ID: "o1", Plan: "life", Mode: domain.ModePayment, Quantity: 1, Status: domain.OrderPaid, PaidAt: noon}
	a := accountWith(ana, order)
	if rights := rightsAt(a, renamed, on(1)); rights != "life" {
		t.Errorf("got %s, want life", rights)
	}
	for _, e := range domain.Entitlements(a, renamed) {
		if e.Plan != "forever" {
			t.Errorf("of plan %s, want forever", e.Plan)
		}
	}
}

// What was mapped by a slip is taken back by listing it: memory would keep it for good.
func TestIgnored_PriceMeansNothingAnyMore(t *testing.T) {
	t.Parallel()
	a := tell(accountWith(ana), market, sub(0, "active", has("si_1", "price_addon", 1, 0, 30)))
	dropped := deepCopyCatalog(market)
	addon := dropped.Plans["addon"]
	addon.Prices = nil
	dropped.Plans["addon"] = addon
	if rights := rightsAt(a, dropped, on(1)); rights != "sso" {
		t.Errorf("a price that the catalog no longer names gives %s, want what it meant", rights)
	}
	dropped.Ignored.Prices = []domain.PriceID{"price_addon"}
	if rights := rightsAt(a, dropped, on(1)); rights != "nothing" {
		t.Errorf("a price that the catalog ignores gives %s", rights)
	}
}

// Prices that are no business of ours give nothing, and nobody has to look at them.
func TestIgnored_PricesAndProductsAreNobodysWorry(t *testing.T) {
	t.Parallel()
	c := deepCopyCatalog(market)
	c.Ignored = domain.Ignored{Prices: []domain.PriceID{"price_other"}, LookupKeys: []string{"setup_fee"}, Products: []string{"prod_other"}}
	pro, other := has("si_1", "price_m", 1, 0, 30), has("si_2", "price_other", 1, 0, 30)
	byKey, byProduct, unknown := has("si_2", "price_x", 1, 0, 30), has("si_2", "price_y", 1, 0, 30), has("si_2", "price_z", 1, 0, 30)
	byKey.LookupKey, byProduct.Product = "setup_fee", "prod_other"
	for name, x := range map[string]struct {
		items   []domain.Item
		outcome domain.Outcome
		rights  string
	}{
		"beside a plan":               {[]domain.Item{pro, other}, domain.OutcomeApplied, "pro, projects 100, seats 1"},
		"by lookup key":               {[]domain.Item{pro, byKey}, domain.OutcomeApplied, "pro, projects 100, seats 1"},
		"by product":                  {[]domain.Item{pro, byProduct}, domain.OutcomeApplied, "pro, projects 100, seats 1"},
		"nothing else":                {[]domain.Item{other}, domain.OutcomeIgnored, "nothing"},
		"one that nobody knows":       {[]domain.Item{pro, unknown}, domain.OutcomeQuarantined, "pro, projects 100, seats 1"},
		"one that nobody knows alone": {[]domain.Item{unknown}, domain.OutcomeQuarantined, "nothing"},
		"that, and an ignored one":    {[]domain.Item{unknown, other}, domain.OutcomeQuarantined, "nothing"},
	} {
		a, verdict := domain.Record(accountWith(ana), sub(0, "active", x.items...), c)
		if rights := rightsAt(a, c, on(1)); verdict.Outcome != x.outcome || rights != x.rights {
			t.Errorf("%s: %s (%s) and %s, want %s and %s", name, verdict.Outcome, verdict.Reason, rights, x.outcome, x.rights)
		}
	}
}

// A plan that leaves a subscription ends, even if what is left is no business of ours; in
// whatever order that is told.
func TestIgnored_WhatIsLeftOfASubscriptionTakesWhatItHad(t *testing.T) {
	t.Parallel()
	c := deepCopyCatalog(market)
	c.Ignored = domain.Ignored{Prices: []domain.PriceID{"price_other"}}
	before := sub(0, "active", has("si_1", "price_m", 1, 0, 30), has("si_2", "price_other", 1, 0, 30))
	after := sub(1, "active", has("si_2", "price_other", 1, 0, 30))
	for name, told := range map[string][]domain.Fact{"in order": {before, after}, "the other way": {after, before}} {
		if rights := rightsAt(tell(accountWith(ana), c, told...), c, on(2)); rights != "nothing" {
			t.Errorf("%s: gives %s after the plan was removed", name, rights)
		}
	}
}
