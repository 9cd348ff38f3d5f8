package app

import (
	"context"
	"fmt"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// CheckEntitlement answers what a user may do. Reads that arrive together share a
// query, which begins after each of them was asked: an answer is never older than
// its question.
type CheckEntitlement struct {
	store   ports.Store
	catalog domain.Catalog
	clock   ports.Clock
	reads   *batcher[domain.UserID, []domain.Entitlement]
}

const (
	readLanes = 2
	readMost  = 128
	readTime  = 5 * time.Second
)

// NewCheckEntitlement starts the lanes; Close ends them.
func NewCheckEntitlement(store ports.Store, catalog domain.Catalog, clock ports.Clock) *CheckEntitlement {
	c := &CheckEntitlement{store: store, catalog: catalog, clock: clock}
	c.reads = newBatcher(readLanes, readMost, c.together, c.alone)
	return c
}

// Close refuses further questions and waits for those accepted.
func (c *CheckEntitlement) Close() { c.reads.close() }

// All lists what holds now, and as of when. Nothing is known of a user who never
// bought: the list is empty.
func (c *CheckEntitlement) All(ctx context.Context, user domain.UserID) ([]domain.Right, time.Time, error) {
	kept, err := c.reads.do(ctx, user)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("read entitlements: %w", err)
	}
	now := c.clock()
	return domain.Rights(kept, c.catalog, now), now, nil
}

// One tells whether the user has a feature now, and as of when: with a zero Right
// if not. [ErrUnknownFeature] for a feature that neither the catalog nor any of
// the user's rights knows: asking for a misspelled feature must not look like not
// having it.
func (c *CheckEntitlement) One(ctx context.Context, user domain.UserID, feature domain.FeatureKey) (domain.Right, bool, time.Time, error) {
	rights, now, err := c.All(ctx, user)
	if err != nil {
		return domain.Right{}, false, time.Time{}, err
	}
	for _, r := range rights {
		if r.Feature == feature {
			return r, true, now, nil
		}
	}
	if _, known := c.catalog.Features[feature]; !known {
		return domain.Right{}, false, time.Time{}, unknownFeature(feature, c.catalog)
	}
	return domain.Right{Feature: feature}, false, now, nil
}

// AtLeast tells whether the user has so much of a feature: a value of a choice, or how many
// of a limit; empty: any. Who has less is told how much, and that it is not enough. Besides
// the errors of One: [ErrBadRequest].
func (c *CheckEntitlement) AtLeast(ctx context.Context, user domain.UserID, feature domain.FeatureKey, least string) (domain.Right, bool, time.Time, error) {
	right, held, now, err := c.One(ctx, user, feature)
	if err != nil || least == "" {
		return right, held, now, err
	}
	of := c.catalog.Features[feature]
	bar, err := of.ReadValue(least)
	if err != nil {
		return domain.Right{}, false, time.Time{}, fmt.Errorf("%w: at_least: %w", ErrBadRequest, err)
	}
	return right, held && !of.Less(right.Value, bar), now, nil
}

func (c *CheckEntitlement) together(users []domain.UserID) ([][]domain.Entitlement, error) {
	ctx, cancel := context.WithTimeout(context.Background(), readTime)
	defer cancel()
	byUser, err := c.store.Entitlements(ctx, users)
	if err != nil {
		return nil, err
	}
	kept := make([][]domain.Entitlement, len(users))
	for i, user := range users {
		kept[i] = byUser[user]
	}
	return kept, nil
}

func (c *CheckEntitlement) alone(user domain.UserID) ([]domain.Entitlement, error) {
	kept, err := c.together([]domain.UserID{user})
	if err != nil {
		return nil, err
	}
	return kept[0], nil
}
