package stripe

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// subscriptionNow is a subscription with what is no fact of it.
type subscriptionNow struct {
	domain.SubscriptionFact
	schedule ref
	pending  bool // a change waits for its payment
	payURL   string
	items    []subscriptionItem
}

func (n subscriptionNow) has(item string) bool {
	return slices.ContainsFunc(n.items, func(i subscriptionItem) bool { return string(i.ID) == item })
}

// metered tells whether an item is there and paid by what was used.
func (n subscriptionNow) metered(item string) bool {
	return slices.ContainsFunc(n.items, func(i subscriptionItem) bool {
		return string(i.ID) == item && i.Price.or(i.Plan).metered
	})
}

// nextEnd is when the period ends of the items that ends first: the next invoice's time.
func (n subscriptionNow) nextEnd() time.Time {
	end := n.Snapshot.PeriodEnd()
	for _, item := range n.Snapshot.Items {
		if item.PeriodEnd.Before(end) && !item.PeriodEnd.IsZero() {
			end = item.PeriodEnd
		}
	}
	return end
}

// subscriptionNow asks for a subscription before it is changed, and after.
func (g *Gateway) subscriptionNow(ctx context.Context, id domain.SubscriptionID) (subscriptionNow, error) {
	c := call{
		does: "fetch subscription with what is planned", method: http.MethodGet, path: stripe.FormatURLPath("/v1/subscriptions/%s", string(id)),
		params: &stripe.SubscriptionParams{Expand: stripe.StringSlice([]string{"latest_invoice"})},
	}
	if err := noSubscription(c, id); err != nil {
		return subscriptionNow{}, err
	}
	got, err := g.send(ctx, c)
	if err != nil {
		return subscriptionNow{}, err
	}
	return g.readNow(ctx, c, got, id)
}

// readNow reads the answer to a call that expands the latest invoice.
func (g *Gateway) readNow(ctx context.Context, c call, got answer, id domain.SubscriptionID) (subscriptionNow, error) {
	subscription := readObject(got.body)
	if subscription.Kind != kindSubscription || subscription.ID != word(id) {
		return subscriptionNow{}, unusable(c, got, "the answer is not the subscription")
	}
	fact, err := g.fetchedSubscription(ctx, subscription, got)
	if err != nil {
		return subscriptionNow{}, err
	}
	var more struct {
		Schedule ref       `json:"schedule"`
		Pending  *struct{} `json:"pending_update"`
		Invoice  struct {
			Status  word    `json:"status"`
			PayPage address `json:"hosted_invoice_url"`
		} `json:"latest_invoice"`
	}
	decode(got.body, &more) // it was read before
	now := subscriptionNow{SubscriptionFact: fact, schedule: more.Schedule, pending: more.Pending != nil, items: subscription.Items.Data}
	if now.pending && domain.InvoiceStatus(more.Invoice.Status) == domain.InvoiceOpen {
		now.payURL = string(more.Invoice.PayPage)
	}
	return now, nil
}

// changed is how a subscription stands after it was changed: in the version that we read.
func (g *Gateway) changed(ctx context.Context, id domain.SubscriptionID) (ports.Changed, error) {
	now, err := g.subscriptionNow(ctx, id)
	if err != nil {
		return ports.Changed{}, err
	}
	return ports.Changed{Fact: now.SubscriptionFact, Pending: now.pending, PayURL: now.payURL}, nil
}
