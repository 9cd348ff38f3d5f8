package domain_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
)

func TestCatalog_AnIndexSaysWhatThePlansSay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := edited(t, shop)
		indexed := c.Indexed()
		ids := []domain.PriceID{"", "price_unknown"}
		lookupKeys := []string{"", "unknown"}
		for _, plan := range c.Plans {
			for _, price := range plan.Prices {
				ids, lookupKeys = append(ids, price.ID), append(lookupKeys, price.LookupKey)
			}
		}
		for _, id := range ids {
			for _, lookupKey := range lookupKeys {
				want, mapped := c.PlanByPrice(id, lookupKey)
				got, found := indexed.PlanByPrice(id, lookupKey)
				if found != mapped || got.Key != want.Key {
					t.Fatalf("price %q, lookup key %q: %q (%v) with an index, %q (%v) without", id, lookupKey, got.Key, found, want.Key, mapped)
				}
			}
		}
	})
}
