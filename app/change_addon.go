package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// refuseBeside refuses a change of one item that another one does not go with: what is
// planned for it would be dropped, it is not sold with the plan, or it is paid for in
// another interval.
func (c *ChangeSubscription) refuseBeside(ctx context.Context, w wished) error {
	if w.when == WhenNow && len(w.planned.others) > 0 {
		return changePlanned(w.held)
	}
	if w.to.plan.Addon() {
		return c.refuseStay(ctx, w.held, w.to.stripe, w.planned)
	}
	for _, item := range w.held.sub.Items {
		addon, known := w.held.account.PlanOfItem(item, c.catalog)
		if !known || !addon.Addon() || w.when == WhenPeriodEnd && w.planned.removed(item) {
			continue
		}
		if w.to.plan.Key != w.held.plan.Key && !addon.AddsTo(w.to.plan) {
			return fmt.Errorf("%w: plan %s is not sold with add-on %s, which the user has: end that first, by POST /api/subscription/cancel",
				ErrAddonInTheWay, w.to.plan.Key, addon.Key)
		}
		if err := c.refuseOtherInterval(ctx, w, item, addon); err != nil {
			return err
		}
	}
	return nil
}

// refuseOtherInterval keeps a plan to the interval of its add-ons, if it has that now.
func (c *ChangeSubscription) refuseOtherInterval(ctx context.Context, w wished, item domain.Item, addon domain.Plan) error {
	paid, err := c.prices.byID(ctx, item.Price)
	if err != nil {
		return fmt.Errorf("price of add-on %s: %w", addon.Key, err)
	}
	present, err := c.prices.byID(ctx, w.held.item.Price)
	if err != nil {
		return fmt.Errorf("price of subscription %s: %w", w.held.sub.ID, err)
	}
	if sameInterval(paid, present) && !sameInterval(paid, w.to.stripe) {
		return fmt.Errorf("%w: add-on %s is paid %s, and price %s of plan %s %s: end the add-on first, by POST /api/subscription/cancel, and add it again afterwards",
			ErrIntervalsDiffer, addon.Key, every(paid), w.to.price, w.to.plan.Key, every(w.to.stripe))
	}
	return nil
}

// refuseStay keeps an add-on from staying beside a plan that is to come, and that it is not
// sold with, or not in this interval: it was to end before.
func (c *ChangeSubscription) refuseStay(ctx context.Context, held liveItem, price ports.StripePrice, planned plannedChanges) error {
	for _, change := range planned.others {
		if change.Kind != ports.ItemSet {
			continue
		}
		next, err := c.prices.byID(ctx, change.Price)
		if err != nil {
			return fmt.Errorf("price that is planned: %w", err)
		}
		plan, known := held.account.PlanOfItem(domain.Item{Price: change.Price, LookupKey: next.LookupKey}, c.catalog)
		switch {
		case !known || plan.Addon():
		case !held.plan.AddsTo(plan):
			return fmt.Errorf("%w: plan %s is to come, which is not sold with add-on %s: take that back first, by POST /api/subscription/resume",
				ErrAddonInTheWay, plan.Key, held.plan.Key)
		case !sameInterval(next, price):
			return fmt.Errorf("%w: plan %s is to be paid %s, and add-on %s is paid %s: take that back first, by POST /api/subscription/resume",
				ErrIntervalsDiffer, plan.Key, every(next), held.plan.Key, every(price))
		}
	}
	return nil
}

func changePlanned(held liveItem) error {
	return fmt.Errorf("%w: something else of the subscription changes at %s, and would not, if plan %s changed before: take that back first, by POST /api/subscription/resume",
		ErrChangePlanned, held.sub.PeriodEnd().Format(time.RFC3339), held.plan.Key)
}

// addonOf is the add-on that a request about an end names.
func (c *ChangeSubscription) addonOf(w EndWish) (domain.Plan, bool) {
	plan, known := c.catalog.PlanOf(w.Plan)
	return plan, known && plan.Addon()
}

