package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
	"github.com/entitled-dev/entitled/adapters/bunstore/sqlitetest"
	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// databases are those that the program runs on.
var databases = map[string]func(testing.TB) string{
	"Postgres": func(tb testing.TB) string { return pgtest.URL(tb) },
	"SQLite":   func(tb testing.TB) string { return sqlitetest.URL(tb) },
}

// shop is a built program, a Stripe in a box and a database.
type shop struct {
	*program
	box      *sandbox.Sandbox
	endpoint sandbox.WebhookEndpoint
}

func openShop(t *testing.T, database string, more ...string) shop {
	t.Helper()
	return openShopWith(t, buildProgram(t), database, more...)
}

func openShopWith(t *testing.T, binary, database string, more ...string) shop {
	t.Helper()
	box := openBox(t)
	p := startProgram(t, binary, database, append(more, "STRIPE_API_BASE="+box.URL())...)
	return shop{p, box, box.AddWebhookEndpoint("http://"+p.address+"/api/webhooks/stripe", testWebhookSecret)}
}

// openBox is a Stripe in a box that sells what [testCatalog] says.
func openBox(t *testing.T) *sandbox.Sandbox {
	t.Helper()
	box := sandbox.NewTest(t, sandbox.WithRetryPolicy(sandbox.RetryPolicy{Base: 20 * time.Millisecond, Max: time.Second, Attempts: 20}))
	stock(t, box)
	return box
}

// stock has a box sell what [testCatalog] says.
func stock(t *testing.T, box *sandbox.Sandbox) {
	t.Helper()
	for _, price := range []sandbox.PriceSpec{
		{ID: "price_basic", Product: "Basic", UnitAmount: 1900, Currency: "usd"},
		{LookupKey: "pro_monthly", Product: "Pro", UnitAmount: 2900, Currency: "usd", Interval: "month"},
	} {
		if _, err := box.AddPrice(price); err != nil {
			t.Fatal(err)
		}
	}
}

// call sends a request as the product's back end and decodes the answer.
func (p *program) call(t testing.TB, method, path, body string, want int, headers ...string) map[string]any {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+p.address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+testAPIKey)
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != want {
		t.Fatalf("%s %s: got %d, want %d\n%s\nlog:\n%s", method, path, response.StatusCode, want, text, p.log)
	}
	answer := map[string]any{}
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatalf("%s %s: %v in %s", method, path, err, text)
	}
	return answer
}

// holds are a user's rights, as feature=value.
func (p *program) holds(t testing.TB, user string) string {
	t.Helper()
	answer := p.call(t, "GET", "/api/entitlements?user_id="+user, "", 200)
	var held []string
	for _, e := range answer["entitlements"].([]any) {
		right := e.(map[string]any)
		held = append(held, fmt.Sprintf("%v=%v", right["feature"], right["value"]))
	}
	return strings.Join(held, " ")
}

func TestPurchase_WalksFromCheckoutToEntitlement(t *testing.T) {
	t.Parallel()
	for name, open := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openShopWith(t, buildProgram(t, raceFlags...), open(t))
			for plan, want := range map[string]string{"basic": "projects=10", "pro": "projects=100 sso=true"} {
				user := "user_" + plan
				started := s.call(t, "POST", "/api/checkout/"+plan, `{"user_id":"`+user+`"}`, 201)
				if started["action"] != "redirect" || !strings.HasPrefix(started["url"].(string), s.box.URL()) {
					t.Fatalf("checkout: %v", started)
				}
				if held := s.holds(t, user); held != "" {
					t.Errorf("held before paying: %s", held)
				}
				if err := s.box.Pay(started["session_id"].(string)); err != nil {
					t.Fatal(err)
				}
				order := s.call(t, "GET", "/api/orders/"+started["order_id"].(string)+"?wait=20s", "", 200)
				if order["status"] != "paid" {
					t.Errorf("order: %v", order)
				}
				if err := s.box.WaitIdle(t.Context()); err != nil {
					t.Fatal(err)
				}
				if held := s.holds(t, user); held != want {
					t.Errorf("plan %s: holds %q, want %q\n%s", plan, held, want, s.log)
				}
				if one := s.call(t, "GET", "/api/entitlements/projects?user_id="+user, "", 200); one["entitled"] != true {
					t.Errorf("one feature: %v", one)
				}
			}
			s.stop(t)
			for _, secret := range []string{testAPIKey, testStripeKey, testWebhookSecret, "v1="} {
				if strings.Contains(s.log.String(), secret) {
					t.Errorf("the log contains %q", secret)
				}
			}
		})
	}
}

