package control_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"go.uber.org/goleak"

	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/adapters/sandbox/control"
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // what a test keeps is small, and there is room
	goleak.VerifyTestMain(m)
}

// process is a server, and a client that holds what it sends and gets against the
// document.
type process struct {
	*control.Server
	t      *testing.T
	client *http.Client
	router routers.Router
}

func start(t *testing.T) *process {
	t.Helper()
	s, err := control.Start(control.Config{
		Addr: "127.0.0.1:0",
		New: func(url string) *sandbox.Sandbox {
			return sandbox.New(sandbox.WithBaseURL(url), sandbox.WithRetryPolicy(sandbox.RetryPolicy{Base: time.Millisecond, Attempts: 3}))
		},
		Furnish: func(box *sandbox.Sandbox) error {
			_, err := box.AddPrice(sandbox.PriceSpec{ID: "price_pro", LookupKey: "pro", Product: "Pro", UnitAmount: 2000, Interval: "month"})
			if errors.Is(err, sandbox.ErrTaken) {
				return nil
			}
			return err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	p := &process{Server: s, t: t, client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	_, text := p.send("GET", "/_sandbox/openapi.yaml", "", "")
	doc, err := openapi3.NewLoader().LoadFromData([]byte(text))
	if err == nil {
		err = doc.Validate(context.Background())
	}
	if err == nil {
		p.router, err = gorillamux.NewRouter(doc)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *process) send(method, path, kind, text string) (int, string) {
	p.t.Helper()
	r, err := http.NewRequest(method, p.URL()+path, strings.NewReader(text))
	if err != nil {
		p.t.Fatal(err)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	r.Header.Set("Authorization", "Bearer sk_test_1")
	resp, err := p.client.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if p.router != nil && strings.HasPrefix(path, "/_sandbox/") {
		p.documented(r, text, resp, answer)
	}
	return resp.StatusCode, string(answer)
}

func (p *process) documented(r *http.Request, text string, resp *http.Response, answer []byte) {
	p.t.Helper()
	bare := r.Clone(p.t.Context())
	bare.URL = &url.URL{Path: r.URL.Path}
	bare.Body = io.NopCloser(strings.NewReader(text))
	rt, params, err := p.router.FindRoute(bare)
	if err != nil {
		p.t.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
		return
	}
	in := &openapi3filter.RequestValidationInput{Request: bare, PathParams: params, Route: rt,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}}
	if err := openapi3filter.ValidateRequest(p.t.Context(), in); (err == nil) != (resp.StatusCode != http.StatusBadRequest) && err != nil {
		p.t.Errorf("%s %s %s: it is not as documented, and answered with %d: %v", r.Method, r.URL.Path, text, resp.StatusCode, err)
	}
	err = openapi3filter.ValidateResponse(p.t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: resp.StatusCode, Header: resp.Header, Body: io.NopCloser(bytes.NewReader(answer)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	})
	if err != nil {
		p.t.Errorf("%s %s: the answer is not as documented: %v", r.Method, r.URL.Path, err)
	}
}

// do is an operation of the control API that has to succeed; text is its body.
func (p *process) do(call, text string) map[string]any {
	p.t.Helper()
	return p.ends(http.StatusOK, call, text)
}

func (p *process) ends(status int, call, text string) map[string]any {
	p.t.Helper()
	method, path, _ := strings.Cut(call, " ")
	kind := ""
	if text != "" {
		kind = "application/json"
	}
	got, answer := p.send(method, "/_sandbox/"+path, kind, text)
	if got != status {
		p.t.Fatalf("%s: got %d %s, want %d", call, got, answer, status)
	}
	return parsed(p.t, answer)
}

// stripe is a call of Stripe's that has to succeed.
func (p *process) stripe(call string, pairs ...string) map[string]any {
	p.t.Helper()
	method, path, _ := strings.Cut(call, " ")
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	status, answer := p.send(method, "/v1/"+path, "application/x-www-form-urlencoded", form.Encode())
	if status != http.StatusOK {
		p.t.Fatalf("%s: %d %s", call, status, answer)
	}
	return parsed(p.t, answer)
}

func parsed(t *testing.T, text string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

func text(v map[string]any, name string) string { s, _ := v[name].(string); return s }

// open is the id of a session that waits for its buyer.
func (p *process) open(mode, price string, more ...string) string {
	p.t.Helper()
	return text(p.stripe("POST checkout/sessions", append([]string{"mode", mode, "success_url", "http://app.example/", "line_items[0][price]", price,
		"line_items[0][quantity]", "1"}, more...)...), "id")
}

// subscribed is the id of a subscription.
func (p *process) subscribed() string {
	p.t.Helper()
	id := p.open("subscription", "price_pro")
	p.do("POST checkout/sessions/"+id+"/pay", "")
	return text(p.stripe("GET checkout/sessions/"+id), "subscription")
}

// bought is the id of a session that is paid, of a price that is paid once.
func (p *process) bought(how string) string {
	p.t.Helper()
	id := p.open("payment", text(p.do("POST prices", `{"product": "Once", "unit_amount": 500}`), "id"))
	p.do("POST checkout/sessions/"+id+"/pay", how)
	return id
}

func (p *process) is(path, field, want string) {
	p.t.Helper()
	if got := text(p.stripe("GET "+path), field); got != want {
		p.t.Errorf("%s: %s is %q, want %q", path, field, got, want)
	}
}

func TestControl_RoutesAndDocumentAreTheSame(t *testing.T) {
	t.Parallel()
	p := start(t)
	_, document := p.send("GET", "/_sandbox/openapi.yaml", "", "")
	doc, err := openapi3.NewLoader().LoadFromData([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	described := []string{}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			described = append(described, method+" "+path)
		}
	}
	served := append(control.Patterns(), "GET /_sandbox/openapi.yaml")
	slices.Sort(described)
	slices.Sort(served)
	if !slices.Equal(described, served) {
		t.Errorf("described:\n%s\nserved:\n%s", strings.Join(described, "\n"), strings.Join(served, "\n"))
	}
}

func TestControl_ABuyerPaysOrIsDeclined(t *testing.T) {
	t.Parallel()
	p := start(t)
	id := p.open("subscription", "price_pro", "allow_promotion_codes", "true")
	p.do("POST checkout/sessions/"+id+"/promotion_code", `{"percent": 50}`)
	p.do("POST checkout/sessions/"+id+"/decline", "")
	p.ends(402, "POST checkout/sessions/"+id+"/pay", `{"card": "declined"}`)
	p.is("checkout/sessions/"+id, "status", "open")
	p.do("POST checkout/sessions/"+id+"/pay", `{"card": "4242 4242 4242 4242"}`)
	p.is("checkout/sessions/"+id, "payment_status", "paid")
	p.ends(409, "POST checkout/sessions/"+id+"/pay", "")
	p.ends(400, "POST checkout/sessions/cs_none/pay", "")
	p.ends(400, "POST checkout/sessions/"+id+"/pay", `{"card": "good", "delayed": "fails"}`)
	p.ends(400, "POST checkout/sessions/"+id+"/pay", `{"cart": "good"}`)
	p.ends(400, "POST checkout/sessions/"+id+"/pay", `{"card": "golden"}`)

	asks := p.open("subscription", "price_pro")
	p.ends(402, "POST checkout/sessions/"+asks+"/pay", `{"card": "authenticates_once"}`)
	p.do("POST authentications/"+asks, `{"succeeds": false}`)
	p.is("checkout/sessions/"+asks, "status", "open")
	p.ends(402, "POST checkout/sessions/"+asks+"/pay", `{"card": "authenticates_once"}`)
	p.do("POST authentications/"+asks, "")
	p.is("checkout/sessions/"+asks, "payment_status", "paid")
	p.ends(400, "POST authentications/"+asks, "")

	once := p.bought(`{"delayed": "succeeds"}`)
	p.is("checkout/sessions/"+once, "payment_status", "unpaid")
	p.do("POST checkout/sessions/"+once+"/settle", "")
	p.is("checkout/sessions/"+once, "payment_status", "paid")
	left := p.open("subscription", "price_pro")
	p.do("POST checkout/sessions/"+left+"/expire", "")
	p.is("checkout/sessions/"+left, "status", "expired")
}

func TestControl_SubscriptionsLiveOn(t *testing.T) {
	t.Parallel()
	p := start(t)
	id := p.subscribed()
	at := "POST subscriptions/" + id
	p.do(at+"/renew", "")
	p.ends(400, at+"/card", `{"card": "fail_later"}`) // which would be no card at all
	p.do(at+"/card", `{"card": "fails_later"}`)
	p.do(at+"/renew", "")
	p.is("subscriptions/"+id, "status", "past_due")
	p.do("POST invoices/"+id+"/retry", `{"pays": false}`)
	p.do("POST invoices/"+id+"/pay", "")
	p.is("subscriptions/"+id, "status", "active")
	p.ends(400, at+"/card", "")
	p.do(at+"/card", `{"card": ""}`)
	p.do(at+"/card", `{"card": "good"}`)
	p.do(at+"/renew", `{"pays": false}`)
	p.do("POST invoices/"+id+"/exhaust_retries", `{"status": "unpaid"}`)
	p.is("subscriptions/"+id, "status", "unpaid")
	p.do("POST invoices/"+id+"/void", "")
	p.do(at+"/status", `{"status": "active"}`)
	p.do(at+"/pause", "")
	p.do(at+"/resume", "")
	p.ends(400, at+"/expire_update", "")
	p.do(at+"/cancel", "")
	p.is("subscriptions/"+id, "status", "canceled")

	customer := text(p.stripe("POST customers", "name", "Ada"), "id")
	p.do("POST customers/"+customer+"/card", `{"card": "good"}`)
	seats := text(p.do("POST prices", `{"product": "Seats", "interval": "month", "tiers_mode": "volume", "tiers": [{"up_to": 5, "unit_amount": 90}, {"unit_amount": 70, "flat_amount": 10}],
		"currency_options": {"eur": {"tiers": [{"unit_amount": 60}]}}}`), "id")
	p.is("prices/"+seats, "billing_scheme", "tiered")
	metered := text(p.do("POST prices", `{"product": "Calls", "unit_amount": 3, "interval": "month", "metered": true}`), "id")
	made := text(p.do("POST subscriptions", `{"customer": "`+customer+`", "items": [{"price": "`+metered+`"}, {"price": "price_pro", "quantity": 2}]}`), "id")
	p.do("POST subscriptions/"+made+"/usage", `{"price": "`+metered+`", "quantity": 7}`)
	p.do("POST subscriptions/"+made+"/renew", "")
	if due := p.stripe("GET invoices/" + text(p.stripe("GET subscriptions/"+made), "latest_invoice"))["amount_due"]; due != 4021. {
		t.Errorf("got %v due, want two seats and seven calls", due)
	}
	sent := text(p.do("POST subscriptions", `{"customer": "`+customer+`", "items": [{"price": "price_pro"}], "days_until_due": 7}`), "id")
	p.do("POST invoices/"+sent+"/pass_due_date", "")
	p.is("subscriptions/"+sent, "status", "past_due")
	p.do("POST invoices/"+sent+"/mark_uncollectible", "")
}

func TestControl_MoneyGoesBack(t *testing.T) {
	t.Parallel()
	p := start(t)
	settled := func() string {
		id := p.bought(`{"delayed": "succeeds"}`)
		p.do("POST checkout/sessions/"+id+"/settle", "")
		return id
	}
	refund := func(of, how string) string { return text(p.do("POST payments/"+of+"/refund", how), "id") }
	id := refund(p.bought(""), `{"amount": 100}`)
	p.is("refunds/"+id, "status", "succeeded")
	p.do("POST refunds/"+id+"/fail", "")
	p.is("refunds/"+id, "status", "failed")
	for how, want := range map[string]string{"settle": "succeeded", "cancel": "canceled", "require_action": "requires_action"} {
		id := refund(settled(), "")
		p.do("POST refunds/"+id+"/"+how, "")
		p.is("refunds/"+id, "status", want)
	}
	dispute := func(how string) string { return text(p.do("POST payments/"+p.bought("")+"/dispute", how), "id") }
	for how, want := range map[string]string{"win": "won", "lose": "lost"} {
		id := dispute(`{"reason": "product_not_received", "amount": 200}`)
		p.do("POST disputes/"+id+"/"+how, "")
		p.is("disputes/"+id, "status", want)
	}
	asked := dispute(`{"inquiry": true}`)
	p.do("POST disputes/"+asked+"/escalate", "")
	p.is("disputes/"+asked, "status", "needs_response")
	closed := dispute(`{"inquiry": true}`)
	p.do("POST disputes/"+closed+"/close_inquiry", "")
	p.is("disputes/"+closed, "status", "warning_closed")
	note := text(p.do("POST invoices/"+p.subscribed()+"/credit", `{"amount": 300, "balance": 300}`), "id")
	p.is("credit_notes/"+note, "status", "issued")
}

func TestControl_TheClockMovesForward(t *testing.T) {
	t.Parallel()
	p := start(t)
	before := p.do("GET clock", "")["unix"].(float64)
	id := p.open("subscription", "price_pro")
	after := p.do("POST clock/advance", `{"days": 1, "seconds": 60}`)["unix"].(float64)
	if moved := after - before; moved < 86460 || moved > 86520 {
		t.Errorf("it moved by %v s", moved)
	}
	p.is("checkout/sessions/"+id, "status", "expired")
	sub := p.subscribed()
	p.do("POST clock/advance", `{"days": 32}`)
	if invoices := p.stripe("GET invoices?subscription=" + sub)["data"].([]any); len(invoices) != 2 {
		t.Errorf("after a month there are %d invoices", len(invoices))
	}
	p.do("POST subscriptions/"+sub+"/cancel", "") // or it is billed for decades
	p.do("POST clock/advance", `{"to": "2099-01-01T00:00:00Z"}`)
	for _, back := range []string{"", `{"days": -1}`, `{"days": 213504}`, `{"seconds": 18446744075}`, `{"to": "2020-01-01T00:00:00Z"}`, `{"to": "2100-01-01T00:00:00Z", "days": 1}`} {
		p.ends(400, "POST clock/advance", back)
	}
}

func TestControl_EventsAreSentWaitedForAndSentAgain(t *testing.T) {
	t.Parallel()
	p := start(t)
	var mu sync.Mutex
	var headers []string
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		headers = append(headers, r.Header.Get("Stripe-Signature"))
	}))
	defer hook.Close()
	made := p.do("POST webhook_endpoints", `{"url": "`+hook.URL+`", "secret": "whsec_mine", "enabled_events": ["customer.*"], "api_version": "2026-08-26.dahlia"}`)
	if text(made, "secret") != "whsec_mine" {
		t.Errorf("got %v", made)
	}
	p.ends(400, "POST webhook_endpoints", `{"url": "nowhere"}`)
	p.ends(400, "POST webhook_endpoints", `{"url": "ftp://localhost/hook"}`)
	p.ends(400, "POST webhook_endpoints", `{"url": "`+hook.URL+`", "enabled_events": ["customer.ceated"]}`)
	p.ends(400, "POST webhook_endpoints", `{"url": "`+hook.URL+`", "enabled_events": ["customers.*"]}`)
	p.ends(400, "POST webhook_endpoints", `{"url": "`+hook.URL+`", "api_version": "2000-01-01"}`)
	p.do("POST webhook_endpoints/"+text(made, "id")+"/secrets", `{"secrets": ["whsec_new", "whsec_mine"]}`)
	p.ends(400, "POST webhook_endpoints/we_none/secrets", `{"secrets": ["whsec_new"]}`)
	p.stripe("POST customers", "name", "Ada")
	p.do("POST wait", `{"accepted": true}`)
	events := p.do("GET events", "")["data"].([]any)
	if len(events) != 1 || text(events[0].(map[string]any), "type") != "customer.created" {
		t.Fatalf("got %v", events)
	}
	p.do("POST events/"+text(events[0].(map[string]any), "id")+"/resend", "")
	p.ends(400, "POST events/evt_none/resend", "")
	p.do("POST wait", "")
	deliveries := p.do("GET deliveries", "")["data"].([]any)
	if len(deliveries) != 2 || text(deliveries[1].(map[string]any), "state") != "succeeded" {
		t.Errorf("got %v", deliveries)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(headers) != 2 || strings.Count(headers[0], "v1=") != 2 {
		t.Errorf("got signatures %v, want two of each", headers)
	}
}

// Ensure that many events are all told, in pieces that together are as documented, and that who
// has read some can ask for the rest.
func TestControl_ManyEventsAreToldInPieces(t *testing.T) {
	t.Parallel()
	p := start(t)
	if none := p.do("GET events", "")["data"].([]any); len(none) != 0 {
		t.Errorf("at the start: %v", none)
	}
	const made = control.EventsAtOnce + 3
	product := text(p.stripe("GET prices/price_pro"), "product")
	for n := range made {
		if err := p.Sandbox().SetProductActive(product, n%2 == 1); err != nil {
			t.Fatal(err)
		}
	}
	all := p.do("GET events", "")["data"].([]any)
	rest := p.do(fmt.Sprintf("GET events?from=%d", made-2), "")["data"].([]any)
	if len(all) != made || len(rest) != 2 || text(rest[1].(map[string]any), "id") != text(all[made-1].(map[string]any), "id") {
		t.Errorf("got %d events, and %d of the last two", len(all), len(rest))
	}
	p.ends(400, "GET events?from=-1", "")
}

func TestControl_WaitSaysThatItWasTooShort(t *testing.T) {
	t.Parallel()
	p := start(t)
	release := make(chan struct{})
	hook := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer hook.Close()
	defer close(release)
	p.do("POST webhook_endpoints", `{"url": "`+hook.URL+`"}`)
	p.stripe("POST customers", "name", "Ada")
	p.ends(504, "POST wait", `{"seconds": 1}`)
	p.ends(400, "POST wait", `{"seconds": 5000}`)
}

func TestControl_FaultsAndRequests(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.do("POST faults", `{"request": "POST /v1/customers", "faults": [{"status": 503}, {}, {"status": 500, "remember": true, "body": "oh", "delay_ms": 1}]}`)
	for _, want := range []int{503, 200, 500} {
		if got, answer := p.send("POST", "/v1/customers", "application/x-www-form-urlencoded", "name=Ada"); got != want {
			t.Errorf("got %d %s, want %d", got, answer, want)
		}
	}
	requests := p.do("GET requests", "")["data"].([]any)
	if len(requests) != 3 || requests[0].(map[string]any)["status"] != 503. || text(requests[2].(map[string]any), "path") != "/v1/customers" {
		t.Errorf("got %v", requests)
	}
	for _, wrong := range []string{`{"request": "/v1/customers", "faults": []}`, `{"request": "POST /v1/[", "faults": [{}]}`,
		`{"request": "POST /v1/customers", "faults": [{"status": 7}]}`, `{"request": "POST /v1/customers", "faults": [{"status": 100}]}`,
		`{"request": "POST /v1/customers", "faults": [{"delay_ms": 9223372036854775807}]}`, `{"request": "POST /v1/customers", "faults": []}`,
		`{"request": "POST v1/customers", "faults": [{}]}`, `{"request": "GRAB /v1/customers", "faults": [{}]}`,
		`{"request": "POST /v1/customers", "faults": [{}]} {}`} {
		p.ends(400, "POST faults", wrong)
	}
}

// Ensure that each kind of chaos can be turned on, seen and turned off again while a test runs.
func TestControl_ChaosIsTurnedOnAndOff(t *testing.T) {
	t.Parallel()
	p := start(t)
	all := `{"seed": 7, "duplicates": 1, "twins": 0.5, "delays": 1, "delay_up_to_ms": 2500, "losses": 0.25, "failures": 1, "lost_answers": 1, "hangs": 1, "hang_for_ms": 1, "page_limit": 1}`
	if got, want := p.do("POST chaos", all), parsed(t, all); !maps.Equal(got, want) || !maps.Equal(p.do("GET chaos", ""), want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, _ := p.send("POST", "/v1/customers", "application/x-www-form-urlencoded", "name=Ada"); got != 429 && got != 500 {
		t.Errorf("got %d, want every request to fail", got)
	}
	for _, wrong := range []string{
		`{"duplicates": 1.5}`, `{"losses": -0.1}`, `{"page_limit": -1}`, `{"hang_for_ms": 9223372036854775807}`, `{"sunshine": 1}`,
	} {
		p.ends(400, "POST chaos", wrong)
	}
	if p.do("GET chaos", "")["seed"] != 7. {
		t.Error("what was refused changed something")
	}
	p.do("POST chaos", "")
	p.stripe("POST customers", "name", "Ada")
}

func TestControl_ResetBeginsAnew(t *testing.T) {
	t.Parallel()
	p := start(t)
	id := p.open("subscription", "price_pro")
	p.do("POST clock/advance", `{"days": 100}`)
	p.do("POST reset", "")
	if got, _ := p.send("GET", "/v1/checkout/sessions/"+id, "", ""); got != http.StatusNotFound {
		t.Errorf("the session is still there: %d", got)
	}
	p.is("prices/price_pro", "lookup_key", "pro")
	if ahead := p.do("GET clock", "")["unix"].(float64) - float64(time.Now().Unix()); ahead > 60 {
		t.Errorf("the clock is %v s ahead", ahead)
	}
	url := text(p.stripe("GET checkout/sessions/"+p.open("subscription", "price_pro")), "url")
	if !strings.HasPrefix(url, p.URL()+"/c/pay/") {
		t.Errorf("the page is at %s", url)
	}
}

// Ensure that a state can be taken from one process to another, and that a refused one changes
// nothing.
func TestControl_ASnapshotIsRestored(t *testing.T) {
	t.Parallel()
	one, other := start(t), start(t)
	sub := one.subscribed()
	one.do("POST clock/advance", `{"days": 100}`)
	status, snapshot := one.send("GET", "/_sandbox/snapshot", "", "")
	if status != http.StatusOK {
		t.Fatalf("got %d: %s", status, snapshot)
	}
	other.do("POST restore", snapshot)
	other.is("subscriptions/"+sub, "status", "active")
	if got, want := other.do("GET clock", "")["unix"].(float64), one.do("GET clock", "")["unix"].(float64); want-got > 60 {
		t.Errorf("the clock shows %v, and where the snapshot is from %v", got, want)
	}
	other.do("POST subscriptions/"+sub+"/cancel", "")
	other.ends(http.StatusBadRequest, "POST restore", strings.Replace(snapshot, `\"active\"`, `\"paused\"`, 1))
	other.is("subscriptions/"+sub, "status", "canceled")
	one.is("subscriptions/"+sub, "status", "active")
}

func TestControl_IsForThisMachine(t *testing.T) {
	t.Parallel()
	p := start(t)
	try := func(path string, change func(*http.Request)) int {
		t.Helper()
		r, err := http.NewRequest(http.MethodPost, p.URL()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		change(r)
		resp, err := p.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	if got := try("/_sandbox/reset", func(r *http.Request) { r.Host = "evil.example" }); got != http.StatusMisdirectedRequest {
		t.Errorf("another Host: got %d", got)
	}
	if got := try("/_sandbox/reset", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }); got != http.StatusForbidden {
		t.Errorf("another site's page: got %d", got)
	}
	if got := try("/_sandbox/nothing", func(*http.Request) {}); got != http.StatusNotFound {
		t.Errorf("no operation: got %d", got)
	}
	if _, err := control.Start(control.Config{Addr: "0.0.0.0:0"}); err == nil {
		t.Error("it listens on every address")
	}
}
