package stripe

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// seen is a request as the server got it.
type seen struct {
	line, body string
	header     http.Header
}

// recorder answers every request alike and keeps them all.
type recorder struct {
	mu   sync.Mutex
	seen []seen
}

func (r *recorder) requests() []seen {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seen
}

func record(t *testing.T, answer string, header ...string) (*recorder, *httptest.Server) {
	t.Helper()
	rec := &recorder{}
	return rec, serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		rec.mu.Lock()
		rec.seen = append(rec.seen, seen{r.Method + " " + r.URL.RequestURI(), string(body), r.Header})
		rec.mu.Unlock()
		for i := 0; i+1 < len(header) && r.Method == http.MethodPost; i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		_, _ = io.WriteString(w, answer)
	})
}

const openSession = `{"id":"cs_test_1","object":"checkout.session","status":"open","url":"https://checkout.stripe.com/c/pay/cs_test_1"}`

func TestCreateSession_Parameters(t *testing.T) {
	t.Parallel()
	common := map[string]string{
		"customer":                                    "cus_1",
		"client_reference_id":                         "order1",
		"success_url":                                 "https://app.example/done?session={CHECKOUT_SESSION_ID}&from=a b",
		"cancel_url":                                  "https://app.example/pricing",
		"expires_at":                                  "1793624400",
		"locale":                                      "de",
		"allow_promotion_codes":                       "true",
		"automatic_tax[enabled]":                      "true",
		"tax_id_collection[enabled]":                  "true",
		"billing_address_collection":                  "required",
		"customer_update[address]":                    "auto",
		"customer_update[name]":                       "auto",
		"line_items[0][price]":                        "price_pro",
		"line_items[0][quantity]":                     "3",
		"line_items[0][adjustable_quantity][enabled]": "true",
		"line_items[0][adjustable_quantity][minimum]": "1",
		"line_items[0][adjustable_quantity][maximum]": "50",
		"metadata[order_id]":                          "order1",
		"metadata[user_id]":                           "user_1",
		"metadata[plan]":                              "pro",
		"metadata[price]":                             "monthly",
		"metadata[price_id]":                          "price_pro",
		"metadata[deployment]":                        "0123abcd",
	}
	for mode, more := range map[domain.Mode]map[string]string{
		domain.ModePayment: {
			"mode": "payment",
			"payment_intent_data[metadata][order_id]":   "order1",
			"payment_intent_data[metadata][user_id]":    "user_1",
			"payment_intent_data[metadata][plan]":       "pro",
			"payment_intent_data[metadata][price]":      "monthly",
			"payment_intent_data[metadata][price_id]":   "price_pro",
			"payment_intent_data[metadata][deployment]": "0123abcd",
		},
		domain.ModeSubscription: {
			"mode":                                    "subscription",
			"subscription_data[metadata][order_id]":   "order1",
			"subscription_data[metadata][user_id]":    "user_1",
			"subscription_data[metadata][plan]":       "pro",
			"subscription_data[metadata][price]":      "monthly",
			"subscription_data[metadata][price_id]":   "price_pro",
			"subscription_data[metadata][deployment]": "0123abcd",
			"subscription_data[trial_period_days]":    "14",
		},
	} {
		rec, server := record(t, openSession)
		if _, err := newTestGateway(t, server).CreateSession(t.Context(), anOrder(mode)); err != nil {
			t.Fatal(err)
		}
		form, err := url.ParseQuery(rec.requests()[0].body)
		if err != nil {
			t.Fatal(err)
		}
		want := url.Values{}
		for _, fields := range []map[string]string{common, more} {
			for name, value := range fields {
				want.Set(name, value)
			}
		}
		if diff := cmp.Diff(want, form); diff != "" {
			t.Errorf("%s: the parameters differ (-want +got):\n%s", mode, diff)
		}
	}
}

