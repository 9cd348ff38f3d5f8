package stripe_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
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
	if got, err := gateway.FetchSubscription(t.Context(), "sub_1"); err != nil || got.Snapshot.ID != "sub_1" || len(got.Snapshot.Items) == 0 {
		t.Errorf("fetch subscription: got %+v, %v", got, err)
	}
	for _, subject := range []domain.Ref{{Kind: domain.RefCharge, ID: "ch_1"}, {Kind: domain.RefPaymentIntent, ID: "pi_1"}} {
		if got, err := gateway.FetchCharge(t.Context(), subject); err != nil || got.ID == "" || got.Amount == 0 || got.Currency == "" {
			t.Errorf("fetch charge by %s: got %+v, %v", subject.Kind, got, err)
		}
	}
	if got, err := gateway.ExpireSession(t.Context(), "cs_test_1"); err != nil || got.ID == "" {
		t.Errorf("expire session: got %+v, %v", got, err)
	}
	if got, err := gateway.Prices(t.Context(), []domain.Price{{ID: "price_1"}, {LookupKey: "pro_monthly"}}); err != nil || len(got) == 0 || got[0].ID != "price_1" {
		t.Errorf("prices: got %+v, %v", got, err)
	}
}

// So is the call for the items that do not fit into a subscription, which the mock
// never makes necessary.
func TestItemsAgainstStripesDescription(t *testing.T) {
	t.Parallel()
	mock, err := url.Parse(stripespec.StartMock(t))
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(mock); r.Out.Header.Del("Accept-Encoding") },
		ModifyResponse: func(r *http.Response) error {
			body, err := io.ReadAll(r.Body)
			if strings.HasPrefix(r.Request.URL.Path, "/v1/subscriptions/") {
				body = bytes.ReplaceAll(body, []byte(`"has_more":false`), []byte(`"has_more":true `))
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			return err
		},
	}
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	gateway, err := stripe.New(stripe.Config{
		SecretKey: "sk_test_description", WebhookSecrets: []string{"whsec_description"}, APIBase: server.URL,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(gateway.Close)
	got, err := gateway.FetchSubscription(t.Context(), "sub_1")
	if err != nil || len(got.Snapshot.Items) == 0 || len(asked) != 2 || asked[1] != "/v1/subscription_items" {
		t.Errorf("got %+v, %v after %v, want the items asked for", got, err, asked)
	}
}
