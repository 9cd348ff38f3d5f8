package app

import (
	"context"
	"fmt"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// DeriveAgain brings what is kept of users in line with the catalog: a plan that grants
// more since yesterday grants it to those who have it already.
type DeriveAgain struct {
	store   ports.Store
	catalog domain.Catalog
	clock   ports.Clock
}

// NewDeriveAgain returns the use case.
func NewDeriveAgain(store ports.Store, catalog domain.Catalog, clock ports.Clock) *DeriveAgain {
	return &DeriveAgain{store, catalog, clock}
}

// Users derives again what some users have, in one transaction, and returns how many
// entitlements changed.
func (d *DeriveAgain) Users(ctx context.Context, users []domain.UserID) (changes int, err error) {
	err = d.store.Update(ctx, ports.Touch{Users: users}, func(found ports.Found) (ports.Kept, error) {
		work := newJoining(found, d.catalog, d.clock())
		for _, user := range users {
			account := found.States[user].Account
			work.settle(user, account.Learn(d.catalog), "", domain.CauseCatalog)
			work.expect(nil, account.Expectations()) // those of the version before were not kept
		}
		changes = len(work.changes)
		return work.kept(), nil
	})
	if err != nil {
		return 0, fmt.Errorf("derive the entitlements of %d users: %w", len(users), err)
	}
	return changes, nil
}
