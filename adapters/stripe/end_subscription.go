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
	c, turn := updateSubscription("cancel subscription", r.Subscription, r.IdempotencyKey+"-end", &stripe.SubscriptionParams{
		CancelAtPeriodEnd: stripe.Bool(true),
	}), turnToCancel
	if now { // with which Stripe takes no key
		c.does, c.method, c.params, c.key, turn = "end subscription", http.MethodDelete, &stripe.SubscriptionCancelParams{}, "", turnToEnd
	}
	ctx, cancel := g.bounded(ctx)
	defer cancel()
	is, then, err := g.beginEnd(ctx, c, r, turn)
	if err != nil || is.Snapshot.Status.Ended() {
		return is.SubscriptionFact, err
	}
	if !now { // which ends the schedule too
		err = g.dropSchedule(ctx, then, r.Deployment, r.IdempotencyKey)
	}
	if err == nil {
		_, err = g.send(ctx, c)
	}
	// Of what has ended meanwhile Stripe says that there is none.
	if err != nil && !(now && errors.Is(err, ports.ErrNotFound)) {
		return domain.SubscriptionFact{}, err
	}
	is, err = g.subscriptionNow(ctx, r.Subscription)
	return is.SubscriptionFact, err
}

// ResumeSubscription implements [ports.Gateway].
func (g *Gateway) ResumeSubscription(ctx context.Context, r ports.ResumeRequest) (domain.SubscriptionFact, error) {
	ctx, cancel := g.bounded(ctx)
	defer cancel()
	is, then, err := g.beginEnd(ctx, call{does: "resume subscription"}, r.EndRequest, turnToResume)
	if err != nil || is.Snapshot.Status.Ended() {
		return is.SubscriptionFact, err
	}
	// With a schedule Stripe lets no period begin.
	err = g.dropSchedule(ctx, then, r.Deployment, r.IdempotencyKey)
	// A late repetition may come in a later pause: the period that was voided is another one then.
	voided := is.Snapshot.Pause != domain.PauseNone && then.Snapshot.Pause != domain.PauseNone && is.Snapshot.LatestInvoice == then.Snapshot.LatestInvoice
	if err == nil && r.Collect && r.Anew && voided {
		err = g.beginPeriod(ctx, is.Snapshot)
	}
	for _, c := range resumption(r, then) {
		if err == nil {
			_, err = g.send(ctx, c)
		}
	}
	if err != nil {
		return domain.SubscriptionFact{}, err
	}
	is, err = g.subscriptionNow(ctx, r.Subscription)
	return is.SubscriptionFact, err
}

// resumption are the calls that take back what a subscription was set to: each with a key of
// its own, as a repetition may know less of a pause, or more. Which of two ways its end was
// planned in depends on the billing mode, and on who planned it.
func resumption(r ports.ResumeRequest, then subscriptionNow) []call {
	var calls []call
	if r.Collect && !r.Anew && then.Snapshot.Pause != domain.PauseNone {
		params := &stripe.SubscriptionParams{}
		params.AddExtra("pause_collection", "")
		calls = append(calls, updateSubscription("resume collection at once", r.Subscription, r.IdempotencyKey+"-collect", params))
	}
	params := &stripe.SubscriptionParams{}
	switch {
	case then.Snapshot.CancelAtPeriodEnd:
		params.CancelAtPeriodEnd = stripe.Bool(false)
	case !then.Snapshot.CancelAt.IsZero():
		params.AddExtra("cancel_at", "")
	default:
		return calls
	}
	return append(calls, updateSubscription("resume subscription", r.Subscription, r.IdempotencyKey+"-end", params))
}

// beginEnd reads how a subscription stands, and how it stood when the key had its turn, which
// Stripe tells a repetition again. What is done follows from the second: what was planned since
// stays. Of one that has ended nothing is done any more; the key is used all the same.
func (g *Gateway) beginEnd(ctx context.Context, c call, r ports.EndRequest, turn turn) (is, then subscriptionNow, err error) {
	if err := noSubscription(c, r.Subscription); err != nil {
		return is, then, err
	}
	if r.IdempotencyKey == "" {
		return is, then, refused(c, "there is no idempotency key")
	}
	is, err = g.subscriptionNow(ctx, r.Subscription)
	switch {
	case err != nil:
	case !is.Snapshot.Status.Ended():
		then, err = g.takeTurn(ctx, r.Subscription, r.IdempotencyKey, turn)
	case is.Snapshot.Customer != "":
		err = g.UseKey(ctx, is.Snapshot.Customer, r.IdempotencyKey)
	}
	if err != nil {
		return subscriptionNow{}, subscriptionNow{}, err
	}
	return is, then, nil
}
