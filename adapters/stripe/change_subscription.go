package stripe

import (
	"context"
	"errors"
	"net/http"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// What a change costs is invoiced at once, so that nothing is given that is paid for some
// day; and what is not paid does not change.
const (
	alwaysInvoice = "always_invoice"
	noProration   = "none"

	pendingIfIncomplete = "pending_if_incomplete"
	errorIfIncomplete   = "error_if_incomplete"
)

// ChangeSubscription implements [ports.Gateway]. What was planned is let go once the change
// holds: Stripe takes another item from what a schedule governs, and only its end has to be
// left alone.
func (g *Gateway) ChangeSubscription(ctx context.Context, r ports.ChangeRequest) (ports.Changed, error) {
	params := &stripe.SubscriptionParams{
		Items:             []*stripe.SubscriptionItemsParams{itemParams(r.Change)},
		ProrationBehavior: stripe.String(alwaysInvoice),
		PaymentBehavior:   stripe.String(pendingIfIncomplete),
	}
	if !r.ProrationDate.IsZero() {
		params.ProrationDate = stripe.Int64(r.ProrationDate.Unix())
	}
	if r.Kind == ports.ItemRemoved { // nothing falls due, and nothing is given back
		params.ProrationBehavior, params.PaymentBehavior, params.ProrationDate = stripe.String(noProration), nil, nil
	}
	item := params.Items[0]
	c := updateSubscription("change subscription", r.Subscription, r.IdempotencyKey, params)
	if err := checkChange(c, r.Change); err != nil {
		return ports.Changed{}, err
	}
	ctx, cancel := g.bounded(ctx)
	defer cancel()
	now, err := g.subscriptionNow(ctx, r.Subscription)
	if err != nil {
		return ports.Changed{}, err
	}
	planned, err := g.ownSchedule(ctx, now, r.Deployment)
	if err != nil {
		return ports.Changed{}, err
	}
	if r.Kind == ports.ItemRemoved && now.metered(r.Item) {
		item.ClearUsage = stripe.Bool(true) // without it Stripe refuses, if something was used that is not billed yet
	}
	got, err := g.send(ctx, c)
	if errors.Is(err, ports.ErrKeyMismatch) && r.Kind == ports.ItemRemoved && !now.has(r.Item) {
		// What has gone may have been metered: then this is the request that the key came with.
		item.ClearUsage = stripe.Bool(true)
		got, err = g.send(ctx, c)
	}
	if err != nil {
		return ports.Changed{}, err
	}
	changed, err := g.changed(ctx, r.Subscription)
	if err != nil || changed.Pending || planned.ID == "" || !plannedBefore(planned, got) {
		return changed, err
	}
	if err := g.release(ctx, planned, r.IdempotencyKey); err != nil {
		return ports.Changed{}, err
	}
	return g.changed(ctx, r.Subscription)
}

// plannedBefore tells whether a schedule was there when a change was made: what a late
// repetition finds may have been planned since.
func plannedBefore(planned scheduleObject, change answer) bool {
	var then struct {
		Schedule ref `json:"schedule"`
	}
	return !change.replayed || decode(change.body, &then) && then.Schedule == ref(planned.ID)
}

// itemParams names the item by its id: without one Stripe adds another.
func itemParams(c ports.Change) *stripe.SubscriptionItemsParams {
	if c.Kind == ports.ItemRemoved {
		return &stripe.SubscriptionItemsParams{ID: stripe.String(c.Item), Deleted: stripe.Bool(true)}
	}
	item := &stripe.SubscriptionItemsParams{ID: optional(c.Item), Price: stripe.String(string(c.Price))}
	if c.Quantity > 0 {
		item.Quantity = stripe.Int64(c.Quantity)
	}
	return item
}

func updateSubscription(does string, id domain.SubscriptionID, key string, params *stripe.SubscriptionParams) call {
	return call{
		does: does, method: http.MethodPost, path: stripe.FormatURLPath("/v1/subscriptions/%s", string(id)), key: key, params: params,
	}
}

// checkChange refuses what would change nothing, or something else than what is meant.
func checkChange(c call, change ports.Change) error {
	if err := noSubscription(c, change.Subscription); err != nil {
		return err
	}
	if fault := faultOf(change); fault != "" {
		return refused(c, fault)
	}
	return checkCreate(c)
}

// faultOf says why Stripe would do something else than what is meant; empty: it would not.
func faultOf(change ports.Change) string {
	switch named, priced := isID(change.Item, "si_"), isID(string(change.Price), ""); {
	case change.Kind == ports.ItemAdded && (change.Item != "" || !priced):
		return "what is added has a price, and is no item yet"
	case change.Kind == ports.ItemRemoved && (!named || change.Price != ""):
		return "what is removed is an item, and has no price any more"
	case change.Kind == ports.ItemSet && (!named || !priced):
		return "the item or the price is none of Stripe's"
	default:
		return ""
	}
}
