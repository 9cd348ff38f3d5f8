package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// liveSubscriptions finds what a user is subscribed to, as Stripe has it now: what we
// believe may have ended a second ago.
type liveSubscriptions struct {
	store   ports.Store
	gateway ports.Gateway
	catalog domain.Catalog
	fulfill *Fulfill
}

// liveItem is an item of a live subscription, and the plan that it is to.
type liveItem struct {
	account domain.Account
	sub     domain.Subscription
	item    domain.Item
	plan    domain.Plan
}

// ending tells whether the subscription is to end by a decision already made.
func (l liveItem) ending() bool { return l.sub.CancelAtPeriodEnd || !l.sub.CancelAt.IsZero() }

// mostAsked bounds how many subscriptions of one user Stripe is asked about.
const mostAsked = 10

// find lists the items whose plans are wanted, of live subscriptions: sorted by
// subscription and item. Stripe is asked about each subscription once, and what it says
// is kept before anybody goes by it.
func (l liveSubscriptions) find(ctx context.Context, user domain.UserID, wanted func(domain.Plan) bool) ([]liveItem, error) {
	told := map[domain.SubscriptionID]domain.Subscription{}
	for {
		state, err := l.store.State(ctx, user)
		if err != nil {
			return nil, fmt.Errorf("read what a user is subscribed to: %w", err)
		}
		// With an event of nearly the same second it may take a moment until the answer
		// is what is kept.
		for id, snapshot := range told {
			if !state.Account.Subscriptions[id].Status.Ended() {
				state.Account.Subscriptions[id] = snapshot
			}
		}
		found := liveItems(state.Account, l.catalog, wanted)
		next := slices.IndexFunc(found, func(i liveItem) bool { _, asked := told[i.sub.ID]; return !asked })
		if next < 0 || len(told) == mostAsked {
			return found, nil
		}
		id := found[next].sub.ID
		if told[id], err = l.ask(ctx, id); err != nil {
			return nil, err
		}
	}
}

func (l liveSubscriptions) ask(ctx context.Context, id domain.SubscriptionID) (domain.Subscription, error) {
	fact, err := l.gateway.FetchSubscription(ctx, id)
	if errors.Is(err, ports.ErrNotFound) {
		err = ErrProviderMismatch // Stripe keeps subscriptions for good: our key is another account's
	}
	if err != nil {
		return domain.Subscription{}, fmt.Errorf("ask how subscription %s stands: %w", id, err)
	}
	return fact.Snapshot, l.fulfill.Facts(ctx, fact)
}

func liveItems(a domain.Account, c domain.Catalog, wanted func(domain.Plan) bool) []liveItem {
	var found []liveItem
	for _, sub := range a.Subscriptions {
		if !a.Live(sub) {
			continue
		}
		for _, item := range sub.Items {
			if plan, known := a.PlanOfItem(item, c); known && wanted(plan) {
				found = append(found, liveItem{a, sub, item, plan})
			}
		}
	}
	slices.SortFunc(found, func(a, b liveItem) int {
		return strings.Compare(string(a.sub.ID)+" "+a.item.ID, string(b.sub.ID)+" "+b.item.ID)
	})
	return found
}

// ruledOut finds the item that keeps a user from buying a plan: one that is to this plan,
// or else one of its group.
func (l liveSubscriptions) ruledOut(ctx context.Context, user domain.UserID, plan domain.Plan) (liveItem, bool, error) {
	found, err := l.find(ctx, user, func(held domain.Plan) bool { return held.Excludes(plan) })
	if err != nil || len(found) == 0 {
		return liveItem{}, false, err
	}
	same := slices.IndexFunc(found, func(i liveItem) bool { return i.plan.Key == plan.Key })
	return found[max(same, 0)], true, nil
}

// only finds the one subscription that a request is about which names no plan, or names
// one that rules out others.
func (l liveSubscriptions) only(ctx context.Context, user domain.UserID, named domain.PlanKey) (liveItem, error) {
	if named != "" {
		plan, known := l.catalog.PlanOf(named)
		switch {
		case !known:
			return liveItem{}, unknownPlan(named, l.catalog)
		case plan.Default:
			return liveItem{}, nobodyBuys(plan, ErrBadRequest)
		}
		found, live, err := l.ruledOut(ctx, user, plan)
		if err == nil && !live {
			err = fmt.Errorf("%w to plan %s or another of its group", ErrNotSubscribed, plan.Key)
		}
		return found, err
	}
	found, err := l.find(ctx, user, func(domain.Plan) bool { return true })
	switch {
	case err != nil:
		return liveItem{}, err
	case len(found) == 0:
		return liveItem{}, fmt.Errorf("%w to any plan", ErrNotSubscribed)
	}
	for _, other := range found {
		if other.sub.ID != found[0].sub.ID {
			return liveItem{}, fmt.Errorf("%w: to plans %s and %s: name the plan", ErrSeveralSubscriptions, found[0].plan.Key, other.plan.Key)
		}
	}
	return found[0], nil
}
