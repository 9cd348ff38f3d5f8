package stripe_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// What we call, or say with a call, only where a subscription, a price or a list is as the
// mock's samples are not.
func rareAgainstStripesDescription(t *testing.T, d descriptions) {
	t.Helper()
	gateway, asked := d.gateway(t, func(r *http.Response) error { return rewritten(r, func(o map[string]any) { rare(r.Request, o) }) })
	for does, call := range map[string]func() error{
		"a checkout in a currency": func() error {
			_, err := gateway.CreateSession(t.Context(), ports.SessionRequest{
				User: "user_1", Customer: "cus_1", IdempotencyKey: "order1:1", Order: domain.Order{
					ID: "order1", Plan: "pro", Mode: domain.ModePayment, Quantity: 1, PriceID: "price_1",
					Currency: "eur", CurrencyChosen: true, SuccessURL: "https://app.example/done",
				},
			})
			return err
		},
		"a customer with more than a page of checkouts": func() error { _, err := gateway.FetchMade(t.Context(), "cus_1"); return err },
		"whether a customer was deleted":                func() error { _, err := gateway.FetchCustomer(t.Context(), "cus_1"); return err },
		"the invoices of a customer":                    func() error { _, err := gateway.IssuedInvoices(t.Context(), "cus_1", 5); return err },
		"the tiers of a price in another currency": func() error {
			_, err := gateway.Prices(t.Context(), []domain.Price{{ID: "price_1"}})
			return err
		},
		"the end of what is metered": func() error {
			_, err := gateway.ChangeSubscription(t.Context(), ports.ChangeRequest{
				Change: ports.Change{Subscription: "sub_1", Kind: ports.ItemRemoved, Item: "si_1"}, Deployment: "0123abcd", IdempotencyKey: "k",
			})
			return err
		},
		"a preview of many lines": func() error {
			_, err := gateway.PreviewChange(t.Context(), ports.PreviewRequest{
				Change: ports.Change{Subscription: "sub_1", Item: "si_1", Price: "price_1", Quantity: 2}, At: time.Now(),
			})
			return err
		},
		"a plan for what is taxed and reduced": func() error {
			_, err := gateway.ScheduleChange(t.Context(), ports.ChangeRequest{
				Change: ports.Change{Subscription: "sub_1", Item: "si_1", Price: "price_1", Quantity: 2}, Deployment: "0123abcd", IdempotencyKey: "k",
			})
			return err
		},
		"a change of mind about an end on a day": func() error {
			_, err := gateway.ResumeSubscription(t.Context(), ports.ResumeRequest{
				EndRequest: ports.EndRequest{Subscription: "sub_1", Deployment: "0123abcd", IdempotencyKey: "k"},
			})
			return err
		},
	} {
		if err := call(); err != nil {
			t.Errorf("%s: %v", does, err)
		}
	}
	if all := strings.Join(asked(), " "); strings.Count(all, "/v1/checkout/sessions") != 3 { // one is made, two pages are read
		t.Errorf("asked %s, want a page after the first of the checkouts", all)
	}
}

// rare has an answer be what seldom is.
func rare(of *http.Request, o map[string]any) {
	fitting(o, true)
	switch o["object"] {
	case "list":
		o["has_more"] = of.URL.Path == "/v1/checkout/sessions" && of.URL.Query().Get("starting_after") == ""
	case "subscription":
		o["cancel_at"], o["cancel_at_period_end"] = time.Now().Add(time.Hour).Unix(), false
		for _, item := range o["items"].(map[string]any)["data"].([]any) {
			price := item.(map[string]any)["price"].(map[string]any)
			price["recurring"] = map[string]any{"interval": "month", "interval_count": 1, "usage_type": "metered"}
		}
	case "subscription_schedule":
		phase := o["phases"].([]any)[0].(map[string]any)
		phase["coupon"], phase["default_tax_rates"] = "coupon_1", []any{"txr_1"}
		for _, item := range phase["items"].([]any) {
			item.(map[string]any)["tax_rates"] = []any{"txr_1"}
		}
	case "price":
		o["billing_scheme"] = "tiered"
		o["currency_options"] = map[string]any{"eur": map[string]any{"unit_amount": 900}}
	case "invoice":
		o["lines"].(map[string]any)["has_more"] = true
	}
}
