package app

import (
	"context"
	"fmt"
	"slices"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// plannedChanges are what is planned for the end of a subscription's period.
type plannedChanges struct {
	own    *ports.Change  // of the item that a wish is about; nil: nothing
	others []ports.Change // of its other items
}

// takenBack is when the plan for the item is taken back: with what else is planned there is
// a plan still, which is made anew.
func (p plannedChanges) takenBack() When {
	if len(p.others) > 0 {
		return WhenPeriodEnd
	}
	return WhenNow
}

// removed tells whether an item is to go.
func (p plannedChanges) removed(item domain.Item) bool {
	return slices.ContainsFunc(p.others, func(c ports.Change) bool { return c.Item == item.ID && c.Kind == ports.ItemRemoved })
}

// planned asks what is planned, where that matters: for who wants what there is, or where a
// plan may be about something else than the wish.
func (c *ChangeSubscription) planned(ctx context.Context, held liveItem, present bool) (plannedChanges, error) {
	if !present && !held.adds() && len(held.sub.Items) == 1 {
		return plannedChanges{}, nil
	}
	details, err := c.gateway.FetchBilling(ctx, held.sub.ID)
	if err != nil {
		return plannedChanges{}, fmt.Errorf("ask what is planned for subscription %s: %w", held.sub.ID, err)
	}
	if details.Planned == nil {
		return plannedChanges{}, nil
	}
	changes, err := c.prices.changesTo(ctx, held.account, held.sub, details.Planned.Items)
	if err != nil {
		return plannedChanges{}, err
	}
	var planned plannedChanges
	for _, change := range changes {
		if change.Item == held.item.ID {
			planned.own = &change
		} else {
			planned.others = append(planned.others, change)
		}
	}
	return planned, nil
}

// changesTo is what becomes of each item of a subscription that is to have others. Of what
// is planned Stripe says prices, not items: an item keeps its price, or gets one of a plan
// that takes the place of its own, or goes.
func (p *Prices) changesTo(ctx context.Context, a domain.Account, sub domain.Subscription, then []ports.PlannedItem) ([]ports.Change, error) {
	left := slices.Clone(then)
	take := func(fits func(ports.PlannedItem) bool) (ports.PlannedItem, bool) {
		n := slices.IndexFunc(left, fits)
		if n < 0 {
			return ports.PlannedItem{}, false
		}
		taken := left[n]
		left = slices.Delete(left, n, n+1)
		return taken, true
	}
	var changes []ports.Change
	var others []domain.Item
	for _, item := range sub.Items {
		next, same := take(func(next ports.PlannedItem) bool { return next.Price == item.Price })
		switch {
		case !same:
			others = append(others, item)
		case next.Quantity != item.Quantity && next.Quantity != 0:
			changes = append(changes, ports.Change{Subscription: sub.ID, Item: item.ID, Price: next.Price, Quantity: next.Quantity})
		}
	}
	plans, err := p.plansOf(ctx, a, left)
	if err != nil {
		return nil, err
	}
	for _, item := range others {
		change := ports.Change{Subscription: sub.ID, Kind: ports.ItemRemoved, Item: item.ID}
		plan, known := a.PlanOfItem(item, p.catalog)
		sole := len(others) == 1 && len(left) == 1
		next, replaced := take(func(next ports.PlannedItem) bool {
			then, is := plans[next.Price]
			return sole || known && is && then.Excludes(plan)
		})
		if replaced {
			change.Kind, change.Price, change.Quantity = ports.ItemSet, next.Price, next.Quantity
		}
		changes = append(changes, change)
	}
	if len(left) > 0 {
		return nil, fmt.Errorf("something is to be added to subscription %s: %w", sub.ID, ports.ErrScheduledElsewhere)
	}
	return changes, nil
}

// plansOf are the plans of prices that are planned, as far as they are known.
func (p *Prices) plansOf(ctx context.Context, a domain.Account, items []ports.PlannedItem) (map[domain.PriceID]domain.Plan, error) {
	plans := map[domain.PriceID]domain.Plan{}
	for _, item := range items {
		price, err := p.byID(ctx, item.Price)
		if err != nil {
			return nil, fmt.Errorf("price that is planned: %w", err)
		}
		if plan, known := a.PlanOfItem(domain.Item{Price: item.Price, LookupKey: price.LookupKey, Product: price.Product}, p.catalog); known {
			plans[item.Price] = plan
		}
	}
	return plans, nil
}
