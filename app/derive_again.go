package app

import (
	"context"
	"fmt"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// DeriveAgain brings what is kept of every user in line with the catalog: a plan
// that grants more since yesterday grants it to those who have it already.
type DeriveAgain struct {
	store   ports.Store
	catalog domain.Catalog
	clock   ports.Clock
}

// NewDeriveAgain returns the use case.
func NewDeriveAgain(store ports.Store, catalog domain.Catalog, clock ports.Clock) *DeriveAgain {
	return &DeriveAgain{store, catalog, clock}
}

const deriveMost = 64

// Do goes through all users and returns how many entitlements changed. It may be
// interrupted and run again, beside other processes that do the same.
func (d *DeriveAgain) Do(ctx context.Context) (changes int, err error) {
	var last domain.UserID
	for {
		users, err := d.store.Users(ctx, last, deriveMost)
		if err != nil {
			return changes, fmt.Errorf("list users: %w", err)
		}
		if len(users) == 0 {
			return changes, nil
		}
		last = users[len(users)-1]
		changed, err := d.derive(ctx, users)
		if err != nil {
			return changes, fmt.Errorf("derive the entitlements of %d users: %w", len(users), err)
		}
		changes += changed
	}
}

func (d *DeriveAgain) derive(ctx context.Context, users []domain.UserID) (changes int, err error) {
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
	return changes, err
}
