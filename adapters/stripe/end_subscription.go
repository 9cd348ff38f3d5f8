package stripe

import (
	"context"
	"errors"
	"net/http"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// CancelSubscription implements [ports.Gateway].
func (g *Gateway) CancelSubscription(ctx context.Context, r ports.EndRequest, now bool) (domain.SubscriptionFact, error) {
	c := updateSubscription("cancel subscription", r.Subscription, r.IdempotencyKey, &stripe.SubscriptionParams{CancelAtPeriodEnd: stripe.Bool(true)})
	if now {
		c.does, c.method, c.params, c.key = "end subscription", http.MethodDelete, &stripe.SubscriptionCancelParams{}, ""
	}
	return g.end(ctx, r, c, func(subscriptionNow) bool { return true })
}

// ResumeSubscription implements [ports.Gateway]. Which of two ways the end was planned in
// depends on the billing mode, and on who planned it.
func (g *Gateway) ResumeSubscription(ctx context.Context, r ports.ResumeRequest) (domain.SubscriptionFact, error) {
	params := &stripe.SubscriptionParams{}
	c := updateSubscription("resume subscription", r.Subscription, r.IdempotencyKey, params)
	if r.Collect && r.Anew {
		if err := g.collectAnew(ctx, r.EndRequest); err != nil {
			return domain.SubscriptionFact{}, err
		}
	}
	return g.end(ctx, r.EndRequest, c, func(is subscriptionNow) bool {
		needed := r.Collect && !r.Anew && is.Snapshot.Pause != domain.PauseNone
		if needed {
			params.AddExtra("pause_collection", "")
		}
		switch {
		case is.Snapshot.CancelAtPeriodEnd:
			params.CancelAtPeriodEnd = stripe.Bool(false)
			return true
		case !is.Snapshot.CancelAt.IsZero():
			params.AddExtra("cancel_at", "")
			return true
		default:
			return needed
		}
	})
}

// end makes a call about the end of a subscription, if that is still to be made, and
// drops what was planned for it.
func (g *Gateway) end(ctx context.Context, r ports.EndRequest, c call, needed func(subscriptionNow) bool) (domain.SubscriptionFact, error) {
	if err := noSubscription(c, r.Subscription); err != nil {
		return domain.SubscriptionFact{}, err
	}
	if r.IdempotencyKey == "" {
		return domain.SubscriptionFact{}, checkCreate(c)
	}
	ctx, cancel := g.bounded(ctx)
	defer cancel()
	now, err := g.subscriptionNow(ctx, r.Subscription)
	if err != nil || now.Snapshot.Status.Ended() {
		return now.SubscriptionFact, err
	}
	if c.method == http.MethodDelete { // which ends the schedule too
		err = g.useKey(ctx, r)
	} else {
		err = g.dropSchedule(ctx, now, r.Deployment, r.IdempotencyKey)
	}
	switch {
	case err != nil:
	case needed(now):
		_, err = g.send(ctx, c)
	default:
		err = g.useKey(ctx, r)
		if errors.Is(err, ports.ErrKeyMismatch) { // it has had its turn
			err = nil
		}
	}
	// Of what has ended meanwhile Stripe says that there is none.
	if err != nil && !(c.method == http.MethodDelete && errors.Is(err, ports.ErrNotFound)) {
		return domain.SubscriptionFact{}, err
	}
	now, err = g.subscriptionNow(ctx, r.Subscription)
	return now.SubscriptionFact, err
}

// useKey has the key belong to this end or resumption of this subscription, with an update that
// changes nothing: where nothing is to be done, and before a call that ends one at once, with
// which Stripe takes no key. A late repetition would otherwise end whatever the user has
// bought since, or resume what was canceled or paused again.
func (g *Gateway) useKey(ctx context.Context, r ports.EndRequest) error {
	c := updateSubscription("use the key of an end", r.Subscription, r.IdempotencyKey, &stripe.SubscriptionParams{})
	_, err := g.send(ctx, c)
	return err
}
