package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"go.uber.org/goleak"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/adapters/webhooks"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // what a test keeps is small, and there is room
	goleak.VerifyTestMain(m)
}

// service is the whole program over the in-memory adapters, behind a real socket.
type service struct {
	*testing.T
	*Server
	url     string
	client  *http.Client
	store   *store
	gateway *memory.Gateway
	auth    *keyring
	clock   *clock
	log     *logbook
}

// setup is what a test may change about a service before it starts.
type setup struct {
	config   Config
	defaults bool // the default limits; otherwise a generous one
	log      slog.Level
	auth     Authenticator
	server   func(*http.Server)
	sold     *domain.Catalog // the usual one if absent
	after    *service        // on whose store and Stripe it starts
}

func start(t *testing.T, set setup) *service {
	t.Helper()
	if set.config.CheckoutBurst == 0 && !set.defaults {
		set.config.CheckoutBurst = 1000
	}
	s := &service{T: t, clock: newClock(), log: &logbook{}, auth: &keyring{}}
	if set.after != nil {
		s.store, s.gateway, s.clock = set.after.store, set.after.gateway, set.after.clock
	} else {
		s.store = &store{Store: memory.NewStore()}
		s.gateway = memory.NewGateway(s.clock.Now, stripePrices...)
	}
	sold := catalog
	if set.sold != nil {
		sold = *set.sold
	}
	deps, closeApp := wire(s.store, s.gateway, sold, s.clock.Now)
	deps.Authenticator = s.auth
	if set.auth != nil {
		deps.Authenticator = set.auth
	}
	deps.Log = slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: set.log}))

	var err error
	if s.Server, err = New(deps, set.config); err != nil {
		t.Fatal(err)
	}
	if set.server != nil {
		set.server(s.http)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Start(l) }()
	transport := &http.Transport{}
	s.url = "http://" + l.Addr().String()
	s.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Errorf("shut down: %v", err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		closeApp()
	})
	return s
}

func wire(store ports.Store, gateway ports.Gateway, catalog domain.Catalog, clock ports.Clock) (Deps, func()) {
	urls, err := app.NewReturnURLs("https://shop.example/thanks?order={ORDER_ID}", "https://shop.example/pricing", nil)
	if err != nil {
		panic(err)
	}
	settings := app.Settings{URLs: urls}
	fulfill := app.NewFulfill(store, gateway, catalog, settings, clock, time.After, memory.NewMeter())
	check := app.NewCheckEntitlement(store, catalog, clock, time.After)
	prices := app.NewPrices(gateway, catalog, clock)
	show := app.NewShowOrder(store, clock, time.After)
	changes := app.NewReadChanges(store, catalog, time.After)
	fulfill.OnKept(func(users []domain.UserID) { show.Wake(users); check.Wake(users) })
	var made atomic.Int64
	newID := func() string { return fmt.Sprintf("%06d", made.Add(1)) }
	portal := app.NewOpenPortal(store, gateway, catalog, prices, fulfill, settings, newID)
	list := app.NewListPlans(catalog, prices)
	sender := webhooks.NewSender(webhooks.Config{AllowPrivate: true})
	deliver := app.NewDeliver(store, catalog, sender, WriteMessage, clock, time.After, memory.NewMeter())
	return Deps{
		Upgrade:          app.NewUpgrade(app.NewStartCheckout(store, gateway, catalog, prices, fulfill, settings, clock, newID), portal),
		OpenPortal:       portal,
		Change:           app.NewChangeSubscription(portal, fulfill, clock, newID),
		CheckEntitlement: check,
		ShowOrder:        show,
		SyncOrder:        app.NewSyncOrder(gateway, fulfill, show),
		SyncUser:         app.NewSyncUser(store, gateway, fulfill),
		Reconcile: app.NewReconcile(store, gateway, catalog, settings, fulfill, app.NewSyncUser(store, gateway, fulfill),
			clock, time.After, memory.NewMeter()),
		Verify:           app.NewVerify(store, gateway, catalog, settings, clock, time.After, memory.NewMeter()),
		ShowSubscription: app.NewShowSubscription(store, gateway, catalog, prices, nil, clock),
		ListOrders:       app.NewListOrders(store),
		ListInvoices:     app.NewListInvoices(store, gateway),
		ListPlans:        list,
		OfferPlans:       app.NewOfferPlans(list, store, catalog, clock),
		ReceiveWebhook:   app.NewReceiveWebhook(gateway, fulfill),
		Explain:          app.NewExplain(store, catalog, clock),
		ManualGrants:     app.NewManualGrants(store, catalog, clock, newID),
		Replay:           app.NewReplay(store, fulfill),
		AdminLog:         app.NewAdminLog(store, clock),
		ReadChanges:      changes,
		Endpoints:        app.NewEndpoints(store, catalog, sender, deliver, clock, newID),
		Ready:            store.Ready,
		Receipts:         store.Receipts,
		Metrics:          http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("events_total 1\n")) }),
		Clock:            clock,
	}, func() { fulfill.Close(); check.Close() }
}

