package stripe_test

import (
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/stripespec"
	"github.com/entitled-dev/entitled/adapters/stripe"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Every call that we make is one that Stripe's own description of 2023-10-16 has,
// with parameters that it knows, of the types and values that it allows; and its
// sample answers are read.
func TestCallsAgainstStripesDescription(t *testing.T) {
	t.Parallel()
	gateway, err := stripe.New(stripe.Config{
		SecretKey: "sk_test_description", WebhookSecrets: []string{"whsec_description"}, APIBase: stripespec.StartMock(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(gateway.Close)

	if id, err := gateway.CreateCustomer(t.Context(), ports.CustomerRequest{User: "user_1", IdempotencyKey: "k"}); err != nil || !strings.HasPrefix(string(id), "cus_") {
		t.Errorf("create customer: got %q, %v", id, err)
	}
	for _, mode := range domain.Modes {
		for _, full := range []bool{false, true} {
			r := ports.SessionRequest{
				User: "user_1", Customer: "cus_1", IdempotencyKey: "order1:1",
				Order: domain.Order{
					ID: "order1", Plan: "pro", Mode: mode, Quantity: 1, PriceID: "price_1",
					SuccessURL: "https://app.example/done?session={CHECKOUT_SESSION_ID}",
				},
			}
			if full {
				r.Options = domain.CheckoutOptions{
					PromotionCodes: true, AutomaticTax: true, TaxIDCollection: true, MaxQuantity: 50, AdjustableAmount: true,
				}
				r.Order.CancelURL, r.Order.Locale, r.Order.TrialDays = "https://app.example/pricing", "de", 14
				r.Order.ExpiresAt = time.Now().Add(time.Hour)
			}
			got, err := gateway.CreateSession(t.Context(), r)
			if err != nil || got.ID == "" || got.Order != "order1" || got.Mode != mode {
				t.Errorf("create %s session (full: %t): got %+v, %v", mode, full, got, err)
			}
		}
	}
	if facts, err := gateway.FetchSession(t.Context(), "cs_test_1"); err != nil || facts[0].(domain.SessionFact).ID != "cs_test_1" {
		t.Errorf("fetch session: got %+v, %v", facts, err)
	}
	if got, err := gateway.ExpireSession(t.Context(), "cs_test_1"); err != nil || got.ID == "" {
		t.Errorf("expire session: got %+v, %v", got, err)
	}
	if got, err := gateway.Prices(t.Context(), []domain.Price{{ID: "price_1"}, {LookupKey: "pro_monthly"}}); err != nil || len(got) == 0 || got[0].ID != "price_1" {
		t.Errorf("prices: got %+v, %v", got, err)
	}
}
