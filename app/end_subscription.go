package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// EndWish is about the end of a subscription.
type EndWish struct {
	User      domain.UserID
	Plan      domain.PlanKey // of the subscription that is meant; empty: the only one
	When      When           // empty: at the end of the period
	ClientKey string
}

// EndedSubscription is a subscription that ends, or that was resumed; or an add-on of one.
type EndedSubscription struct {
	Subscription domain.Subscription
	Plan         domain.PlanKey
	addon        *addonEnd // nil: it is about the subscription itself
}

// addonEnd is when an add-on is to end, or has ended; zero: it does not, or not yet.
type addonEnd struct{ at, was time.Time }

// EndedAt is when it has ended; zero: it has not, or that was a while ago.
func (e EndedSubscription) EndedAt() time.Time {
	if e.addon != nil && !e.Subscription.Status.Ended() {
		return e.addon.was
	}
	return e.Subscription.EndedAt
}

// EndsAt is when it is to end; zero: it goes on, or is over.
func (e EndedSubscription) EndsAt() time.Time {
	if e.addon != nil {
		return e.addon.at
	}
	if e.Subscription.Status.Ended() {
		return time.Time{}
	}
	return e.Subscription.ScheduledEnd()
}

// Cancel ends a subscription at the end of its period, or now; or an add-on, and that alone.
// Nothing is given back: that is a refund. One that has ended within a day is returned as it
// is, for who asks twice. Errors: [ErrNotSubscribed], [ErrChangePlanned], [ErrSeveralSubscriptions], [ErrUnknownPlan],
// [ErrBadRequest], [ErrKeyReused], [ErrProviderMismatch], and those of the ports.
func (c *ChangeSubscription) Cancel(ctx context.Context, w EndWish) (EndedSubscription, error) {
	if w.When != "" && w.When != WhenNow && w.When != WhenPeriodEnd {
		return EndedSubscription{}, fmt.Errorf("%w: when is now or period_end", ErrBadRequest)
	}
	if plan, is := c.addonOf(w); is {
		return c.endAddon(ctx, w, plan)
	}
	now := w.When == WhenNow
	ended, err := c.end(ctx, w, "cancel", func(ctx context.Context, _ liveItem, r ports.EndRequest) (domain.SubscriptionFact, error) {
		return c.gateway.CancelSubscription(ctx, r, now)
	})
	if errors.Is(err, ErrNotSubscribed) {
		just, found, readErr := c.justEnded(ctx, w)
		if found {
			readErr = c.nothingToDo(ctx, just.Subscription, "cancel", w.User, w.ClientKey)
		}
		if found || readErr != nil {
			return just, readErr
		}
	}
	return ended, err
}

// Resume takes back that a subscription is to end, what was planned for the end of its
// period, and a pause that its user may make; of an add-on its own end alone. What was voided
// is not paid afterwards: if nothing is paid for now, a period begins, which is paid at once.
// Errors are those of [ChangeSubscription.Cancel], [ErrEndsAnyway], and [ErrPaymentDue] if
// that was not paid.
func (c *ChangeSubscription) Resume(ctx context.Context, w EndWish) (EndedSubscription, error) {
	if plan, is := c.addonOf(w); is {
		return c.resumeAddon(ctx, w, plan)
	}
	return c.end(ctx, w, "resume", func(ctx context.Context, held liveItem, r ports.EndRequest) (domain.SubscriptionFact, error) {
		wish := ports.ResumeRequest{EndRequest: r, Collect: held.paused(c.catalog)}
		if wish.Collect {
			paid, err := c.paidFor(ctx, held.sub)
			if err != nil {
				return domain.SubscriptionFact{}, err
			}
			wish.Anew = !paid
		}
		fact, err := c.gateway.ResumeSubscription(ctx, wish)
		if errors.Is(err, ports.ErrPaymentFailed) {
			err = fmt.Errorf("%w: %w: a period begins as it is resumed, and was not paid, so that it is paused still: "+
				"POST /api/portal with flow payment_method_update leads to where another card is given", err, ErrPaymentDue)
		}
		if err == nil && wish.Collect && fact.Snapshot.Pause != domain.PauseNone && !fact.Snapshot.Status.Ended() {
			// Which is a late repetition: the key is of an earlier pause, or was declined in an earlier period.
			err = fmt.Errorf("%w: it is paused still, and this Idempotency-Key belongs to an earlier resumption: ask with a new one", ErrPaymentDue)
		}
		return fact, err
	})
}

func (c *ChangeSubscription) end(ctx context.Context, w EndWish, does string,
	call func(context.Context, liveItem, ports.EndRequest) (domain.SubscriptionFact, error),
) (EndedSubscription, error) {
	if err := checkCaller(w.User, w.ClientKey); err != nil {
		return EndedSubscription{}, err
	}
	unlock, err := c.busy.lock(ctx, w.User)
	if err != nil {
		return EndedSubscription{}, err
	}
	defer unlock()
	held, err := c.live.only(ctx, w.User, w.Plan)
	if err != nil {
		return EndedSubscription{}, err
	}
	r := ports.EndRequest{Subscription: held.sub.ID, IdempotencyKey: c.key(does, w.User, w.ClientKey)}
	if r.Deployment, err = c.name.ID(ctx); err != nil {
		return EndedSubscription{}, err
	}
	fact, err := call(ctx, held, r)
	if err != nil {
		return EndedSubscription{}, fmt.Errorf("%s subscription %s: %w", does, held.sub.ID, c.refused(ctx, held.sub, err))
	}
	if err := c.fulfill.FactsSettled(ctx, fact); err != nil {
		return EndedSubscription{}, err
	}
	return EndedSubscription{Subscription: fact.Snapshot, Plan: held.plan.Key}, nil
}

const justEnded = 24 * time.Hour

// justEnded finds the subscription that ended last, within a day.
func (c *ChangeSubscription) justEnded(ctx context.Context, w EndWish) (EndedSubscription, bool, error) {
	state, err := c.live.store.State(ctx, w.User)
	if err != nil {
		return EndedSubscription{}, false, fmt.Errorf("read what a user was subscribed to: %w", err)
	}
	var last EndedSubscription
	for _, sub := range state.Account.Subscriptions {
		recent := sub.Status == domain.StatusCanceled && c.clock().Sub(sub.EndedAt) < justEnded
		if !recent || !sub.EndedAt.After(last.Subscription.EndedAt) {
			continue
		}
		for _, plan := range state.Account.PlansOf(sub, c.catalog) {
			if named, known := c.catalog.PlanOf(w.Plan); w.Plan == "" || known && plan.Excludes(named) {
				last = EndedSubscription{Subscription: sub, Plan: plan.Key}
			}
		}
	}
	return last, last.Plan != "", nil
}
