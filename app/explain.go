package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Explain answers why a user has, or lacks, a feature.
type Explain struct {
	store   ports.Store
	catalog domain.Catalog
	clock   ports.Clock
}

// NewExplain returns the use case.
func NewExplain(store ports.Store, catalog domain.Catalog, clock ports.Clock) *Explain {
	return &Explain{store, catalog, clock}
}

// Do explains one feature, or with the empty one all that the user's purchases and
// grants are about, at a moment: in the past as it was, in the future as it will be
// if nothing else happens; the zero time is now. [ErrUnknownFeature] for a feature
// that neither the catalog nor the user's history knows.
func (e *Explain) Do(ctx context.Context, user domain.UserID, feature domain.FeatureKey, at time.Time) (domain.Explanation, error) {
	if !keepable(at) {
		return domain.Explanation{}, fmt.Errorf("%w: at is between the years %d and %d", ErrBadRequest, firstYear, lastYear)
	}
	account, changes, err := e.read(ctx, user)
	if err != nil {
		return domain.Explanation{}, fmt.Errorf("read what is known of the user: %w", err)
	}
	if at.IsZero() {
		at = e.clock()
		if n := len(changes); n > 0 && changes[n-1].At.After(at) {
			at = changes[n-1].At // another process's clock is ahead
		}
	}
	explanation := domain.Explain(account, e.catalog, changes, at)
	if feature == "" {
		return explanation, nil
	}
	if _, sold := e.catalog.Features[feature]; !sold && !explanation.Knows(feature) {
		return domain.Explanation{}, unknownFeature(feature, e.catalog)
	}
	return explanation.Only(feature, e.catalog), nil
}

// readAgain is how often what is read may be overtaken before it is taken as it is.
const readAgain = 3

// read reads account and history of one moment: a change that came in between would
// look like a fault.
func (e *Explain) read(ctx context.Context, user domain.UserID) (account domain.Account, changes []domain.Change, err error) {
	for range readAgain {
		state, err := e.store.State(ctx, user)
		if err != nil {
			return domain.Account{}, nil, err
		}
		if changes, err = e.store.Changes(ctx, user); err != nil {
			return domain.Account{}, nil, err
		}
		account = state.Account
		if n := len(changes); n == 0 || len(domain.Diff(domain.EntitlementsAt(changes, latest(changes)), state.Entitlements)) == 0 {
			break
		}
	}
	return account, changes, nil
}

// latest is when the last change was made, by whichever clock is ahead.
func latest(changes []domain.Change) time.Time {
	return slices.MaxFunc(changes, func(a, b domain.Change) int { return a.At.Compare(b.At) }).At
}