// The parameter is newer than the version of all else that is made.
func TestCreateSession_AdaptivePricing(t *testing.T) {
	t.Parallel()
	for option, want := range map[domain.Switch]struct{ sent, version string }{
		"":               {"", ""},
		domain.SwitchOn:  {"true", adaptiveVersion},
		domain.SwitchOff: {"false", adaptiveVersion},
	} {
		rec, server := record(t, openSession)
		order := anOrder(domain.ModePayment)
		order.Options.AdaptivePricing = option
		if _, err := newTestGateway(t, server).CreateSession(t.Context(), order); err != nil {
			t.Fatal(err)
		}
		form, err := url.ParseQuery(rec.requests()[0].body)
		if err != nil {
			t.Fatal(err)
		}
		version := rec.requests()[0].header.Get("Stripe-Version")
		if got := form.Get("adaptive_pricing[enabled]"); got != want.sent || want.version != "" && version != want.version {
			t.Errorf("%q: got %q in version %s, want %q in %s", option, got, version, want.sent, want.version)
		}
	}
}

// An address that is asked for is the customer's, as invoices show that one.
func TestCreateSession_BillingAddress(t *testing.T) {
	t.Parallel()
	for option, want := range map[domain.BillingAddress]struct{ sent, update string }{
		"":                            {"", ""},
		domain.BillingAddressAuto:     {"auto", ""},
		domain.BillingAddressRequired: {"required", "auto"},
	} {
		rec, server := record(t, openSession)
		order := anOrder(domain.ModePayment)
		order.Options = domain.CheckoutOptions{BillingAddress: option}
		if _, err := newTestGateway(t, server).CreateSession(t.Context(), order); err != nil {
			t.Fatal(err)
		}
		form, err := url.ParseQuery(rec.requests()[0].body)
		if err != nil {
			t.Fatal(err)
		}
		if sent, update := form.Get("billing_address_collection"), form.Get("customer_update[address]"); sent != want.sent || update != want.update {
			t.Errorf("%q: got %q and update %q, want %q and %q", option, sent, update, want.sent, want.update)
		}
	}
}

