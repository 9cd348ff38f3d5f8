package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"
	"github.com/stripe/stripe-go/v76/webhook"
	"go.uber.org/goleak"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // what a test keeps is small, and there is room
	goleak.VerifyTestMain(m)
}

const secret = "whsec_test"

// fast retries keep failing deliveries within a test's patience.
var fast = sandbox.WithRetryPolicy(sandbox.RetryPolicy{Base: 2 * time.Millisecond, Max: 10 * time.Millisecond, Attempts: 5})

// shop is a sandbox, the real client for it, and an endpoint for its webhooks.
type shop struct {
	*sandbox.Sandbox
	t        *testing.T
	api      *client.API
	http     *http.Client // does not follow redirects
	endpoint *endpoint
	once     string // price ids
	monthly  string
	yearly   string
}

func newShop(t *testing.T, opts ...sandbox.Option) *shop {
	t.Helper()
	e := newEndpoint(t, secret)
	opts = append([]sandbox.Option{fast, sandbox.WithWebhookEndpoint(e.URL, secret)}, opts...)
	s := &shop{Sandbox: sandbox.NewTest(t, opts...), t: t, endpoint: e}
	s.http = &http.Client{Transport: connections, Timeout: 20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	s.api = apiClient(s.URL(), "sk_test_123", 0)
	s.once = s.mustPrice(sandbox.PriceSpec{Product: "Basic", UnitAmount: 4900, LookupKey: "basic_once"})
	s.monthly = s.mustPrice(sandbox.PriceSpec{Product: "Pro", UnitAmount: 2000, Interval: "month", LookupKey: "pro_monthly"})
	s.yearly = s.mustPrice(sandbox.PriceSpec{Product: "Pro", UnitAmount: 20000, Interval: "year", LookupKey: "pro_yearly"})
	return s
}

// connections are shared by all clients. They end with the servers that they lead to.
var connections = &http.Transport{MaxIdleConnsPerHost: 4}

func apiClient(url, key string, retries int64) *client.API {
	backend := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
		URL: &url, MaxNetworkRetries: &retries, LeveledLogger: &stripe.LeveledLogger{}, EnableTelemetry: stripe.Bool(false),
		HTTPClient: &http.Client{Transport: connections, Timeout: 20 * time.Second},
	})
	return client.New(key, &stripe.Backends{API: backend, Connect: backend, Uploads: backend})
}

func (s *shop) mustPrice(spec sandbox.PriceSpec) string {
	s.t.Helper()
	p, err := s.AddPrice(spec)
	if err != nil {
		s.t.Fatal(err)
	}
	return p.ID
}

func (s *shop) customer() *stripe.Customer {
	s.t.Helper()
	cu, err := s.api.Customers.New(&stripe.CustomerParams{Email: stripe.String("ada@example.com"), Name: stripe.String("Ada")})
	if err != nil {
		s.t.Fatal(err)
	}
	return cu
}

// params are the least that a session needs.
func params(mode, price string) *stripe.CheckoutSessionParams {
	return &stripe.CheckoutSessionParams{
		Mode:       stripe.String(mode),
		SuccessURL: stripe.String("http://app.example/done?session={CHECKOUT_SESSION_ID}"),
		CancelURL:  stripe.String("http://app.example/pricing"),
		LineItems:  []*stripe.CheckoutSessionLineItemParams{{Price: &price, Quantity: stripe.Int64(1)}},
	}
}

func (s *shop) open(p *stripe.CheckoutSessionParams) *stripe.CheckoutSession {
	s.t.Helper()
	cs, err := s.api.CheckoutSessions.New(p)
	if err != nil {
		s.t.Fatal(err)
	}
	return cs
}

// session fetches a session with all that paying made.
func (s *shop) session(id string) *stripe.CheckoutSession {
	s.t.Helper()
	p := &stripe.CheckoutSessionParams{}
	p.AddExpand("subscription.latest_invoice.payment_intent")
	p.AddExpand("payment_intent.latest_charge")
	p.AddExpand("invoice.payment_intent")
	p.AddExpand("line_items")
	p.AddExpand("customer")
	cs, err := s.api.CheckoutSessions.Get(id, p)
	if err != nil {
		s.t.Fatal(err)
	}
	return cs
}

