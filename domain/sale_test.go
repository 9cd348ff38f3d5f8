package domain_test

import (
	"testing"

	"github.com/entitled-dev/entitled/domain"
	"github.com/google/go-cmp/cmp"
)

// catalogOfSale has a plan of each kind: with a price that is no longer sold, without
// any other, and no longer sold itself.
func catalogOfSale() domain.Catalog {
	old := domain.Price{Key: "old", ID: "price_old", NotSold: true}
	return domain.Catalog{Plans: map[domain.PlanKey]domain.Plan{
		"pro":   {Key: "pro", Prices: []domain.Price{old, {Key: "now", ID: "price_now"}, {Key: "yearly", ID: "price_year"}}},
		"early": {Key: "early", Prices: []domain.Price{{Key: "old", ID: "price_early", NotSold: true}}},
		"gold":  {Key: "gold", Prices: []domain.Price{{Key: "now", ID: "price_gold"}}, NotSold: true},
	}}
}

func TestCatalog_SellsNothingThatIsNotForSale(t *testing.T) {
	t.Parallel()
	c := catalogOfSale()
	want := []domain.Plan{{Key: "pro", Prices: []domain.Price{{Key: "now", ID: "price_now"}, {Key: "yearly", ID: "price_year"}}}}
	if diff := cmp.Diff(want, c.ForSale()); diff != "" {
		t.Errorf("for sale (-want +got):\n%s", diff)
	}
	for _, ask := range []struct {
		plan domain.PlanKey
		key  domain.PriceKey
		want domain.PriceID // empty: none
	}{
		{"pro", "", "price_now"}, {"pro", "yearly", "price_year"}, {"pro", "old", ""}, {"pro", "weekly", ""},
		{"early", "", ""}, {"early", "old", ""}, {"gold", "", ""}, {"gold", "now", ""},
	} {
		got, found := c.Plans[ask.plan].PriceOf(ask.key)
		if got.ID != ask.want || found != (ask.want != "") {
			t.Errorf("price %q of %s: got %+v, %t, want %q", ask.key, ask.plan, got, found, ask.want)
		}
	}
}

// Who pays a price that is no longer sold holds its plan.
func TestCatalog_MapsWhatIsNotForSale(t *testing.T) {
	t.Parallel()
	c := catalogOfSale()
	for price, want := range map[domain.PriceID]domain.PlanKey{"price_old": "pro", "price_early": "early", "price_gold": "gold"} {
		if got, mapped := c.PlanByPrice(price, ""); !mapped || got.Key != want {
			t.Errorf("%s: got %q, want %s", price, got.Key, want)
		}
	}
	if n := len(c.Plans["pro"].Prices); n != 3 {
		t.Errorf("asking took a price away: %d are left", n)
	}
}
