package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// shop is a built program, a Stripe in a box and a database.
type shop struct {
	*program
	box      *sandbox.Sandbox
	endpoint sandbox.WebhookEndpoint
}

func openShop(t *testing.T, database string, more ...string) shop {
	t.Helper()
	return openShopWith(t, programtest.Build(t), database, more...)
}

func openShopWith(t *testing.T, binary, database string, more ...string) shop {
	t.Helper()
	box := openBox(t)
	p := startProgram(t, binary, database, append(more, "STRIPE_API_BASE="+box.URL())...)
	return shop{p, box, box.AddWebhookEndpoint("http://"+p.Address+"/api/webhooks/stripe", programtest.WebhookSecret)}
}

// openBox is a Stripe in a box that sells what [testCatalog] says.
func openBox(t testing.TB) *sandbox.Sandbox {
	t.Helper()
	box := sandbox.NewTest(t, sandbox.WithRetryPolicy(sandbox.RetryPolicy{Base: 20 * time.Millisecond, Max: time.Second, Attempts: 20}))
	programtest.Stock(t, box)
	return box
}

func TestPurchase_WalksFromCheckoutToEntitlement(t *testing.T) {
	t.Parallel()
	for name, open := range programtest.Databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openShopWith(t, programtest.Build(t, programtest.RaceFlags...), open(t))
			for plan, want := range map[string]string{"basic": "projects=10", "pro": "projects=100 sso=true"} {
				user := "user_" + plan
				started := s.Call(t, "POST", "/api/checkout/"+plan, `{"user_id":"`+user+`"}`, 201)
				if started["action"] != "redirect" || !strings.HasPrefix(started["url"].(string), s.box.URL()) {
					t.Fatalf("checkout: %v", started)
				}
				if held := s.Holds(t, user); held != "" {
					t.Errorf("held before paying: %s", held)
				}
				if err := s.box.Pay(started["session_id"].(string)); err != nil {
					t.Fatal(err)
				}
				order := s.Call(t, "GET", "/api/orders/"+started["order_id"].(string)+"?wait=20s", "", 200)
				if order["status"] != "paid" {
					t.Errorf("order: %v", order)
				}
				if err := s.box.WaitIdle(t.Context()); err != nil {
					t.Fatal(err)
				}
				if held := s.Holds(t, user); held != want {
					t.Errorf("plan %s: holds %q, want %q\n%s", plan, held, want, s.Log)
				}
				if one := s.Call(t, "GET", "/api/entitlements/projects?user_id="+user, "", 200); one["entitled"] != true {
					t.Errorf("one feature: %v", one)
				}
			}
			s.Stop(t)
			for _, secret := range []string{programtest.APIKey, programtest.StripeKey, programtest.WebhookSecret, "v1="} {
				if strings.Contains(s.Log.String(), secret) {
					t.Errorf("the log contains %q", secret)
				}
			}
		})
	}
}

