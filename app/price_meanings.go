package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// PriceMeanings remembers which plan a price belonged to. A catalog names the prices of
// today; who subscribed at one of last year has a plan by it still, in whichever
// account the price is first heard of.
type PriceMeanings struct {
	store ports.Store
	known *domain.KnownPrices
}

// NewPriceMeanings returns the use case.
func NewPriceMeanings(store ports.Store) *PriceMeanings {
	return &PriceMeanings{store, domain.NewKnownPrices(nil)}
}

const settingPriceMeanings = "price_meanings"

// Load reads what prices meant to any catalog so far, for [domain.Catalog.Known]: one
// memory, to which Learn adds.
func (m *PriceMeanings) Load(ctx context.Context) (*domain.KnownPrices, error) {
	kept, err := m.kept(ctx)
	if err != nil {
		return nil, err
	}
	m.known.Add(kept)
	return m.known, nil
}

func (m *PriceMeanings) kept(ctx context.Context) (map[domain.PriceID]domain.PlanKey, error) {
	kept := map[domain.PriceID]domain.PlanKey{}
	text, err := m.store.Setting(ctx, settingPriceMeanings)
	if errors.Is(err, ports.ErrNotFound) {
		return kept, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read what prices meant: %w", err)
	}
	if err := json.Unmarshal([]byte(text), &kept); err != nil {
		return nil, fmt.Errorf("read what prices meant, the setting %s of the database: %w", settingPriceMeanings, err)
	}
	return kept, nil
}

// Learn adds what prices mean now, in place of what they meant. Nothing is forgotten:
// the catalog in use knows it from here on, and the next one by the database, from
// which this one learns what other services have added.
//
// Of two services that learn at the same time the later one may undo what the other
// has added. That is harmless: who has added it knows it, and adds it again with what
// it learns next.
func (m *PriceMeanings) Learn(ctx context.Context, now map[domain.PriceID]domain.PlanKey) error {
	m.known.Add(now)
	kept, err := m.kept(ctx)
	if err != nil {
		return err
	}
	merged := m.known.All()
	maps.Copy(merged, kept)
	maps.Copy(merged, now)
	m.known.Add(merged)
	if maps.Equal(kept, merged) {
		return nil
	}
	text, err := json.Marshal(merged)
	if err != nil {
		return fmt.Errorf("write down what prices mean: %w", err)
	}
	if err := m.store.SetSetting(ctx, settingPriceMeanings, string(text)); err != nil {
		return fmt.Errorf("keep what prices mean: %w", err)
	}
	return nil
}

// MeaningsOf is what prices mean to a catalog: those that it names by id, and those
// that Stripe has for its lookup keys.
func MeaningsOf(c domain.Catalog, atStripe []ports.StripePrice) map[domain.PriceID]domain.PlanKey {
	means := map[domain.PriceID]domain.PlanKey{}
	for _, s := range atStripe {
		if plan, named := c.PlanByPrice(s.ID, s.LookupKey); named && s.ID != "" {
			means[s.ID] = plan.Key
		}
	}
	for _, plan := range c.PlanList() {
		for _, price := range plan.Prices {
			if price.ID != "" {
				means[price.ID] = plan.Key
			}
		}
	}
	return means
}
