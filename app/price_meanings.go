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
type PriceMeanings struct{ store ports.Store }

// NewPriceMeanings returns the use case.
func NewPriceMeanings(store ports.Store) *PriceMeanings { return &PriceMeanings{store} }

const settingPriceMeanings = "price_meanings"

// Load reads what prices meant to any catalog so far, for [domain.Catalog.Known].
func (m *PriceMeanings) Load(ctx context.Context) (map[domain.PriceID]domain.PlanKey, error) {
	known := map[domain.PriceID]domain.PlanKey{}
	text, err := m.store.Setting(ctx, settingPriceMeanings)
	if errors.Is(err, ports.ErrNotFound) {
		return known, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read what prices meant: %w", err)
	}
	if err := json.Unmarshal([]byte(text), &known); err != nil {
		return nil, fmt.Errorf("read what prices meant, the setting %s of the database: %w", settingPriceMeanings, err)
	}
	return known, nil
}

// Learn adds what prices mean now, in place of what they meant. Nothing is forgotten.
//
// Of two services that start at the same time the later one may undo what the other
// has added. That is harmless: what is added is what a catalog in use says itself, so
// that nobody needs to remember it yet, and it is added again at each start.
func (m *PriceMeanings) Learn(ctx context.Context, now map[domain.PriceID]domain.PlanKey) error {
	known, err := m.Load(ctx)
	if err != nil {
		return err
	}
	merged := map[domain.PriceID]domain.PlanKey{}
	maps.Copy(merged, known)
	maps.Copy(merged, now)
	if maps.Equal(known, merged) {
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

// Meanings is what prices mean to the catalog, those included that Stripe names for its
// lookup keys today: a key moves to the next price when prices are raised.
func (p *Prices) Meanings(ctx context.Context) (map[domain.PriceID]domain.PlanKey, error) {
	atStripe, err := p.all(ctx)
	if err != nil {
		return nil, err
	}
	return MeaningsOf(p.catalog, atStripe), nil
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
