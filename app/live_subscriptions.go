package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

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

// adds tells whether there is no item yet: the plan is an add-on that the subscription
// does not have.
func (l liveItem) adds() bool { return l.item.ID == "" }

// beside is what an add-on goes by: the item of the plan that it is sold with, or else
// another one; the item itself if there is no other.
func (l liveItem) beside(c domain.Catalog) domain.Item {
	found := l.item
	for _, item := range l.sub.Items {
		if item.ID == l.item.ID {
			continue
		}
		if plan, known := l.account.PlanOfItem(item, c); known && l.plan.AddsTo(plan) {
			return item
		}
		if found.ID == l.item.ID {
			found = item
		}
	}
	return found
}

// ending tells whether the subscription is to end by a decision already made.
func (l liveItem) ending() bool { return l.sub.CancelAtPeriodEnd || !l.sub.CancelAt.IsZero() }

// mostAsked bounds how many subscriptions of one user Stripe is asked about.
const mostAsked = 10

// find lists the items whose plans are wanted, of live subscriptions: sorted by
// subscription and item, add-ons after what they add to. Stripe is asked about each
// subscription once, and what it says is kept before anybody goes by it.
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
	place := map[bool]int{true: 1}
	slices.SortFunc(found, func(a, b liveItem) int {
		return cmp.Or(cmp.Compare(a.sub.ID, b.sub.ID), place[a.plan.Addon()]-place[b.plan.Addon()], cmp.Compare(a.item.ID, b.item.ID))
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
		return liveItem{}, fmt.Errorf("%w to any plan: POST /api/checkout/{plan} sells one", ErrNotSubscribed)
	}
	for _, other := range found {
		if other.sub.ID != found[0].sub.ID {
			return liveItem{}, fmt.Errorf("%w: to plans %s and %s: name the plan", ErrSeveralSubscriptions, found[0].plan.Key, other.plan.Key)
		}
	}
	return found[0], nil
}

// addon finds the item of an add-on, or else the subscription that it would be added to: of
// several one that owes nothing.
func (l liveSubscriptions) addon(ctx context.Context, user domain.UserID, plan domain.Plan) (liveItem, error) {
	found, err := l.find(ctx, user, func(held domain.Plan) bool { return held.Key == plan.Key || plan.AddsTo(held) })
	if err != nil {
		return liveItem{}, err
	}
	if has := slices.IndexFunc(found, func(i liveItem) bool { return i.plan.Key == plan.Key }); has >= 0 {
		return found[has], nil
	}
	if len(found) == 0 {
		return liveItem{}, needsBase(plan)
	}
	base := found[max(slices.IndexFunc(found, func(i liveItem) bool { return !i.owes() }), 0)]
	return liveItem{account: base.account, sub: base.sub, plan: plan}, nil
}

// needsBase says what to buy first.
func needsBase(addon domain.Plan) error {
	return fmt.Errorf("%w: add-on %s is sold with plan %s, which the user does not have: POST /api/checkout/%s sells that",
		ErrNeedsBase, addon.Key, listed(addon.AddonTo), addon.AddonTo[0])
}

// listed are plans as a sentence has them.
func listed(plans []domain.PlanKey) string {
	var all string
	for n, plan := range plans {
		switch {
		case n == 0:
		case n == len(plans)-1:
			all += " or "
		default:
			all += ", "
		}
		all += string(plan)
	}
	return all
}
