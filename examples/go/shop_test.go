package shop

import (
	"net/http/httptest"
	"testing"

	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/stripe/stripe-go/v85"
)

func TestShop_FollowsASubscription(t *testing.T) {
	box := sandbox.NewTest(t)
	price, err := box.AddPrice(sandbox.PriceSpec{Product: "Pro", UnitAmount: 2900, Interval: "month"})
	must(t, err)
	client := stripe.NewClient("sk_test_1", stripe.WithBackends(stripe.NewBackendsWithConfig(&stripe.BackendConfig{URL: stripe.String(box.URL())})))
	shop := &Shop{Stripe: client, Price: price.ID, Secret: "whsec_test"}
	hook := httptest.NewServer(shop)
	defer hook.Close()
	_, err = box.AddWebhookEndpointAt(stripe.APIVersion, hook.URL, shop.Secret)
	must(t, err)

	session, err := shop.Buy(t.Context())
	must(t, err)
	must(t, box.Pay(session))
	must(t, box.WaitIdle(t.Context()))
	customer, subscription, err := shop.Bought(t.Context(), session)
	must(t, err)
	if got := shop.Status(customer); got != "active" {
		t.Errorf("after the purchase it is %q", got)
	}
	must(t, box.RenewSubscription(subscription, false)) // the card is declined
	must(t, box.WaitIdle(t.Context()))
	if got := shop.Status(customer); got != "past_due" {
		t.Errorf("after a renewal that failed it is %q", got)
	}
}