// What an order leaves out is left out, not sent empty: Stripe refuses that.
func TestCreateSession_Least(t *testing.T) {
	t.Parallel()
	rec, server := record(t, openSession)
	_, err := newTestGateway(t, server).CreateSession(t.Context(), ports.SessionRequest{
		User: "user_1", Customer: "cus_1", IdempotencyKey: "k", Options: domain.CheckoutOptions{AdjustableAmount: true, MaxQuantity: 1},
		Order: domain.Order{ID: "order1", Plan: "pro", Mode: domain.ModePayment, PriceID: "price_1", SuccessURL: "https://a.example"},
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = "client_reference_id=order1&customer=cus_1&line_items[0][price]=price_1&line_items[0][quantity]=1" +
		"&metadata[order_id]=order1&metadata[plan]=pro&metadata[price_id]=price_1&metadata[user_id]=user_1&mode=payment" +
		"&payment_intent_data[metadata][order_id]=order1&payment_intent_data[metadata][plan]=pro&payment_intent_data[metadata][price_id]=price_1&payment_intent_data[metadata][user_id]=user_1" +
		"&success_url=https%3A%2F%2Fa.example"
	if got := rec.requests()[0].body; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A metered price has no quantity: Stripe refuses one, and one that may be adjusted.
func TestCreateSession_Metered(t *testing.T) {
	t.Parallel()
	rec, server := record(t, openSession)
	r := anOrder(domain.ModeSubscription)
	r.Metered, r.Order.Quantity, r.Order.Locale = true, 1, "zh-Hans-CN"
	if _, err := newTestGateway(t, server).CreateSession(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	form, err := url.ParseQuery(rec.requests()[0].body)
	if err != nil {
		t.Fatal(err)
	}
	for name := range form {
		if strings.HasPrefix(name, "line_items") && name != "line_items[0][price]" {
			t.Errorf("sent %s=%s", name, form.Get(name))
		}
	}
	if got := form.Get("locale"); got != "zh" {
		t.Errorf("sent locale=%s, want zh", got)
	}
}

// Stripe refuses a second call with the same key and other parameters, so the
// same order and attempt must be asked for in the same bytes.
func TestCreateSession_SameBytes(t *testing.T) {
	t.Parallel()
	for _, mode := range domain.Modes {
		rec, server := record(t, openSession)
		for _, clock := range []time.Time{noon, noon.Add(time.Hour)} {
			g := newTestGateway(t, server, func(c *Config) { c.Clock = func() time.Time { return clock } })
			for range 10 {
				if _, err := g.CreateSession(t.Context(), anOrder(mode)); err != nil {
					t.Fatal(err)
				}
			}
		}
		first := rec.requests()[0]
		for i, r := range rec.requests() {
			if r.body != first.body || r.header.Get("Idempotency-Key") != "order1:1" {
				t.Fatalf("request %d differs:\n%s %s\n%s %s", i, r.header.Get("Idempotency-Key"), r.body, first.header.Get("Idempotency-Key"), first.body)
			}
		}
	}
}

func TestSend_Headers(t *testing.T) {
	t.Parallel()
	rec, server := record(t, `{"id":"cus_1","object":"customer"}`)
	id, err := newTestGateway(t, server).CreateCustomer(t.Context(), ports.CustomerRequest{User: "user_1", IdempotencyKey: "cust:user_1"})
	if err != nil || id != "cus_1" {
		t.Fatalf("got %q, %v", id, err)
	}
	got := rec.requests()[0]
	if got.line != "POST /v1/customers" || got.body != "metadata[user_id]=user_1" {
		t.Errorf("got %s with %s", got.line, got.body)
	}
	for name, want := range map[string]string{
		"Authorization":             "Bearer " + testKey,
		"Stripe-Version":            "2023-10-16",
		"Idempotency-Key":           "cust:user_1",
		"X-Stripe-Client-Telemetry": "",
	} {
		if have := got.header.Get(name); have != want {
			t.Errorf("%s: got %q, want %q", name, have, want)
		}
	}
}

// A replayed answer is the session as it once was: the gateway asks again.
func TestCreateSession_Replayed(t *testing.T) {
	t.Parallel()
	var gets int
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			gets++
			_, _ = io.WriteString(w, `{"id":"cs_test_1","object":"checkout.session","status":"complete"}`)
			return
		}
		w.Header().Set("Idempotent-Replayed", "true")
		_, _ = io.WriteString(w, openSession)
	})
	got, err := newTestGateway(t, server).CreateSession(t.Context(), anOrder(domain.ModePayment))
	if err != nil || got.Status != "complete" || got.URL != "" || gets != 1 {
		t.Errorf("got %+v, %v after %d questions, want the session as it is now", got, err, gets)
	}
}

func TestFetchSession_Facts(t *testing.T) {
	t.Parallel()
	asked := noon.Truncate(time.Second)
	session := domain.SessionFact{
		Type: domain.TypeFetched, At: asked, ID: "cs_test_1", Mode: "subscription", Status: "complete",
		PaymentStatus: "paid", Order: "order1", Customer: "cus_1", Subscription: "sub_1",
	}
	const start = `{"id":"cs_test_1","object":"checkout.session","mode":"subscription","status":"complete","payment_status":"paid",
		"client_reference_id":"order1","customer":"cus_1"`
	subscription := domain.SubscriptionFact{Type: domain.TypeFetched, At: asked, Snapshot: domain.Subscription{
		ID: "sub_1", Status: "active", Items: []domain.Item{{ID: "si_1", Price: "price_1", Quantity: 1}},
	}}
	for name, test := range map[string]struct {
		answer string
		want   []domain.Fact
	}{
		"with a subscription": {start + `,"subscription":{"id":"sub_1","object":"subscription","status":"active","items":{"data":[{"id":"si_1","price":"price_1"}]}}}`,
			[]domain.Fact{session, subscription}},
		"not expanded": {start + `,"subscription":"sub_1"}`, []domain.Fact{session}},
		"without one":  {start + `,"subscription":null}`, []domain.Fact{func() domain.SessionFact { s := session; s.Subscription = ""; return s }()}},
	} {
		rec, server := record(t, test.answer)
		got, err := newTestGateway(t, server).FetchSession(t.Context(), "cs_test_1")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: the facts differ (-want +got):\n%s", name, diff)
		}
		if line := rec.requests()[0].line; line != "GET /v1/checkout/sessions/cs_test_1?expand[0]=subscription" {
			t.Errorf("%s: asked %s", name, line)
		}
	}
}