// endAddon removes an add-on from its subscription, with the period that is paid for or at
// once. Where nothing is paid for, as in a trial, at once is the usual.
func (c *ChangeSubscription) endAddon(ctx context.Context, w EndWish, plan domain.Plan) (EndedSubscription, error) {
	held, unlock, err := c.heldAddon(ctx, w, plan)
	if err != nil {
		return EndedSubscription{}, err
	}
	defer unlock()
	paidFor := held.sub.Status == domain.StatusActive || held.sub.Status == domain.StatusPastDue
	if w.When == "" {
		if w.When = WhenPeriodEnd; !paidFor {
			w.When = WhenNow
		}
	}
	ended := EndedSubscription{Subscription: held.sub, Plan: plan.Key, addon: &addonEnd{}}
	switch {
	case held.adds():
		return c.notThere(ctx, w, held)
	case w.When == WhenPeriodEnd && held.ending():
		ended.addon.at = held.sub.ScheduledEnd() // with all else
		return ended, c.nothingToDo(ctx, held.sub, "cancel", w.User, w.ClientKey)
	case w.When == WhenPeriodEnd && !paidFor:
		return EndedSubscription{}, fmt.Errorf("%w: nothing is paid for until the end of a period: end the add-on now", ErrBadRequest)
	}
	planned, err := c.planned(ctx, held, true)
	if err != nil {
		return EndedSubscription{}, err
	}
	ends := held.sub.PeriodEnd()
	switch {
	case w.When == WhenNow && len(planned.others) > 0:
		return EndedSubscription{}, changePlanned(held)
	case w.When == WhenNow:
		return c.removeAddon(ctx, w, held)
	case planned.own != nil && planned.own.Kind == ports.ItemRemoved:
		ended.addon.at = ends
		return ended, c.nothingToDo(ctx, held.sub, "cancel", w.User, w.ClientKey)
	}
	r := ports.ChangeRequest{
		Change: ports.Change{Subscription: held.sub.ID, Kind: ports.ItemRemoved, Item: held.item.ID}, Also: planned.others,
		IdempotencyKey: c.key("cancel", w.User, w.ClientKey),
	}
	return c.planAddon(ctx, held, r, addonEnd{at: ends})
}

// heldAddon finds an add-on, under the lock of its user.
func (c *ChangeSubscription) heldAddon(ctx context.Context, w EndWish, plan domain.Plan) (liveItem, func(), error) {
	if err := checkCaller(w.User, w.ClientKey); err != nil {
		return liveItem{}, nil, err
	}
	unlock, err := c.busy.lock(ctx, w.User)
	if err != nil {
		return liveItem{}, nil, err
	}
	held, err := c.live.addon(ctx, w.User, plan)
	if errors.Is(err, ErrNeedsBase) {
		err = fmt.Errorf("%w to add-on %s, nor to what it is sold with", ErrNotSubscribed, plan.Key)
	}
	if err == nil && held.paused(c.catalog) {
		err = pausedFirst(held)
	}
	if err != nil {
		unlock()
		return liveItem{}, nil, err
	}
	return held, unlock, nil
}

// justHad tells whether a subscription had an add-on that was billed until later than now,
// by Stripe's word.
func (c *ChangeSubscription) justHad(ctx context.Context, held liveItem) (bool, error) {
	billed, err := c.gateway.FetchInvoices(ctx, held.sub.ID)
	if err != nil {
		return false, fmt.Errorf("ask what was billed for subscription %s: %w", held.sub.ID, err)
	}
	for _, fact := range billed {
		for _, line := range fact.Invoice.Lines {
			if line.Until.After(c.clock()) && c.prices.keyOf(ctx, held.plan, line.Price) != "" {
				return true, nil
			}
		}
	}
	return false, nil
}

// notThere is the answer where there is no such add-on: to who ended it a moment ago, as a
// repetition finds it, and to who never had it.
func (c *ChangeSubscription) notThere(ctx context.Context, w EndWish, held liveItem) (EndedSubscription, error) {
	had, err := c.justHad(ctx, held)
	switch {
	case err != nil:
	case had:
		err = c.nothingToDo(ctx, held.sub, "cancel", w.User, w.ClientKey)
	default:
		err = fmt.Errorf("%w to add-on %s", ErrNotSubscribed, held.plan.Key)
	}
	return EndedSubscription{held.sub, held.plan.Key, &addonEnd{}}, err
}

