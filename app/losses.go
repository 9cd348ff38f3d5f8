package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Losses tells what a catalog takes from users who have it now. A slip in a file would
// otherwise take a plan from everybody who pays for it, within minutes of a start.
type Losses struct {
	store   ports.Store
	catalog domain.Catalog
	clock   ports.Clock
}

// NewLosses returns the use case for a catalog that is to follow the one before.
func NewLosses(store ports.Store, catalog domain.Catalog, clock ports.Clock) *Losses {
	return &Losses{store, catalog, clock}
}

// settingCatalogBefore keeps the catalog that a service was last started with: its
// fingerprint says that another one is different, and not how.
const settingCatalogBefore = "catalog_before"

// Find lists what the catalog takes, sorted by plan and feature. Users are counted by
// what is kept of them; nobody's rights are derived. What ends sooner by itself
// (valid_for, grace, leeway) is no loss here, and neither is another policy.
func (l *Losses) Find(ctx context.Context) ([]Loss, error) {
	kept, err := l.store.Setting(ctx, settingCatalogBefore)
	if err != nil && !errors.Is(err, ports.ErrNotFound) {
		return nil, fmt.Errorf("read the catalog before: %w", err)
	}
	text, err := catalogText(l.catalog)
	if err != nil || kept == text {
		return nil, err
	}
	sold := l.catalog
	// A command that reads the file alone is to tell what a start with it would.
	if sold.Known, err = NewPriceMeanings(l.store).Load(ctx); err != nil {
		return nil, err
	}
	// What another version of this program kept may not be readable. Then, as without
	// it, plans and features alone are compared.
	var before *domain.Catalog
	if json.Unmarshal([]byte(kept), &before) != nil {
		before = nil
	}
	holdings, err := l.store.Holders(ctx, l.clock())
	if err != nil {
		return nil, fmt.Errorf("count who has what: %w", err)
	}
	var losses []Loss
	if before != nil {
		losses = lossesOfAll(*before, sold)
	}
	for _, h := range holdings {
		if h.Plan == "" || h.Users == 0 {
			continue // no catalog takes what a person gave
		}
		loss, loses := lossOf(sold, h)
		if before != nil {
			loss, loses = lossSince(*before, sold, h)
		}
		if loses {
			losses = append(losses, loss)
		}
	}
	slices.SortFunc(losses, func(a, b Loss) int {
		return cmp.Or(cmp.Compare(a.Plan, b.Plan), cmp.Compare(a.Feature, b.Feature))
	})
	return losses, nil
}

// Start is for a service that starts: it refuses a catalog that takes something, or
// returns what it takes if that is accepted, and keeps the catalog for the next start.
func (l *Losses) Start(ctx context.Context, accept bool) (accepted []Loss, err error) {
	losses, err := l.Find(ctx)
	if err != nil {
		return nil, err
	}
	if len(losses) > 0 && !accept {
		return nil, RefuseLosses(losses)
	}
	return losses, l.keep(ctx)
}

// keep makes the catalog the one before. Services that start at the same time may keep
// theirs in any order: the last is then the one before, as it is in use.
func (l *Losses) keep(ctx context.Context) error {
	text, err := catalogText(l.catalog)
	if err != nil {
		return err
	}
	kept, err := l.store.Setting(ctx, settingCatalogBefore)
	if err != nil && !errors.Is(err, ports.ErrNotFound) || kept == text {
		return err
	}
	if err := l.store.SetSetting(ctx, settingCatalogBefore, text); err != nil {
		return fmt.Errorf("keep the catalog for the next start: %w", err)
	}
	return nil
}

// catalogText is equal for equal catalogs: JSON sorts the keys of maps. What prices
// meant before is kept elsewhere, and no file says it.
func catalogText(c domain.Catalog) (string, error) {
	c.Known = nil
	text, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("write the catalog down: %w", err)
	}
	return string(text), nil
}