// By our clock too, the time of a fetched fact is that of the question: what
// happens while the answer is under way may not be in it.
func TestFetchSession_TimeOfTheQuestion(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	now := noon
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		now = now.Add(time.Minute)
		mu.Unlock()
		_, _ = io.WriteString(w, openSession)
	})
	g := newTestGateway(t, server, func(c *Config) {
		c.Clock = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	})
	facts, err := g.FetchSession(t.Context(), "cs_test_1")
	if err != nil {
		t.Fatal(err)
	}
	if got := facts[0].(domain.SessionFact).At; !got.Equal(noon.Truncate(time.Second)) {
		t.Errorf("got %s, want %s", got, noon.Truncate(time.Second))
	}
}

// An id that is none never becomes part of a path.
func TestCalls_WeirdIDs(t *testing.T) {
	t.Parallel()
	rec, server := record(t, `{"object":"list","data":[]}`)
	g := newTestGateway(t, server)
	for _, id := range []domain.SessionID{
		"", "cs_", "cs", "sub_1", "cs_test_1/expire", "cs_..", "../customers", "cs_1?expand[]=x", "cs_1#", "cs_1 ", "cs_1\n", "cs_ü",
		domain.SessionID("cs_" + strings.Repeat("x", 253)),
	} {
		if _, err := g.FetchSession(t.Context(), id); !errors.Is(err, ports.ErrNotFound) {
			t.Errorf("fetch %q: got %v, want %v", id, err, ports.ErrNotFound)
		}
		if _, err := g.ExpireSession(t.Context(), id); !errors.Is(err, ports.ErrNotFound) {
			t.Errorf("expire %q: got %v, want %v", id, err, ports.ErrNotFound)
		}
	}
	if got, err := g.Prices(t.Context(), []domain.Price{{ID: "../x"}, {ID: "."}, {ID: "a b"}, {}}); err != nil || len(got) != 0 {
		t.Errorf("prices: got %v, %v, want none", got, err)
	}
	for name, change := range map[string]func(*ports.SessionRequest){
		"no customer":            func(r *ports.SessionRequest) { r.Customer = "" },
		"another's id":           func(r *ports.SessionRequest) { r.Customer = "acct_1" },
		"no order":               func(r *ports.SessionRequest) { r.Order.ID = "" },
		"no user":                func(r *ports.SessionRequest) { r.User = "" },
		"a user id of 501":       func(r *ports.SessionRequest) { r.User = domain.UserID(strings.Repeat("ü", 501)) },
		"no idempotency key":     func(r *ports.SessionRequest) { r.IdempotencyKey = "" },
		"a long idempotency key": func(r *ports.SessionRequest) { r.IdempotencyKey = strings.Repeat("k", 256) },
	} {
		r := anOrder(domain.ModePayment)
		change(&r)
		if _, err := g.CreateSession(t.Context(), r); !errors.Is(err, ports.ErrGatewayRefused) {
			t.Errorf("create a session with %s: got %v, want %v", name, err, ports.ErrGatewayRefused)
		}
	}
	if _, err := g.CreateCustomer(t.Context(), ports.CustomerRequest{User: "user_1"}); !errors.Is(err, ports.ErrGatewayRefused) {
		t.Errorf("create a customer without a key: got %v, want %v", err, ports.ErrGatewayRefused)
	}
	for _, r := range rec.requests() {
		t.Errorf("asked %s", r.line)
	}
}