var catalog = domain.Catalog{
	Features: map[domain.FeatureKey]domain.Feature{
		"sso":      {Key: "sso", Type: domain.FeatureFlag},
		"projects": {Key: "projects", Type: domain.FeatureLimit},
		"storage":  {Key: "storage", Type: domain.FeatureLimit},
		"support":  {Key: "support", Type: domain.FeatureChoice, Values: []string{"community", "mail", "gold"}},
	},
	Plans: map[domain.PlanKey]domain.Plan{
		"basic": {
			Key: "basic", Name: "Basic", Mode: domain.ModePayment,
			Prices:   []domain.Price{{Key: "once", ID: "price_basic"}},
			Grants:   map[domain.FeatureKey]domain.Value{"projects": domain.Limit(10)},
			Checkout: domain.CheckoutOptions{MaxQuantity: 1},
		},
		"pro": {
			Key: "pro", Name: "Pro", Description: "For teams", Mode: domain.ModeSubscription, Group: "main",
			Prices: []domain.Price{{Key: "monthly", LookupKey: "pro_monthly"}, {Key: "yearly", LookupKey: "pro_yearly"}},
			Grants: map[domain.FeatureKey]domain.Value{
				"sso": domain.Flag(), "projects": domain.Limit(100), "storage": domain.Limit(domain.Unlimited),
			},
			Leeway: domain.DefaultLeeway, Checkout: domain.CheckoutOptions{MaxQuantity: 5},
		},
		"unsold": {
			Key: "unsold", Name: "Unsold", Mode: domain.ModePayment,
			Prices: []domain.Price{{Key: "once", ID: "price_gone"}},
		},
	},
}

var stripePrices = []ports.StripePrice{
	{ID: "price_basic", Active: true, Amount: 900, Currency: "eur"},
	{ID: "price_monthly", LookupKey: "pro_monthly", Product: "prod_pro", Active: true, Amount: 1900, Currency: "eur", Interval: "month", IntervalCount: 1},
	{ID: "price_yearly", LookupKey: "pro_yearly", Product: "prod_pro", Active: true, Amount: 19000, Currency: "eur", Interval: "year", IntervalCount: 1},
}

// store fails on demand.
type store struct {
	*memory.Store
	failing atomic.Pointer[error]
	notice  atomic.Pointer[func(context.Context)] // told of every look at an order
	updated atomic.Pointer[func()]                // told of every update that was kept

	logFails atomic.Bool // nothing can be kept in the admin log
}

func (s *store) LogAdmin(ctx context.Context, action ports.AdminAction) error {
	if s.logFails.Load() {
		return ports.ErrUnavailable
	}
	return s.Store.LogAdmin(ctx, action)
}

func (s *store) fail(err error) { s.failing.Store(&err) }

func (s *store) failure() error {
	if err := s.failing.Load(); err != nil {
		return *err
	}
	return nil
}

func (s *store) Update(ctx context.Context, touch ports.Touch, fn func(ports.Found) (ports.Kept, error)) error {
	if err := s.failure(); err != nil {
		return err
	}
	err := s.Store.Update(ctx, touch, fn)
	if updated := s.updated.Load(); updated != nil && err == nil {
		(*updated)()
	}
	return err
}

func (s *store) Entitlements(ctx context.Context, users []domain.UserID) (map[domain.UserID]ports.Rights, error) {
	if err := s.failure(); err != nil {
		return nil, err
	}
	return s.Store.Entitlements(ctx, users)
}

func (s *store) State(ctx context.Context, user domain.UserID) (ports.State, error) {
	if err := s.failure(); err != nil {
		return ports.State{}, err
	}
	return s.Store.State(ctx, user)
}

func (s *store) Receipts(ctx context.Context, q ports.ReceiptQuery) ([]domain.ProcessedEvent, error) {
	if err := s.failure(); err != nil {
		return nil, err
	}
	return s.Store.Receipts(ctx, q)
}

func (s *store) Order(ctx context.Context, id domain.OrderID) (domain.Order, domain.UserID, error) {
	if notice := s.notice.Load(); notice != nil {
		(*notice)(ctx)
	}
	if err := s.failure(); err != nil {
		return domain.Order{}, "", err
	}
	return s.Store.Order(ctx, id)
}

func (s *store) Ready(ctx context.Context) error {
	if err := s.failure(); err != nil {
		return err
	}
	return s.Store.Ready(ctx)
}

// keyring takes a token of the form role:name for what it says.
type keyring struct{}

func (*keyring) Authenticate(r *http.Request) (ports.Caller, error) {
	token, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !found {
		return ports.Caller{}, ports.ErrNoCredentials
	}
	role, name, _ := strings.Cut(token, ":")
	switch ports.Role(role) {
	case ports.RoleUser:
		return ports.Caller{Role: ports.RoleUser, User: domain.UserID(name)}, nil
	case ports.RoleApp, ports.RoleAdmin:
		return ports.Caller{Role: ports.Role(role), Name: name}, nil
	}
	switch token {
	case "cross-origin":
		return ports.Caller{}, ports.ErrCrossOrigin
	case "no-keys":
		return ports.Caller{}, ports.ErrKeysUnavailable
	case "stranger":
		return ports.Caller{Role: "stranger", Name: "x"}, nil
	case "panic":
		panic("leaked whsec_panicked and sk_live_panicked, v1=0123abcd, buyer@example.com")
	default:
		return ports.Caller{}, ports.ErrBadCredentials
	}
}

