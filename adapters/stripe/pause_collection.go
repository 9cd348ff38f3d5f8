package stripe

import (
	"context"
	"errors"
	"fmt"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// PauseCollection implements [ports.Gateway].
func (g *Gateway) PauseCollection(ctx context.Context, r ports.PauseRequest) (domain.SubscriptionFact, error) {
	pause := &stripe.SubscriptionPauseCollectionParams{Behavior: stripe.String(string(domain.PauseVoid))}
	if !r.ResumesAt.IsZero() {
		pause.ResumesAt = stripe.Int64(r.ResumesAt.Unix())
	}
	c := updateSubscription("pause collection", r.Subscription, r.IdempotencyKey, &stripe.SubscriptionParams{PauseCollection: pause})
	if err := noSubscription(c, r.Subscription); err != nil {
		return domain.SubscriptionFact{}, err
	}
	if err := checkCreate(c); err != nil {
		return domain.SubscriptionFact{}, err
	}
	ctx, cancel := g.bounded(ctx)
	defer cancel()
	now, err := g.subscriptionNow(ctx, r.Subscription)
	if err != nil || now.Snapshot.Status.Ended() {
		return now.SubscriptionFact, err
	}
	if _, err := g.send(ctx, c); err != nil {
		return domain.SubscriptionFact{}, err
	}
	now, err = g.subscriptionNow(ctx, r.Subscription)
	return now.SubscriptionFact, err
}

// mostDeclined is how often the first payment after a pause may be tried in a day.
const mostDeclined = 20

// beginPeriod has collection be resumed, and a period begin that is paid at once, or nothing
// change. The key follows from what is voided and not from who asks, so that two who ask at
// the same time do not pay two periods. To a key that heard of a decline Stripe says that
// for a day, whatever there is to pay with now: then it is the next one's turn.
func (g *Gateway) beginPeriod(ctx context.Context, paused domain.Subscription) error {
	params := &stripe.SubscriptionParams{
		BillingCycleAnchorNow: stripe.Bool(true),
		// What is left of a period that was voided would be given back as if it had been paid.
		ProrationBehavior: stripe.String(noProration),
		PaymentBehavior:   stripe.String(errorIfIncomplete),
	}
	params.AddExtra("pause_collection", "")
	var err error
	for n := range mostDeclined {
		key := fmt.Sprintf("entitled-anew-%s-%s-%d", paused.ID, paused.LatestInvoice, n+1)
		_, err = g.send(ctx, updateSubscription("resume collection", paused.ID, key, params))
		if !errors.Is(err, errDeclinedBefore) {
			return err
		}
	}
	return err
}
