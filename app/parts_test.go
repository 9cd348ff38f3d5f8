package app_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// What is kept of a user is what follows from all that is known of the user, whatever part
// of it an update has read. What a price means is the account's own, and so is learned for
// all of its parts.
func TestFulfill_WhatAPriceMeansIsLearnedForAllParts(t *testing.T) {
	t.Parallel()
	snapshot := func(w *world, id domain.SubscriptionID, price domain.PriceID, lookupKey string) domain.Fact {
		now := w.clock.now()
		return domain.SubscriptionFact{Type: "customer.subscription.updated", At: now, Snapshot: domain.Subscription{
			ID: id, Customer: "cus_ana", Status: "active", StartedAt: now,
			Items: []domain.Item{{ID: "si_" + string(id), Price: price, LookupKey: lookupKey, Quantity: 1, PeriodStart: now, PeriodEnd: now.Add(30 * 24 * time.Hour)}},
		}}
	}
	for name, test := range map[string]func(w *world){
		// A subscription gives nothing, for the lookup key of its price had moved before it
		// was told of; then another one tells what the price means.
		"by another subscription": func(w *world) {
			w.deliver(t, snapshot(w, "sub_1", "price_old", ""))
			w.deliver(t, snapshot(w, "sub_2", "price_old", "pro_monthly"))
		},
		// The user orders what the subscription is to.
		"by an order": func(w *world) {
			w.deliver(t, snapshot(w, "sub_1", "price_pro_m", ""))
			_, _ = w.checkout.Do(t.Context(), app.CheckoutRequest{User: "ana", Plan: "pro"}) // Stripe does not know the customer; the order is kept
		},
		// The program before did not learn from orders. (It is the same while both run.)
		"by an order of before": func(w *world) {
			update(t, w.store, func(a *domain.Account) {
				a.Orders["o_1"] = domain.Order{ID: "o_1", Plan: "pro", Price: "monthly", PriceID: "price_old", Mode: domain.ModeSubscription, Quantity: 1, Status: domain.OrderExpired, CreatedAt: w.clock.now()}
			})
			w.deliver(t, snapshot(w, "sub_1", "price_old", ""))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			update(t, w.store, func(a *domain.Account) { a.Customer, a.CustomerKey = "cus_ana", "key" })
			test(w)
			state, err := w.store.State(t.Context(), "ana")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(domain.Entitlements(state.Account, catalog), state.Entitlements); diff != "" {
				t.Errorf("what is kept is not what follows (-want +got):\n%s", diff)
			}
		})
	}
}

func update(t *testing.T, s ports.Store, edit func(*domain.Account)) {
	t.Helper()
	err := s.Update(t.Context(), ports.Touch{Users: []domain.UserID{"ana"}}, func(f ports.Found) (ports.Kept, error) {
		state := f.States["ana"]
		edit(&state.Account)
		return ports.Kept{States: []ports.State{state}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