// removeAddon has an add-on end at once. The last item of a subscription ends with it.
func (c *ChangeSubscription) removeAddon(ctx context.Context, w EndWish, held liveItem) (EndedSubscription, error) {
	key := c.key("cancel", w.User, w.ClientKey)
	deployment, err := c.name.ID(ctx)
	if err != nil {
		return EndedSubscription{}, err
	}
	var fact domain.SubscriptionFact
	if len(held.sub.Items) == 1 {
		fact, err = c.gateway.CancelSubscription(ctx, ports.EndRequest{Subscription: held.sub.ID, Deployment: deployment, IdempotencyKey: key}, true)
	} else {
		var changed ports.Changed
		changed, err = c.gateway.ChangeSubscription(ctx, ports.ChangeRequest{
			Change:     ports.Change{Subscription: held.sub.ID, Kind: ports.ItemRemoved, Item: held.item.ID},
			Deployment: deployment, IdempotencyKey: key,
		})
		fact = changed.Fact
	}
	if err != nil {
		return EndedSubscription{}, fmt.Errorf("end add-on %s of subscription %s: %w", held.plan.Key, held.sub.ID, c.refused(ctx, held.sub, err))
	}
	if err := c.fulfill.FactsSettled(ctx, fact); err != nil {
		return EndedSubscription{}, err
	}
	return EndedSubscription{fact.Snapshot, held.plan.Key, &addonEnd{was: c.clock()}}, nil
}

// planAddon plans what becomes of an add-on at the end of the period.
func (c *ChangeSubscription) planAddon(ctx context.Context, held liveItem, r ports.ChangeRequest, end addonEnd) (EndedSubscription, error) {
	var err error
	if r.Deployment, err = c.name.ID(ctx); err != nil {
		return EndedSubscription{}, err
	}
	changed, err := c.gateway.ScheduleChange(ctx, r)
	if err != nil {
		return EndedSubscription{}, fmt.Errorf("plan for add-on %s of subscription %s: %w", held.plan.Key, r.Subscription, c.refused(ctx, held.sub, err))
	}
	if err := c.fulfill.FactsSettled(ctx, changed.Fact); err != nil {
		return EndedSubscription{}, err
	}
	return EndedSubscription{changed.Fact.Snapshot, held.plan.Key, &end}, nil
}

// resumeAddon takes back what is planned for an add-on, and nothing else.
func (c *ChangeSubscription) resumeAddon(ctx context.Context, w EndWish, plan domain.Plan) (EndedSubscription, error) {
	held, unlock, err := c.heldAddon(ctx, w, plan)
	if err != nil {
		return EndedSubscription{}, err
	}
	defer unlock()
	switch {
	case held.adds():
		return EndedSubscription{}, fmt.Errorf("%w to add-on %s: POST /api/subscription/change adds it", ErrNotSubscribed, plan.Key)
	case held.ending():
		return EndedSubscription{}, fmt.Errorf("%w, and add-on %s with it: resume the plan that it is sold with", ErrEndsAnyway, plan.Key)
	}
	planned, err := c.planned(ctx, held, true)
	if err == nil && planned.own == nil {
		err = c.nothingToDo(ctx, held.sub, "resume", w.User, w.ClientKey)
	}
	if err != nil || planned.own == nil {
		return EndedSubscription{held.sub, plan.Key, &addonEnd{}}, err
	}
	key := c.key("resume", w.User, w.ClientKey)
	if len(planned.others) > 0 {
		price, err := c.prices.byID(ctx, held.item.Price)
		if err != nil {
			return EndedSubscription{}, fmt.Errorf("price of add-on %s: %w", plan.Key, err)
		}
		price.ID = held.item.Price
		if err := c.refuseStay(ctx, held, price, planned); err != nil {
			return EndedSubscription{}, err
		}
		stays := target{stripe: price, quantity: held.item.Quantity}.change(held)
		return c.planAddon(ctx, held, ports.ChangeRequest{Change: stays, Also: planned.others, IdempotencyKey: key}, addonEnd{})
	}
	r := ports.EndRequest{Subscription: held.sub.ID, IdempotencyKey: key}
	if r.Deployment, err = c.name.ID(ctx); err != nil {
		return EndedSubscription{}, err
	}
	fact, err := c.gateway.ResumeSubscription(ctx, ports.ResumeRequest{EndRequest: r})
	if err != nil {
		return EndedSubscription{}, fmt.Errorf("resume add-on %s of subscription %s: %w", plan.Key, held.sub.ID, c.refused(ctx, held.sub, err))
	}
	if err := c.fulfill.FactsSettled(ctx, fact); err != nil {
		return EndedSubscription{}, err
	}
	return EndedSubscription{fact.Snapshot, plan.Key, &addonEnd{}}, nil
}
