package sandbox_test

import (
	"testing"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/adapters/sandbox/stripespec"
)

// A call about an item does what the update of its subscription does.
func TestSubscriptionItem_ChangesTheSubscription(t *testing.T) {
	t.Parallel()
	now := newClock()
	s := newShop(t, sandbox.WithClock(now.Now))
	other := s.mustPrice(sandbox.PriceSpec{Product: "Seats", UnitAmount: 500, Interval: "month"})
	sub := s.created("items[0][price]", s.monthly)
	id := sub.at("items.data.0.id")
	var added *stripe.SubscriptionItem
	if got := s.after(func() {
		added = must[*stripe.SubscriptionItem](t)(s.api.SubscriptionItems.New(&stripe.SubscriptionItemParams{
			Subscription: stripe.String(sub.at("id")), Price: &other, Quantity: stripe.Int64(2), ProrationBehavior: stripe.String("always_invoice"),
		}))
	}); got != "customer.subscription.updated invoice.created payment_intent.created invoice.finalized"+paid {
		t.Errorf("got events %s", got)
	}
	must[*stripe.SubscriptionItem](t)(s.api.SubscriptionItems.Update(id, &stripe.SubscriptionItemParams{Quantity: stripe.Int64(3), ProrationBehavior: stripe.String("none")}))
	s.fetch("", "/v1/subscription_items/"+id).wants(t, "changed", map[string]string{"quantity": "3", "subscription": sub.at("id")})
	for _, v := range stripespec.Versions {
		_, answer := s.ask(v.API, "GET", "/v1/subscription_items?subscription="+sub.at("id"), nil)
		stripespec.ValidateIn(t, v.API, "list of subscription_item", answer)
		parse(t, answer).wants(t, v.API, map[string]string{"data.0.id": id, "data.1.id": added.ID, "data.2": "<none>"})
	}
	for name, tt := range map[string]struct {
		status      int
		path        string
		pairs       []string
		param, code string
	}{
		"no such price":   {400, "/" + id, []string{"price", "price_none"}, "price", "resource_missing"},
		"a one-time one":  {400, "/" + id, []string{"price", s.once}, "price", "<none>"},
		"no subscription": {400, "", []string{"price", other}, "subscription", "parameter_missing"},
		"no price":        {400, "", []string{"subscription", sub.at("id")}, "price", "parameter_missing"},
		"the same twice":  {400, "", []string{"subscription", sub.at("id"), "price", other}, "items", "<none>"},
		"no such item":    {404, "/si_none", []string{"quantity", "1"}, "item", "resource_missing"},
	} {
		s.refused(tt.status, "/v1/subscription_items"+tt.path, values(tt.pairs...)).wants(t, name, map[string]string{"error.param": tt.param, "error.code": tt.code})
	}
	gone := must[*stripe.SubscriptionItem](t)(s.api.SubscriptionItems.Del(added.ID, nil))
	if !gone.Deleted || s.fetch("", "/v1/subscriptions/"+sub.at("id")).len("items.data") != 1 {
		t.Errorf("got %+v", gone)
	}
	if status, _ := s.ask("", "DELETE", "/v1/subscription_items/"+id, nil); status != 400 {
		t.Errorf("the last item was taken away: %d", status)
	}
}
