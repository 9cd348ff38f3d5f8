package app

import (
	"context"
	"fmt"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// ShowSubscription answers how what a user subscribed to stands.
type ShowSubscription struct {
	states  *sharedReads[domain.UserID, ports.State]
	catalog domain.Catalog
	clock   ports.Clock
}

// NewShowSubscription returns the use case.
func NewShowSubscription(store ports.Store, catalog domain.Catalog, clock ports.Clock) *ShowSubscription {
	return &ShowSubscription{newSharedReads(store.State), catalog, clock}
}

// ShownSubscriptions are the subscriptions of a user at a moment.
type ShownSubscriptions struct {
	Customer domain.CustomerID   // at Stripe; empty: there is none
	All      []domain.Subscribed // as [domain.SubscribedAt] sorts them
	AsOf     time.Time
	// BoughtTwice is what was paid for twice, one-time purchases among it.
	BoughtTwice []domain.BoughtTwice
}

// Do lists the subscriptions that have not ended; or else the one that ended last. There
// is none of a user of whom nothing is known.
func (s *ShowSubscription) Do(ctx context.Context, user domain.UserID) (ShownSubscriptions, error) {
	state, err := s.states.do(ctx, user)
	if err != nil {
		return ShownSubscriptions{}, fmt.Errorf("read what is known of the user: %w", err)
	}
	shown := ShownSubscriptions{Customer: state.Account.Customer, AsOf: s.clock()}
	shown.BoughtTwice = domain.BoughtTwiceAt(state.Account, s.catalog, shown.AsOf)
	for n, one := range domain.SubscribedAt(state.Account, s.catalog, shown.AsOf) {
		if n > 0 && !one.Live() {
			break
		}
		shown.All = append(shown.All, one)
	}
	return shown, nil
}