func TestPurchase_TwentyAtOnceWithOneKeyOverTwoProcessesMakeOneSession(t *testing.T) {
	t.Parallel()
	database := pgtest.URL(t)
	raced := buildProgram(t, raceFlags...)
	one := openShopWith(t, raced, database)
	two := startProgram(t, raced, database, "STRIPE_API_BASE="+one.box.URL())
	answers := make(chan map[string]any, 20)
	for i := range 20 {
		p := []*program{one.program, two}[i%2]
		go func() {
			answers <- p.call(t, "POST", "/api/checkout/pro", `{"user_id":"u"}`, 201, "Idempotency-Key", "k")
		}()
	}
	distinct := map[string]bool{}
	for range 20 {
		distinct[fmt.Sprint(<-answers)] = true
	}
	if len(distinct) != 1 {
		t.Errorf("%d different answers: %v", len(distinct), distinct)
	}
	made := map[string]bool{}
	for _, r := range one.box.Requests() {
		if r.Method == "POST" && r.Path == "/v1/checkout/sessions" {
			made[r.IdempotencyKey] = true
		}
	}
	if len(made) != 1 {
		t.Errorf("sessions were asked for with %d keys: %v", len(made), made)
	}
}

// Stripe has made the session each time, and the answer breaks off, for longer than the
// program tries again by itself.
func TestPurchase_ASessionWhoseAnswerIsLostIsMadeOnce(t *testing.T) {
	t.Parallel()
	for name, open := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openShop(t, open(t))
			const create = "POST /v1/checkout/sessions"
			s.box.FailNext(create, slices.Repeat([]sandbox.Fault{{DropAfterApply: true}}, 6)...)
			body, key := `{"user_id":"u"}`, []string{"Idempotency-Key", "k"}
			s.call(t, "POST", "/api/checkout/pro", body, 503, key...)
			started := s.call(t, "POST", "/api/checkout/pro", body, 201, key...)
			asked, made := 0, 0
			for _, r := range s.box.Requests() {
				if r.Method+" "+r.Path == create {
					asked++
					if !r.Replayed {
						made++
					}
				}
			}
			if asked < 7 || made != 1 {
				t.Errorf("sessions were asked for %d times, and %d were made, want one", asked, made)
			}
			if err := s.box.Pay(started["session_id"].(string)); err != nil {
				t.Fatal(err)
			}
			s.then(t, "u", "the one that was made is paid", nil, "projects=100 sso=true")
		})
	}
}

func TestPurchase_SyncFindsWhatNoWebhookTold(t *testing.T) {
	t.Parallel()
	s := openShop(t, databases["SQLite"](t))
	started := s.call(t, "POST", "/api/checkout/pro", `{"user_id":"u"}`, 201)
	s.box.RemoveWebhookEndpoint(s.endpoint.ID)
	if err := s.box.Pay(started["session_id"].(string)); err != nil {
		t.Fatal(err)
	}
	if order := s.call(t, "POST", "/api/orders/"+started["order_id"].(string)+"/sync", "", 200); order["status"] != "paid" {
		t.Errorf("order: %v", order)
	}
	if held := s.holds(t, "u"); held != "projects=100 sso=true" {
		t.Errorf("holds %q", held)
	}
}
