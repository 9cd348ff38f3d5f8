package stripe

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76/webhook"
	"go.uber.org/goleak"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // what a test keeps is small, and there is room
	goleak.VerifyTestMain(m)
}

const (
	testKey    = "sk_test_4eC39HqLyjWDarjtT1zdp7dc"
	testSecret = "whsec_test_secret"
)

// noon is the time of tests in which no time passes, in the middle of a second.
var noon = time.Date(2026, 11, 2, 12, 0, 0, 123456789, time.UTC)

// newTestGateway asks the server, if there is one, at a time that stands still.
func newTestGateway(t testing.TB, server *httptest.Server, change ...func(*Config)) *Gateway {
	t.Helper()
	config := Config{
		SecretKey:      testKey,
		WebhookSecrets: []string{testSecret},
		Clock:          func() time.Time { return noon },
		Logger:         slog.New(slog.DiscardHandler),
	}
	if server != nil {
		config.APIBase = server.URL
	}
	for _, f := range change {
		f(&config)
	}
	g, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	g.pause = func(int) time.Duration { return time.Millisecond }
	return g
}

// serve is a server that ends with the test. It says nothing of the time, unless
// the handler does: this machine's is not the test's.
func serve(t testing.TB, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Date"] = nil
		handler(w, r)
	}))
	t.Cleanup(server.Close)
	return server
}

func sign(payload []byte, at time.Time, secret string) string {
	return webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: payload, Secret: secret, Timestamp: at}).Header
}

func testdata(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// anOrder is one with everything in it.
func anOrder(mode domain.Mode) ports.SessionRequest {
	return ports.SessionRequest{
		User: "user_1", Deployment: "0123abcd", Customer: "cus_1", IdempotencyKey: "order1:1",
		Options: domain.CheckoutOptions{
			PromotionCodes: true, AutomaticTax: true, TaxIDCollection: true, BillingAddress: domain.BillingAddressRequired, AdjustableAmount: true, MaxQuantity: 50,
		},
		Order: domain.Order{
			ID: "order1", Plan: "pro", Price: "monthly", Mode: mode, Quantity: 3,
			PriceID: "price_pro", TrialDays: 14, Locale: "de",
			SuccessURL: "https://app.example/done?session={CHECKOUT_SESSION_ID}&from=a b",
			CancelURL:  "https://app.example/pricing",
			ExpiresAt:  time.Date(2026, 11, 2, 13, 0, 0, 0, time.UTC),
			Attempt:    1,
		},
	}
}

func mustNotLeak(t *testing.T, s string) {
	t.Helper()
	for _, secret := range []string{testKey, "4eC39", "dp7dc", testSecret} {
		if strings.Contains(s, secret) {
			t.Errorf("%q is in %q", secret, s)
		}
	}
}
