package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// A shop sells a plan through Checkout and counts the completed sessions that
// its webhook endpoint hears of.
func Example() {
	var completed atomic.Int32
	shop := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { completed.Add(1) }))
	defer shop.Close()

	s := sandbox.New(sandbox.WithWebhookEndpoint(shop.URL, "whsec_example", "checkout.session.completed"))
	defer s.Close()
	url, _ := s.Listen("127.0.0.1:0")
	price, _ := s.AddPrice(sandbox.PriceSpec{LookupKey: "pro_monthly", Product: "Pro", UnitAmount: 2000, Interval: "month"})

	backend := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{URL: &url})
	api := client.New("sk_test_example", &stripe.Backends{API: backend})
	session, err := api.CheckoutSessions.New(&stripe.CheckoutSessionParams{
		Mode:       stripe.String("subscription"),
		SuccessURL: stripe.String(shop.URL + "/done?session_id={CHECKOUT_SESSION_ID}"),
		LineItems:  []*stripe.CheckoutSessionLineItemParams{{Price: &price.ID, Quantity: stripe.Int64(1)}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	// A person opens session.URL in a browser; a test pays at once.
	_ = s.Pay(session.ID)
	_ = s.WaitIdle(context.Background())

	session, _ = api.CheckoutSessions.Get(session.ID, nil)
	fmt.Println(session.Status, session.PaymentStatus, completed.Load())
	// Output: complete paid 1
}

// A card that paid the first month fails at the next ones. The clock shows what becomes of
// the subscription.
func ExampleSandbox_Advance() {
	s := sandbox.New()
	defer s.Close()
	url, _ := s.Listen("127.0.0.1:0")
	price, _ := s.AddPrice(sandbox.PriceSpec{Product: "Pro", UnitAmount: 2000, Interval: "month"})
	backend := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{URL: &url})
	api := client.New("sk_test_example", &stripe.Backends{API: backend})
	customer, _ := api.Customers.New(&stripe.CustomerParams{
		PaymentMethod:   stripe.String("pm_card_visa"),
		InvoiceSettings: &stripe.CustomerInvoiceSettingsParams{DefaultPaymentMethod: stripe.String("pm_card_visa")},
	})
	sub, err := api.Subscriptions.New(&stripe.SubscriptionParams{
		Customer: &customer.ID, Items: []*stripe.SubscriptionItemsParams{{Price: &price.ID}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	status := func(when string) {
		now, _ := api.Subscriptions.Get(sub.ID, nil)
		fmt.Println(when, now.Status)
	}
	status("bought:")
	_ = s.SetCard(sub.ID, "4000 0000 0000 0341")
	_ = s.AdvanceTo(time.Unix(sub.CurrentPeriodEnd, 0).Add(2 * time.Hour))
	status("a month later:")
	_ = s.Advance(15 * 24 * time.Hour)
	status("two weeks after that:")
	// Output:
	// bought: active
	// a month later: past_due
	// two weeks after that: canceled
}

// A customer cancels in the billing portal, and thinks better of it.
func ExampleSandbox_Portal() {
	s := sandbox.New()
	defer s.Close()
	url, _ := s.Listen("127.0.0.1:0")
	price, _ := s.AddPrice(sandbox.PriceSpec{Product: "Pro", UnitAmount: 2000, Interval: "month"})

	backend := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{URL: &url})
	api := client.New("sk_test_example", &stripe.Backends{API: backend})
	customer, _ := api.Customers.New(&stripe.CustomerParams{Email: stripe.String("ada@example.com")})
	id, _ := s.CreateSubscription(sandbox.SubscriptionSpec{Customer: customer.ID, Items: []sandbox.SubscriptionItemSpec{{Price: price.ID}}})
	session, err := api.BillingPortalSessions.New(&stripe.BillingPortalSessionParams{
		Customer: &customer.ID, ReturnURL: stripe.String("http://shop.example/account"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	// A person opens session.URL in a browser; a test does what that person would.
	portal := s.Portal(session.URL)
	for _, step := range []func(string) error{portal.Cancel, portal.Resume} {
		err := step(id)
		sub, _ := api.Subscriptions.Get(id, nil)
		fmt.Println(sub.CancelAtPeriodEnd, err)
	}
	// Output:
	// true <nil>
	// false <nil>
}

// The life of a subscription as a story: a buyer whose bank asks them to authenticate, a
// refund, a chargeback, a year that goes by, a goodbye in the portal.
func ExampleBuyer() {
	box := sandbox.New()
	defer box.Close()
	url, _ := box.Listen("127.0.0.1:0")
	price, _ := box.AddPrice(sandbox.PriceSpec{Product: "Pro", UnitAmount: 2000, Interval: "month"})
	backend := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{URL: &url})
	api := client.New("sk_test_example", &stripe.Backends{API: backend})
	session, err := api.CheckoutSessions.New(&stripe.CheckoutSessionParams{
		Mode: stripe.String("subscription"), SuccessURL: stripe.String("https://shop.example/done"),
		LineItems: []*stripe.CheckoutSessionLineItemParams{{Price: &price.ID, Quantity: stripe.Int64(1)}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	buyer := box.Buyer()
	fmt.Println(buyer.Pays(session.ID, sandbox.DeclinedCard) != nil)
	fmt.Println(errors.Is(buyer.Pays(session.URL, sandbox.AuthenticatesOnceCard), sandbox.ErrAuthenticationRequired))
	fmt.Println(buyer.Authenticates(session.ID))

	session, _ = api.CheckoutSessions.Get(session.ID, nil)
	subscription := session.Subscription.ID
	_, err = box.Refund(subscription, 500)
	fmt.Println(err)
	dispute, _ := box.Dispute(subscription)
	fmt.Println(box.WinDispute(dispute))
	_ = box.Advance(365 * 24 * time.Hour)
	portal, _ := buyer.OpensPortal(session.Customer.ID)
	fmt.Println(portal.Cancel(subscription))
	sub, _ := api.Subscriptions.Get(subscription, nil)
	fmt.Println(sub.Status, sub.CancelAtPeriodEnd)
	// Output:
	// true
	// true
	// <nil>
	// <nil>
	// <nil>
	// <nil>
	// active true
}

// A buyer types in one of the shop's promotion codes.
func ExampleBuyer_EntersCode() {
	box := sandbox.New()
	defer box.Close()
	url, _ := box.Listen("127.0.0.1:0")
	price, _ := box.AddPrice(sandbox.PriceSpec{Product: "Basic", UnitAmount: 4900})
	backend := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{URL: &url})
	api := client.New("sk_test_example", &stripe.Backends{API: backend})
	coupon, _ := api.Coupons.New(&stripe.CouponParams{PercentOff: stripe.Float64(20), Duration: stripe.String("once")})
	_, _ = api.PromotionCodes.New(&stripe.PromotionCodeParams{Coupon: &coupon.ID, Code: stripe.String("WELCOME")})
	session, err := api.CheckoutSessions.New(&stripe.CheckoutSessionParams{
		Mode: stripe.String("payment"), SuccessURL: stripe.String("https://shop.example/done"), AllowPromotionCodes: stripe.Bool(true),
		LineItems: []*stripe.CheckoutSessionLineItemParams{{Price: &price.ID, Quantity: stripe.Int64(1)}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	buyer := box.Buyer()
	fmt.Println(buyer.EntersCode(session.ID, "GOODBYE"))
	fmt.Println(buyer.EntersCode(session.ID, "welcome"))
	fmt.Println(buyer.Pays(session.ID, sandbox.GoodCard))
	session, _ = api.CheckoutSessions.Get(session.ID, nil)
	fmt.Println(sandbox.FormatAmount(session.AmountTotal, string(session.Currency)))
	// Output:
	// sandbox: the code "GOODBYE" is refused: This code is invalid.
	// <nil>
	// <nil>
	// $39.20
}
