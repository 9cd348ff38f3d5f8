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
	c := updateSubscription("cancel subscription", r.Subscription, r.IdempotencyKey+"-end", &stripe.SubscriptionParams{CancelAtPeriodEnd: stripe.Bool(true)})
	if now {
		c.does, c.method, c.params, c.key = "end subscription", http.MethodDelete, &stripe.SubscriptionCancelParams{}, ""
	}
	return g.end(ctx, r, c, func(subscriptionNow) bool { return true })
}

// ResumeSubscription implements [ports.Gateway]. Which of two ways the end was planned in
// depends on the billing mode, and on who planned it.
func (g *Gateway) ResumeSubscription(ctx context.Context, r ports.ResumeRequest) (domain.SubscriptionFact, error) {
	params := &stripe.SubscriptionParams{}
	c := updateSubscription("resume subscription", r.Subscription, r.IdempotencyKey+"-end", params)
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

// end makes a call about the end of a subscription, if that is still to be made, and drops what
// was planned for it. What is to be done follows from how the subscription stood when the key
// had its turn, which Stripe tells a repetition again: what was planned since stays.
func (g *Gateway) end(ctx context.Context, r ports.EndRequest, c call, needed func(subscriptionNow) bool) (domain.SubscriptionFact, error) {
	if err := noSubscription(c, r.Subscription); err != nil {
		return domain.SubscriptionFact{}, err
	}
	if r.IdempotencyKey == "" {
		return domain.SubscriptionFact{}, refused(c, "there is no idempotency key")
	}
	ctx, cancel := g.bounded(ctx)
	defer cancel()
	now, err := g.subscriptionNow(ctx, r.Subscription)
	if err != nil || now.Snapshot.Status.Ended() {
		return now.SubscriptionFact, err
	}
	then, err := g.takeTurn(ctx, r.Subscription, r.IdempotencyKey)
	endsAll := c.method == http.MethodDelete // its schedule, too
	if err == nil && !endsAll {
		err = g.dropSchedule(ctx, then, r.Deployment, r.IdempotencyKey)
	}
	if err == nil && needed(then) {
		_, err = g.send(ctx, c)
	}
	// Of what has ended meanwhile Stripe says that there is none.
	if err != nil && !(endsAll && errors.Is(err, ports.ErrNotFound)) {
		return domain.SubscriptionFact{}, err
	}
	now, err = g.subscriptionNow(ctx, r.Subscription)
	return now.SubscriptionFact, err
}