func (s *shop) paid(p *stripe.CheckoutSessionParams) *stripe.CheckoutSession {
	s.t.Helper()
	cs := s.open(p)
	if err := s.Pay(cs.ID); err != nil {
		s.t.Fatal(err)
	}
	return s.session(cs.ID)
}

// debited pays with a bank debit and lets it settle.
func (s *shop) debited(p *stripe.CheckoutSessionParams) *stripe.CheckoutSession {
	s.t.Helper()
	cs := s.open(p)
	s.ok(s.PayDelayed(cs.ID, true))
	s.ok(s.SettleDelayed(cs.ID))
	return s.session(cs.ID)
}

func (s *shop) ok(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// must is the value of a call that has to succeed.
func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (s *shop) chargeNow(id string) *stripe.Charge {
	s.t.Helper()
	return must[*stripe.Charge](s.t)(s.api.Charges.Get(id, nil))
}

// after are the types of all events that do makes, in the order of their making.
func (s *shop) after(do func()) string {
	n := len(sandbox.EventTypes(s.Sandbox))
	do()
	return strings.Join(sandbox.EventTypes(s.Sandbox)[n:], " ")
}

func (s *shop) idle() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.WaitDelivered(ctx); err != nil {
		s.t.Fatal(err)
	}
}

// types are the types of the events about one object, in the order of their making.
func (s *shop) types(objectID string) []string {
	var out []string
	for _, e := range s.Events() {
		if e.ObjectID == objectID {
			out = append(out, e.Type)
		}
	}
	return out
}

func (s *shop) event(kind string) stripe.Event {
	s.t.Helper()
	for _, e := range s.Events() {
		if e.Type == kind {
			var ev stripe.Event
			if err := json.Unmarshal(e.Body, &ev); err != nil {
				s.t.Fatal(err)
			}
			return ev
		}
	}
	s.t.Fatalf("no %s among the events", kind)
	return stripe.Event{}
}

// endpoint takes webhooks and checks their signatures.
type endpoint struct {
	*httptest.Server
	t       *testing.T
	mu      sync.Mutex
	answers []int    // statuses of the next answers; 200 when used up
	bodies  [][]byte // of what it has accepted
	headers []string
}

func newEndpoint(t *testing.T, secret string) *endpoint {
	t.Helper()
	e := &endpoint{t: t}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the sandbox was closed meanwhile
		}
		if err := webhook.ValidatePayload(body, r.Header.Get("Stripe-Signature"), secret); err != nil {
			t.Errorf("webhook: %v", err)
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		e.take(w, r, body)
	}))
	t.Cleanup(e.Close)
	return e
}

func (e *endpoint) take(w http.ResponseWriter, r *http.Request, body []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.headers = append(e.headers, r.Header.Get("Stripe-Signature"))
	if len(e.answers) > 0 {
		status := e.answers[0]
		e.answers = e.answers[1:]
		if status != http.StatusOK {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
			return
		}
	}
	e.bodies = append(e.bodies, body)
}

// accepted are the events that it has accepted, in the order of their coming. They are read
// here, since most tests do not look at them.
func (e *endpoint) accepted() []stripe.Event {
	e.t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make([]stripe.Event, len(e.bodies))
	for i, body := range e.bodies {
		if err := json.Unmarshal(body, &out[i]); err != nil {
			e.t.Fatalf("webhook: %v", err)
		}
	}
	return out
}

func (e *endpoint) answerNext(statuses ...int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.answers = append(e.answers, statuses...)
}

// types are the types of the accepted events, sorted: there is no order.
func (e *endpoint) types() []string {
	e.t.Helper()
	var out []string
	for _, ev := range e.accepted() {
		out = append(out, string(ev.Type))
	}
	slices.Sort(out)
	return out
}

// refusal is the error as stripe-go shows it.
func refusal(t *testing.T, err error) *stripe.Error {
	t.Helper()
	var e *stripe.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want an error of Stripe's", err)
	}
	return e
}

// clock is a time that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newServer(t *testing.T, h http.Handler) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}
