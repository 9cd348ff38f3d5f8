package httpapi

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/time/rate"

	"github.com/entitled-dev/entitled/adapters/memory"
)

// FuzzRequests: nothing that a client sends is an error of ours.
func FuzzRequests(f *testing.F) {
	clock := newClock()
	deps, closeApp := wire(memory.NewStore(), memory.NewGateway(clock.Now, stripePrices...), catalog, clock.Now)
	f.Cleanup(closeApp)
	deps.Authenticator = &keyring{}
	deps.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	s, err := New(deps, Config{CheckoutRate: rate.Inf})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("POST", "/api/checkout/pro", "", `{"price":"yearly","quantity":2,"locale":"de"}`, "key")
	f.Add("POST", "/api/checkout/..%2f", "a=%zz;b", `{"user_id":"\ud800","quantity":1e3}`, "\x00")
	f.Add("GET", "/api/orders/ord_000001", "x=1&x", "", "")
	f.Add("GET", "/api/entitlements/%F0%9F", "user_id=%00", "[[[[", "\xff")
	f.Add("POST", "/api/webhooks/stripe", "", `{"id":"evt_1"}`, "t=1,v1=0")
	f.Fuzz(func(t *testing.T, method, path, query, body, key string) {
		path, err := url.PathUnescape(path)
		if err != nil || !strings.HasPrefix(path, "/") || strings.Contains(path, "unsold") || strings.Contains(query, "wait") {
			return // a price that Stripe does not sell is an operator's error; waiting is slow
		}
		r := httptest.NewRequest("GET", "/", strings.NewReader(body))
		r.Method, r.URL = method, &url.URL{Path: path, RawQuery: query}
		r.Header = http.Header{
			"Authorization": {"Bearer user:ada"}, "Content-Type": {"application/json"},
			"Idempotency-Key": {key}, "Stripe-Signature": {key},
		}
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("%s %q ? %q with key %q and body %q: got %d %s", method, path, query, key, body, w.Code, w.Body)
		}
	})
}
