package stripe

import (
	"context"
	"fmt"
	"net/http"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
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

// FetchSubscriptions implements [ports.Gateway].
func (g *Gateway) FetchSubscriptions(ctx context.Context, customer domain.CustomerID) ([]domain.SubscriptionFact, error) {
	params := &stripe.SubscriptionListParams{Customer: stripe.String(string(customer)), Status: stripe.String("all")}
	c := call{does: "list subscriptions", method: http.MethodGet, path: "/v1/subscriptions", params: params, belonging: true}
	if !isID(string(customer), "cus_") {
		return nil, fmt.Errorf("%w: %s: that is not the id of a customer", ports.ErrNotFound, c.does)
	}
	ctx, cancel := g.bounded(ctx)
	defer cancel()
	var facts []domain.SubscriptionFact
	err := listObjects(ctx, g, c, &params.ListParams, kindSubscription, func(o *object, got answer) error {
		fact, err := g.fetchedSubscription(ctx, o, got)
		facts = append(facts, fact)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(facts) == 0 {
		return nil, g.mustBeCustomer(ctx, c, customer)
	}
	return facts, nil
}

// mustBeCustomer tells apart who has no subscription and whom our key cannot see: an
// empty list may say either.
func (g *Gateway) mustBeCustomer(ctx context.Context, c call, id domain.CustomerID) error {
	deleted, err := g.FetchCustomer(ctx, id)
	if err == nil && deleted {
		err = fmt.Errorf("%w: %s: the customer is deleted", ports.ErrNotFound, c.does)
	}
	return err
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
	c := call{does: "list subscription items", method: http.MethodGet, path: "/v1/subscription_items", params: params}
	var items []subscriptionItem
	err := list(ctx, g, c, &params.ListParams, func(i subscriptionItem) word { return i.ID },
		func(page []subscriptionItem, _ answer) error {
			items = append(items, page...)
			return nil
		})
	return items, err
}
