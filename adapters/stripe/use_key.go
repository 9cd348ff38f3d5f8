package stripe

import (
	"context"
	"errors"
	"net/http"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// UseKey implements [ports.Gateway], with an update of the customer that changes nothing: of a
// key that came with another call before Stripe says so, as it will of a change of a
// subscription that comes with this one.
func (g *Gateway) UseKey(ctx context.Context, customer domain.CustomerID, key string) error {
	c := call{
		does: "use the key of what was done already", method: http.MethodPost,
		path: stripe.FormatURLPath("/v1/customers/%s", string(customer)), key: key, params: &stripe.CustomerParams{},
	}
	switch {
	case !isID(string(customer), "cus_"):
		return refused(c, "that is not the id of a customer")
	case key == "":
		return refused(c, "there is no idempotency key")
	}
	ctx, cancel := g.bounded(ctx)
	defer cancel()
	_, err := g.send(ctx, c)
	if errors.Is(err, ports.ErrKeyMismatch) || errors.Is(err, ports.ErrNotFound) {
		return nil // it has had its turn; or there is nobody left to change anything for
	}
	return err
}

// turn is a wish that a key may be for: with each, the answer to its turn has something else in
// it, so that Stripe refuses the key of one wish with another.
type turn string

const (
	turnToCancel turn = "customer"
	turnToResume turn = "schedule"
	turnToEnd    turn = "default_payment_method"
	turnToPlan   turn = "pending_setup_intent"
)

// takeTurn has a key belong to what is asked of a subscription, with an update that changes
// nothing, and returns how the subscription stood then: to a repetition, as it stood at first.
// The calls that come after it have keys that follow from this one.
func (g *Gateway) takeTurn(ctx context.Context, id domain.SubscriptionID, key string, turn turn) (subscriptionNow, error) {
	c := updateSubscription("take the turn of a key", id, key, &stripe.SubscriptionParams{
		Expand: stripe.StringSlice([]string{"latest_invoice", string(turn)}),
	})
	got, err := g.send(ctx, c)
	if err != nil {
		return subscriptionNow{}, err
	}
	return g.readNow(ctx, c, got, id)
}
