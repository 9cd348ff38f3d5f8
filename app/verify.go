package app

import (
	"context"
	"fmt"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Verify holds what is derived against what it is derived from: entitlements, their history,
// the feed, versions, names, sums of the past and expected news against the facts, orders and grants that are
// kept; and the facts against the bodies of the events that told them. It changes nothing.
type Verify struct {
	store   ports.Store
	gateway ports.Gateway
	catalog domain.Catalog
	every   time.Duration
	clock   ports.Clock
	timer   ports.Timer
	meter   ports.Meter

	onDifference func(UserVerified)
}

// NewVerify returns the use case. Of the gateway only the reader of bodies is used: Stripe is
// not asked.
func NewVerify(store ports.Store, gateway ports.Gateway, catalog domain.Catalog, settings Settings,
	clock ports.Clock, timer ports.Timer, meter ports.Meter,
) *Verify {
	return &Verify{store, gateway, catalog, settings.VerifyEvery, clock, timer, meter, func(UserVerified) {}}
}

// VerifyQuery says what is to be verified; its zero value: what is derived, of everybody.
type VerifyQuery struct {
	User   domain.UserID // only this one
	Bodies bool          // the facts against bodies, too
}

// ErrDeriving: after a change of the catalog, or with another one than the service's.
const ErrDeriving = Misfit("not everybody has what this catalog gives: it has changed, and that is being derived, or it is another one than the service's: " +
	"wait until the service says that it is done, or set CATALOG to the service's file")

// verifyPage is how many users are listed at a time.
const verifyPage = 100

// Do verifies users one after the other, and tells of each. It ends with the first error of
// tell. A [Misfit]: not everybody has what this catalog gives. [ports.ErrNotFound]: nothing is
// known of the user.
func (v *Verify) Do(ctx context.Context, q VerifyQuery, tell func(UserVerified) error) error {
	if err := v.derived(ctx); err != nil {
		return err
	}
	if q.User != "" {
		return v.one(ctx, q, tell)
	}
	for after := domain.UserID(""); ; {
		users, err := v.store.Users(ctx, after, verifyPage)
		if err != nil || len(users) == 0 {
			return err
		}
		for _, user := range users {
			found, err := v.verified(ctx, user, q.Bodies)
			if err == nil {
				err = tell(found)
			}
			if err != nil {
				return err
			}
		}
		after = users[len(users)-1]
	}
}

func (v *Verify) one(ctx context.Context, q VerifyQuery, tell func(UserVerified) error) error {
	known, err := (&UserData{store: v.store}).Known(ctx, q.User)
	if err != nil {
		return err
	}
	if !known {
		return fmt.Errorf("user %s: %w", q.User, ports.ErrNotFound)
	}
	found, err := v.verified(ctx, q.User, q.Bodies)
	if err != nil {
		return err
	}
	return tell(found)
}

// derived returns an error while not everybody has what this catalog gives.
func (v *Verify) derived(ctx context.Context) error {
	if err := v.heeded(ctx); err != nil {
		return err
	}
	a := AdoptDatabase{store: v.store}
	kept, err := a.setting(ctx, settingCatalog)
	if err != nil {
		return err
	}
	if kept == "" {
		return nil // no service has run on it yet
	}
	ours, err := catalogPrint(v.catalog)
	if err != nil {
		return err
	}
	if kept != ours {
		return ErrDeriving
	}
	return nil
}

// heeded returns an error while when somebody is due may follow from other lead times.
func (v *Verify) heeded(ctx context.Context) error {
	same, err := (&leadTimes{store: v.store, announce: v.catalog.AnnounceEnds}).same(ctx)
	if err == nil && !same {
		err = ErrDeriving
	}
	return err
}
