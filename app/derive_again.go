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

	onProgress func(done, left int)
}

// NewDeriveAgain returns the use case.
func NewDeriveAgain(store ports.Store, catalog domain.Catalog, clock ports.Clock) *DeriveAgain {
	return &DeriveAgain{store: store, catalog: catalog, clock: clock}
}

// OnProgress has somebody told of how many users this is done, and how many are left. It
// is for before Do, and must be quick.
func (d *DeriveAgain) OnProgress(tell func(done, left int)) { d.onProgress = tell }

const deriveMost = 64

// Do goes through all users and returns how many entitlements changed. It may be
// interrupted and run again, beside other processes that do the same.
func (d *DeriveAgain) Do(ctx context.Context) (changes int, err error) {
	var last domain.UserID
	progress, err := d.progress(ctx, last)
	if err != nil {
		return 0, fmt.Errorf("count users: %w", err)
	}
	for {
		users, err := d.store.Users(ctx, last, deriveMost)
		if err != nil {
			return changes, fmt.Errorf("list users: %w", err)
		}
		if len(users) == 0 {
			progress.end()
			return changes, nil
		}
		last = users[len(users)-1]
		changed, err := d.derive(ctx, users)
		if err != nil {
			return changes, fmt.Errorf("derive the entitlements of %d users: %w", len(users), err)
		}
		changes += changed
		progress.add(len(users))
	}
}

// progress is how far a run has come. Users who came during it were derived with this
// catalog, and are not waited for.
type progress struct {
	tell      func(done, left int)
	done, all int
}

func (d *DeriveAgain) progress(ctx context.Context, after domain.UserID) (*progress, error) {
	if d.onProgress == nil {
		return &progress{tell: func(int, int) {}}, nil
	}
	all, err := d.store.CountUsers(ctx, after)
	if err != nil {
		return nil, err
	}
	d.onProgress(0, all)
	return &progress{tell: d.onProgress, all: all}, nil
}

func (p *progress) add(users int) {
	p.done += users
	p.tell(p.done, max(p.all-p.done, 0))
}

func (p *progress) end() { p.tell(p.done, 0) }

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