func TestPurchase_TwentyAtOnceWithOneKeyOverTwoProcessesMakeOneSession(t *testing.T) {
	t.Parallel()
	database := pgtest.URL(t)
	raced := programtest.Build(t, programtest.RaceFlags...)
	one := openShopWith(t, raced, database)
	two := startProgram(t, raced, database, "STRIPE_API_BASE="+one.box.URL())
	answers := make(chan map[string]any, 20)
	for i := range 20 {
		p := []*program{one.program, two}[i%2]
		go func() {
			answers <- p.Call(t, "POST", "/api/checkout/pro", `{"user_id":"u"}`, 201, "Idempotency-Key", "k")
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
	for name, open := range programtest.Databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openShop(t, open(t))
			const create = "POST /v1/checkout/sessions"
			s.box.FailNext(create, slices.Repeat([]sandbox.Fault{{DropAfterApply: true}}, 6)...)
			body, key := `{"user_id":"u"}`, []string{"Idempotency-Key", "k"}
			s.Call(t, "POST", "/api/checkout/pro", body, 503, key...)
			started := s.Call(t, "POST", "/api/checkout/pro", body, 201, key...)
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

// What Stripe answers instead of making a session becomes an answer that says whose turn it is, and
// the same request makes one session in the end. All that happens while another user's checkout hangs.
func TestPurchase_WhatStripeAnswersInsteadIsToldAndSellsOnce(t *testing.T) {
	t.Parallel()
	const (
		sessions, customers = "POST /v1/checkout/sessions", "POST /v1/customers"
		declined            = `{"error":{"type":"card_error","code":"card_declined","decline_code":"generic_decline","message":"Your card was declined."}}`
		operator, again     = "an operator has to look at the log", "the same request may be made again"
	)
	s := openShop(t, programtest.Databases["SQLite"](t))
	begin := func(user string) string {
		said, status := s.ask("POST", "/api/checkout/pro", `{"user_id":"`+user+`"}`, user)
		var problem struct{ Code, Detail string }
		if err := json.Unmarshal([]byte(said), &problem); err != nil || problem.Code == "" {
			return strconv.Itoa(status)
		}
		return fmt.Sprintf("%d %s: %s", status, problem.Code, problem.Detail)
	}
	begin("first") // asks for the prices
	s.box.FailNext(sessions, sandbox.Fault{Delay: time.Hour})
	hung := make(chan string)
	go func() { hung <- begin("hangs") }()
	s.eventually(t, "Stripe is asked", func() bool {
		return slices.ContainsFunc(s.box.Requests(), func(r sandbox.Request) bool { return r.Status == 0 && r.Method+" "+r.Path == sessions })
	})
	busy, refused := "503 payment_provider_busy: "+again, "502 payment_provider_refused: "+operator
	for user, tt := range map[string]struct {
		call  string
		fault sandbox.Fault
		want  []string // the answers before the session, to one request
	}{
		"429":             {sessions, sandbox.Fault{Status: 429}, []string{busy}},
		"500":             {sessions, sandbox.Fault{Status: 500}, []string{busy}},
		"500_remembered":  {sessions, sandbox.Fault{Status: 500, Remember: true}, []string{busy, refused}},
		"402":             {sessions, sandbox.Fault{Status: 402, Body: declined}, []string{refused}},
		"402_remembered":  {sessions, sandbox.Fault{Status: 402, Body: declined, Remember: true}, []string{refused}},
		"402_at_customer": {customers, sandbox.Fault{Status: 402, Body: declined, Remember: true}, []string{refused}},
	} {
		s.box.FailNext(tt.call, tt.fault)
		for i, want := range tt.want {
			if got := begin(user); got != want {
				t.Errorf("%s: answer %d is %q, want %q", user, i+1, got, want)
			}
		}
		if got := begin(user); got != "201" {
			t.Errorf("%s: in the end answered %s", user, got)
		}
		for _, path := range []string{"/healthz", "/readyz", "/api/plans", "/api/entitlements?user_id=" + user, "/api/orders?user_id=" + user} {
			if said, status := s.ask("GET", path, "", ""); status != 200 {
				t.Errorf("%s meanwhile: %d %s", path, status, said)
			}
		}
	}
	if got := <-hung; got != busy {
		t.Errorf("hangs: answered %q, want %q", got, busy)
	}
	if got := begin("hangs"); got != "201" {
		t.Errorf("hangs: in the end answered %s", got)
	}
	made := map[string]int{}
	for _, r := range s.box.Requests() {
		if r.Method+" "+r.Path == sessions && r.Status == 200 {
			made[r.Form.Get("client_reference_id")]++
		}
	}
	for order, n := range made {
		if n != 1 {
			t.Errorf("%d sessions were made for order %s", n, order)
		}
	}
	if len(made) != 8 {
		t.Errorf("sessions were made for %d orders, want 8: %v", len(made), made)
	}
}

func TestPurchase_SyncFindsWhatNoWebhookTold(t *testing.T) {
	t.Parallel()
	s := openShop(t, programtest.Databases["SQLite"](t))
	started := s.Call(t, "POST", "/api/checkout/pro", `{"user_id":"u"}`, 201)
	s.box.RemoveWebhookEndpoint(s.endpoint.ID)
	if err := s.box.Pay(started["session_id"].(string)); err != nil {
		t.Fatal(err)
	}
	if order := s.Call(t, "POST", "/api/orders/"+started["order_id"].(string)+"/sync", "", 200); order["status"] != "paid" {
		t.Errorf("order: %v", order)
	}
	if held := s.Holds(t, "u"); held != "projects=100 sso=true" {
		t.Errorf("holds %q", held)
	}
}
