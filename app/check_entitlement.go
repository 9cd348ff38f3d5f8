package app

import (
	"context"
	"errors"
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
	wakes   *userWakes
	reads   *batcher[domain.UserID, ports.Rights]
}

const (
	readLanes = 2
	readMost  = 128
	readTime  = 5 * time.Second
)

// ErrVersionAhead: the user's rights have not changed so often, as far as is known here.
var ErrVersionAhead = errors.New("the version is not reached")

// versionTime is how long a version is waited for.
const versionTime = 5 * time.Second

// NewCheckEntitlement starts the lanes; Close ends them.
func NewCheckEntitlement(store ports.Store, catalog domain.Catalog, clock ports.Clock, timer ports.Timer) *CheckEntitlement {
	c := &CheckEntitlement{store: store, catalog: catalog, clock: clock, wakes: newUserWakes(timer)}
	c.reads = newBatcher(readLanes, readMost, c.together, c.alone)
	return c
}

// Close refuses further questions and waits for those accepted.
func (c *CheckEntitlement) Close() { c.reads.close() }

// UserRights is what a user may do.
type UserRights struct {
	Rights  []domain.Right
	AsOf    time.Time // UTC
	Version int64     // 0: nothing ever changed
}

// Wake has those look who wait for a version of one of these users: see [Fulfill.OnKept].
func (c *CheckEntitlement) Wake(users []domain.UserID) { c.wakes.wake(users) }

// All lists what holds now, at least as of a version: where that is not reached, it waits
// for it for some seconds, and then answers [ErrVersionAhead]. Nothing is known of a user who
// never bought: the list is empty.
func (c *CheckEntitlement) All(ctx context.Context, user domain.UserID, atLeast int64) (UserRights, error) {
	kept, err := c.read(ctx, user, atLeast)
	if err != nil {
		return UserRights{}, err
	}
	now := c.clock()
	return UserRights{Rights: domain.Rights(kept.Entitlements, c.catalog, now), AsOf: now, Version: kept.Version}, nil
}

// Reach waits until what is kept of a user is of a version, or of a later one, as All does:
// whatever is read after it is, too. 0 is any.
func (c *CheckEntitlement) Reach(ctx context.Context, user domain.UserID, atLeast int64) error {
	if atLeast == 0 {
		return nil
	}
	_, err := c.read(ctx, user, atLeast)
	return err
}

func (c *CheckEntitlement) read(ctx context.Context, user domain.UserID, atLeast int64) (ports.Rights, error) {
	kept, err := c.reads.do(ctx, user)
	if err == nil && kept.Version < atLeast {
		kept, err = c.await(ctx, user, atLeast)
	}
	if err != nil {
		return ports.Rights{}, fmt.Errorf("read entitlements: %w", err)
	}
	return kept, nil
}

// await reads again whenever something of the user is kept here, and now and then, as another
// process may keep it.
func (c *CheckEntitlement) await(ctx context.Context, user domain.UserID, atLeast int64) (kept ports.Rights, err error) {
	waiting, cancel := context.WithTimeout(ctx, versionTime)
	defer cancel()
	reached, err := c.wakes.until(waiting, user, func() (bool, error) {
		var err error
		kept, err = c.reads.do(waiting, user)
		return err == nil && kept.Version >= atLeast, err
	})
	switch {
	case reached || err != nil:
		return kept, err
	case ctx.Err() != nil:
		return kept, ctx.Err()
	}
	return kept, fmt.Errorf("%w: at_least is %d; ask again, or without it", ErrVersionAhead, atLeast)
}

// One tells whether the user has a feature now: with a zero Right if not. Versions are as of
// [CheckEntitlement.All]. [ErrUnknownFeature] for a feature that neither the catalog nor any
// of the user's rights knows: asking for a misspelled feature must not look like not having it.
func (c *CheckEntitlement) One(ctx context.Context, user domain.UserID, feature domain.FeatureKey, atLeast int64) (r domain.Right, entitled bool, all UserRights, err error) {
	all, err = c.All(ctx, user, atLeast)
	if err != nil {
		return domain.Right{}, false, UserRights{}, err
	}
	for _, r := range all.Rights {
		if r.Feature == feature {
			return r, true, all, nil
		}
	}
	if _, known := c.catalog.Features[feature]; !known {
		return domain.Right{}, false, UserRights{}, unknownFeature(feature, c.catalog)
	}
	return domain.Right{Feature: feature}, false, all, nil
}

// Enough tells whether the user has so much of a feature: a value of a choice, or how many of
// a limit; empty: any. Who has less is told how much, and that it is not enough. Besides the
// errors of One: [ErrBadRequest].
func (c *CheckEntitlement) Enough(ctx context.Context, user domain.UserID, feature domain.FeatureKey, least string, atLeast int64) (domain.Right, bool, UserRights, error) {
	right, held, all, err := c.One(ctx, user, feature, atLeast)
	if err != nil || least == "" {
		return right, held, all, err
	}
	of := c.catalog.Features[feature]
	bar, err := of.ReadValue(least)
	if err != nil {
		return domain.Right{}, false, UserRights{}, fmt.Errorf("%w: min: %w", ErrBadRequest, err)
	}
	return right, held && !of.Less(right.Value, bar), all, nil
}

func (c *CheckEntitlement) together(users []domain.UserID) ([]ports.Rights, error) {
	ctx, cancel := context.WithTimeout(context.Background(), readTime)
	defer cancel()
	byUser, err := c.store.Entitlements(ctx, users)
	if err != nil {
		return nil, err
	}
	kept := make([]ports.Rights, len(users))
	for i, user := range users {
		kept[i] = byUser[user]
	}
	return kept, nil
}

func (c *CheckEntitlement) alone(user domain.UserID) (ports.Rights, error) {
	kept, err := c.together([]domain.UserID{user})
	if err != nil {
		return ports.Rights{}, err
	}
	return kept[0], nil
}
