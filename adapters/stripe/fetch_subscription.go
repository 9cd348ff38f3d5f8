package stripe

import (
	"context"
	"fmt"
	"net/http"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

const (
	itemsPerPage  = 100 // Stripe's bound
	maxItemsPages = 10  // this only ends a loop
)

// FetchSubscription implements [ports.Gateway].
func (g *Gateway) FetchSubscription(ctx context.Context, id domain.SubscriptionID) (domain.SubscriptionFact, error) {
	c := call{
		does: "fetch subscription", method: http.MethodGet,
		path:   stripe.FormatURLPath("/v1/subscriptions/%s", string(id)),
		params: &stripe.SubscriptionParams{},
	}
	if !isID(string(id), "sub_") {
		return domain.SubscriptionFact{}, fmt.Errorf("%w: %s: that is not the id of a subscription", ports.ErrNotFound, c.does)
	}
	ctx, cancel := g.bounded(ctx)
	defer cancel()
	got, err := g.ask(ctx, c)
	if err != nil {
		return domain.SubscriptionFact{}, err
	}
	subscription := readObject(got.body)
	if subscription.Kind != kindSubscription || subscription.ID != word(id) {
		return domain.SubscriptionFact{}, unusable(c, got, "the answer is not the subscription")
	}
	return g.fetchedSubscription(ctx, subscription, got)
}

// fetchedSubscription makes a fact of a subscription that was answered with, and
// asks for the items that are missing in it.
func (g *Gateway) fetchedSubscription(ctx context.Context, o *object, got answer) (domain.SubscriptionFact, error) {
	if o.Items.More {
		items, err := g.allItems(ctx, o.ID)
		if err != nil {
			return domain.SubscriptionFact{}, err
		}
		o.Items.Data, o.Items.More = items, false
	}
	return readSubscription(o, domain.TypeFetched, got.askedAt), nil
}

// allItems asks for the items of a subscription that has too many to come with it.
func (g *Gateway) allItems(ctx context.Context, of word) ([]subscriptionItem, error) {
	params := &stripe.SubscriptionItemListParams{Subscription: stripe.String(string(of))}
	params.Limit = stripe.Int64(itemsPerPage)
	c := call{does: "list subscription items", method: http.MethodGet, path: "/v1/subscription_items", params: params}
	var (
		items []subscriptionItem
		got   answer
		err   error
	)
	for range maxItemsPages {
		if got, err = g.ask(ctx, c); err != nil {
			return nil, err
		}
		var page struct {
			Kind word               `json:"object"`
			Data []subscriptionItem `json:"data"`
			More bool               `json:"has_more"`
		}
		if !decode(got.body, &page) || page.Kind != "list" || page.More && len(page.Data) == 0 {
			return nil, unusable(c, got, "the answer is not a list of items")
		}
		items = append(items, page.Data...)
		if !page.More {
			return items, nil
		}
		params.StartingAfter = stripe.String(string(page.Data[len(page.Data)-1].ID))
	}
	return nil, unusable(c, got, "the list of items does not end")
}