type clock struct{ now atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.now.Store(time.Date(2026, 12, 1, 9, 30, 0, 0, time.UTC).UnixNano())
	return c
}

func (c *clock) Now() time.Time       { return time.Unix(0, c.now.Load()).UTC() }
func (c *clock) pass(d time.Duration) { c.now.Add(int64(d)) }

type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// reply is an answer with its body read.
type reply struct {
	*http.Response
	text string
	json map[string]any
}

func (r reply) code() string { code, _ := r.json["code"].(string); return code }

func (r reply) detail() string { detail, _ := r.json["detail"].(string); return detail }

// as are the headers of a caller.
func as(token string) map[string]string { return map[string]string{"Authorization": "Bearer " + token} }

// call sends a request and checks that its answer is one that the document
// describes.
func (s *service) call(method, path, body string, headers ...map[string]string) reply {
	s.Helper()
	r, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		for name, value := range h {
			r.Header.Set(name, value)
		}
	}
	return s.send(r)
}

func (s *service) send(r *http.Request) reply {
	s.Helper()
	response, err := s.client.Do(r)
	if err != nil {
		s.Fatalf("%s %s: %v", r.Method, r.URL.Path, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.Fatalf("%s %s: %v", r.Method, r.URL.Path, err)
	}
	got := reply{Response: response, text: string(text)}
	if strings.Contains(response.Header.Get("Content-Type"), "json") && len(text) > 0 {
		if err := json.Unmarshal(text, &got.json); err != nil {
			s.Fatalf("%s %s: %v in %s", r.Method, r.URL.Path, err, text)
		}
	}
	s.documented(r, got)
	return got
}

var documentRouter = sync.OnceValue(func() routers.Router {
	doc, err := parseDocument()
	if err != nil {
		panic(err)
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		panic(err)
	}
	return router
})

func (s *service) documented(r *http.Request, got reply) {
	s.Helper()
	bare := &http.Request{Method: r.Method, URL: r.URL, Header: r.Header}
	route, params, err := documentRouter().FindRoute(bare)
	if err != nil {
		return // no such route: the answer is 404 or 405
	}
	err = openapi3filter.ValidateResponse(s.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: bare, PathParams: params, Route: route},
		Status:                 got.StatusCode, Header: got.Header, Body: io.NopCloser(strings.NewReader(got.text)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	})
	if err != nil {
		s.Errorf("%s %s: the answer is not as documented: %v", r.Method, r.URL.Path, err)
	}
}

// want checks a status and, of a problem, the code.
func (s *service) want(got reply, status int, code string) {
	s.Helper()
	if got.StatusCode != status || got.code() != code {
		s.Errorf("%s %s: got %d %q, want %d %q: %s", got.Request.Method, got.Request.URL.Path,
			got.StatusCode, got.code(), status, code, got.text)
	}
	if status >= 400 && got.Header.Get("Content-Type") != "application/problem+json" {
		s.Errorf("%s %s: the problem has Content-Type %q", got.Request.Method, got.Request.URL.Path, got.Header.Get("Content-Type"))
	}
}

// wantNone checks that an operator is told what there is not.
func (s *service) wantNone(got reply, says string) {
	s.Helper()
	s.want(got, 404, "not_found")
	if !strings.Contains(got.detail(), says) {
		s.Errorf("%s %s: got %q, want %q", got.Request.Method, got.Request.URL.Path, got.detail(), says)
	}
}

// buy opens a checkout and returns the order's id.
func (s *service) buy(user, plan string) (order, session string) {
	s.Helper()
	got := s.call("POST", "/api/checkout/"+plan, "", as("user:"+user))
	s.want(got, 201, "")
	return got.json["order_id"].(string), got.json["session_id"].(string)
}

// pay pays a session and delivers what Stripe sends of it.
func (s *service) pay(session string) {
	s.Helper()
	for i, fact := range s.gateway.Pay(domain.SessionID(session)) {
		s.want(s.deliver(domain.Event{
			ID: domain.EventID(fmt.Sprintf("evt_%s_%d", session, i)), Type: "checkout.session.completed",
			Created: s.clock.Now(), Fact: fact,
		}), 200, "")
	}
}

func (s *service) deliver(e domain.Event) reply {
	s.Helper()
	payload, signature := s.gateway.Message(e)
	return s.call("POST", "/api/webhooks/stripe", string(payload), map[string]string{"Stripe-Signature": signature})
}

// eventually waits for what the server does after it has answered.
func (s *service) eventually(what string, is func() bool) {
	s.Helper()
	for deadline := time.Now().Add(10 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			s.Fatalf("%s: not as they should be after 10 s", what)
		}
	}
}

func mustRead(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
