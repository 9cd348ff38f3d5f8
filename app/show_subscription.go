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
	billing *billingDetails
}

// NewShowSubscription returns the use case. The breaker stands before what is asked of
// Stripe for the page; nil: none does.
func NewShowSubscription(store ports.Store, gateway ports.Gateway, catalog domain.Catalog, prices *Prices, breaker ports.Breaker, clock ports.Clock) *ShowSubscription {
	if breaker == nil {
		breaker = alwaysClosed{}
	}
	return &ShowSubscription{
		newSharedReads(store.State), catalog, clock, newBillingDetails(gateway, breaker, catalog, prices, clock),
	}
}

// ShownSubscriptions are the subscriptions of a user at a moment.
type ShownSubscriptions struct {
	Customer domain.CustomerID   // at Stripe; empty: there is none
	All      []domain.Subscribed // as [domain.SubscribedAt] sorts them
	AsOf     time.Time
	Version  int64               // of the user's rights; 0: nothing ever changed
	Billing  SubscriptionBilling // of the first of them, if it has not ended
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
	shown := ShownSubscriptions{Customer: state.Account.Customer, AsOf: s.clock(), Version: state.Version}
	shown.BoughtTwice = domain.BoughtTwiceAt(state.Account, s.catalog, shown.AsOf)
	for n, one := range domain.SubscribedAt(state.Account, s.catalog, shown.AsOf) {
		if n > 0 && !one.Live() {
			break
		}
		shown.All = append(shown.All, one)
	}
	if len(shown.All) > 0 && shown.All[0].Live() {
		shown.Billing = s.billing.of(ctx, state.Account, shown.All[0])
	}
	return shown, nil
}
