package shop

import (
	"net/http/httptest"
	"testing"
	"time"

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
	is := func(customer, want string) {
		t.Helper()
		must(t, box.WaitIdle(t.Context()))
		if got := shop.Status(customer); got != want {
			t.Errorf("the shop believes %q, want %q", got, want)
		}
	}
	session, err := shop.Buy(t.Context())
	must(t, err)
	must(t, box.Buyer().Pays(session, sandbox.GoodCard))
	sub := box.Subscriptions()[0]
	is(sub.Customer, "active")
	must(t, box.SetCard(sub.ID, string(sandbox.FailsLaterCard)))
	must(t, box.Advance(32*24*time.Hour))
	is(sub.Customer, "past_due")
	must(t, box.Buyer().PaysInvoice(sub.ID))
	is(sub.Customer, "active")
}
