package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
	"github.com/entitled-dev/entitled/ports"
)

// movedClock is the clock of a machine that is wrong. It is put forward and back at once,
// and has no second clock beside it, as time.Now has, that durations are right by.
type movedClock struct{ off atomic.Int64 }

func (c *movedClock) now() time.Time {
	return time.Now().UTC().Round(0).Add(time.Duration(c.off.Load()))
}

func (c *movedClock) move(off time.Duration) { c.off.Store(int64(off)) }

// aheadBy is the clock of another machine.
func (c *movedClock) aheadBy(d time.Duration) ports.Clock {
	return func() time.Time { return c.now().Add(d) }
}

// startAt runs the program within this process, as a built one has the machine's clock, and
// waits until it is ready. It ends with the test, or before by end.
func startAt(t *testing.T, clock ports.Clock, database string, change map[string]string, also ...fx.Option) (p *program, end func()) {
	t.Helper()
	p = &program{&programtest.Program{Address: programtest.FreeAddress(t), Log: &programtest.LogBuffer{}}}
	host, port, _ := net.SplitHostPort(p.Address)
	vars := map[string]string{"HOST": host, "PORT": port, "DRAIN_TIME": "0", "DATABASE_URL": database}
	for name, value := range change {
		vars[name] = value
	}
	cfg, err := readConfig(environment(t, vars), os.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	parts, err := cfg.parts(console{io.Discard, p.Log})
	if err != nil {
		t.Fatal(err)
	}
	parts.stripe.Clock, parts.authn.Clock = clock, clock
	also = append(also, fx.Decorate(func(ports.Clock) ports.Clock { return clock }))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- runService(ctx, parts, also...) }()
	end = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the program did not end well: %v\n%s", err, p.Log)
		}
	})
	t.Cleanup(end)
	p.eventually(t, "the program is ready", func() bool {
		response, err := http.Get("http://" + p.Address + "/readyz")
		if err == nil {
			response.Body.Close()
		}
		return err == nil && response.StatusCode == http.StatusOK
	})
	return p, end
}

func TestClocks_AnHourOffIsSaidAndNothingIsLost(t *testing.T) {
	t.Parallel()
	for name, off := range map[string]time.Duration{"ahead": time.Hour, "behind": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := pgtest.URL(t)
			seedUsers(t, database, "old", 2).bought(t, database, 2) // the first one's was given back
			box, clock := openBox(t), &movedClock{}
			p, _ := startAt(t, clock.now, database, map[string]string{"STRIPE_API_BASE": box.URL()})
			s := shop{p, box, box.AddWebhookEndpoint("http://"+p.Address+"/api/webhooks/stripe", programtest.WebhookSecret)}
			s.buys(t, "before", "pro")

			clock.move(off)
			if held := s.Holds(t, "user_old_2"); held != "projects=10" {
				t.Errorf("whose right is months old holds %q", held)
			}
			// What began by a clock that was right has not begun by one that is behind.
			if held := s.Holds(t, "before"); off > 0 && held != "projects=100 sso=true" {
				t.Errorf("who bought before holds %q", held)
			}
			started := s.Call(t, "POST", "/api/checkout/basic", `{"user_id":"during"}`, 201)
			if err := box.Pay(started["session_id"].(string)); err != nil {
				t.Fatal(err)
			}
			s.eventually(t, "the log names the clock", func() bool { return strings.Contains(s.Log.String(), "check this machine's clock") })
			for _, e := range box.Events() {
				if e.Type == "checkout.session.completed" && strings.Contains(string(e.Body), started["order_id"].(string)) {
					s.isRefusedForTheClock(t, e.Body)
				}
			}
			if told := queryInt(t, database, "SELECT count(*) FROM processed_events WHERE type = 'checkout.session.completed'"); told != 1 {
				t.Errorf("%d checkouts have a receipt, want the one of before", told)
			}
			if held := s.Holds(t, "during"); held != "" {
				t.Errorf("by an event that was refused a user holds %q", held)
			}

			clock.move(0)
			s.then(t, "during", "the clock is right, and Stripe sends it again", nil, "projects=10")
			s.then(t, "before", "the clock is right", nil, "projects=100 sso=true")
			if off := queryInt(t, database, `SELECT count(*) FROM entitlements WHERE user_id IN ('before', 'during')
				AND since NOT BETWEEN now() - interval '2 minutes' AND now()`); off != 0 {
				t.Errorf("%d rights begin by a clock that was wrong", off)
			}
		})
	}
}

// isRefusedForTheClock delivers an event and looks at what Stripe's dashboard would show.
func (p *program) isRefusedForTheClock(t *testing.T, body []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+p.Address+"/api/webhooks/stripe", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Stripe-Signature", programtest.StripeSignature(body, programtest.WebhookSecret))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != 400 || !strings.Contains(string(said), "a clock is wrong") {
		t.Errorf("answered %d, %v: %s", response.StatusCode, err, said)
	}
}

// The same events are told to services whose clocks differ, each on a copy of one database.
func TestClocks_WhatIsGivenDoesNotDependOnOurs(t *testing.T) {
	t.Parallel()
	database, box := pgtest.URL(t), openBox(t)
	env := map[string]string{"STRIPE_API_BASE": box.URL()}
	p, end := startAt(t, now, database, env)
	sessions := map[string]string{}
	for user, plan := range map[string]string{"ana": "basic", "ben": "basic", "eve": "pro", "bob": "pro"} {
		sessions[user] = p.Call(t, "POST", "/api/checkout/"+plan, `{"user_id":"`+user+`"}`, 201)["session_id"].(string)
	}
	end()
	subscription := ""
	for user, session := range sessions {
		if err := box.Pay(session); err != nil {
			t.Fatal(err)
		}
		switch user {
		case "ana":
			if _, err := box.Refund(session, 0); err != nil {
				t.Fatal(err)
			}
		case "bob":
			for _, e := range box.Events() {
				if e.Type == "customer.subscription.created" {
					subscription = e.ObjectID
				}
			}
			for _, pays := range []bool{true, false} {
				if err := box.RenewSubscription(subscription, pays); err != nil {
					t.Fatal(err)
				}
			}
		}
	}

	const kept = `SELECT string_agg(line, E'\n' ORDER BY line) FROM (
		SELECT concat_ws(' ', user_id, feature, source_kind, plan, value_limit, since, until) AS line FROM entitlements
		UNION ALL SELECT concat_ws(' ', user_id, status, paid_at) FROM orders) AS lines`
	var want string
	for _, off := range []time.Duration{0, 4 * time.Minute, -4 * time.Minute} {
		clock := &movedClock{}
		clock.move(off)
		copied := pgtest.Copy(t, database)
		p, end := startAt(t, clock.now, copied, env)
		for _, e := range box.Events() {
			if status := p.Deliver(e.Body); status != 200 {
				t.Errorf("off by %s: %s was answered %d", off, e.Type, status)
			}
		}
		for user, holds := range map[string]string{"ana": "", "ben": "projects=10", "eve": "projects=100 sso=true", "bob": "projects=100 sso=true"} {
			if held := p.Holds(t, user); held != holds {
				t.Errorf("off by %s: %s holds %q, want %q", off, user, held, holds)
			}
		}
		got := queryText(t, copied, kept)
		if off == 0 {
			want = got
		}
		if diff := cmp.Diff(want, got); diff != "" || got == "" {
			t.Errorf("off by %s other things are kept (- by a clock that is right, + by this one):\n%s", off, diff)
		}
		end()
	}
}

func queryText(t *testing.T, database, query string) (text string) {
	t.Helper()
	if err := sqlOf(t, database).QueryRowContext(t.Context(), query).Scan(&text); err != nil {
		t.Fatal(err)
	}
	return text
}

func TestClocks_TwoServicesTenSecondsApartAgree(t *testing.T) {
	t.Parallel()
	const apart = 10 * time.Second
	database, box, clock := pgtest.URL(t), openBox(t), &movedClock{}
	env := map[string]string{"STRIPE_API_BASE": box.URL()}
	right, _ := startAt(t, clock.now, database, env)
	ahead, _ := startAt(t, clock.aheadBy(apart), database, env)
	s := shop{right, box, box.AddWebhookEndpoint("http://"+right.Address+"/api/webhooks/stripe", programtest.WebhookSecret)}
	box.AddWebhookEndpoint("http://"+ahead.Address+"/api/webhooks/stripe", programtest.WebhookSecret)
	both := func(user, what, want string) {
		t.Helper()
		s.then(t, user, what, nil, want)
		shop{ahead, box, s.endpoint}.then(t, user, what+", says the one ahead", nil, want)
	}
	const pro = "projects=100 sso=true"

	order, _ := s.buys(t, "ana", "pro")
	both("ana", "bought", pro)
	if granted := queryInt(t, database, "SELECT count(*) FROM entitlement_changes WHERE kind = 'granted'"); granted != 2 {
		t.Errorf("%d rights were given, want 2 once each", granted)
	}
	// What the one ahead asks of Stripe must not pass for newer than what comes after it.
	subscription := s.subscriptionOf(t, "ana")
	for _, then := range []struct {
		what string
		do   func(string) error
		want string
	}{{"paused", box.PauseSubscription, ""}, {"resumed", box.ResumeSubscription, pro}, {"renewed in vain", func(id string) error { return box.RenewSubscription(id, false) }, pro}} {
		ahead.Call(t, "POST", "/api/orders/"+order+"/sync", "", 200)
		if err := then.do(subscription); err != nil {
			t.Fatal(err)
		}
		both("ana", then.what, then.want)
	}

	// A right that ends does so by each one's clock.
	until := time.Now().UTC().Add(time.Hour).Truncate(time.Second)
	grant := fmt.Sprintf(`{"feature":"projects","value":5,"until":%q,"reason":"a test"}`, until.Format(time.RFC3339))
	s.Call(t, "POST", "/api/admin/users/bob/grants", grant, 201)
	for _, at := range []struct {
		left         time.Duration
		right, ahead string
	}{
		{apart + 3*time.Second, "projects=5", "projects=5"}, {apart - 3*time.Second, "projects=5", ""}, {-time.Second, "", ""},
	} {
		clock.move(time.Until(until) - at.left)
		if held := right.Holds(t, "bob"); held != at.right {
			t.Errorf("%s before its end the one that is right gives %q, want %q", at.left, held, at.right)
		}
		if held := ahead.Holds(t, "bob"); held != at.ahead {
			t.Errorf("%s before its end the one ahead gives %q, want %q", at.left, held, at.ahead)
		}
	}
	// And begins so: what the one ahead gives is there once the other's clock has come so far.
	clock.move(0)
	ahead.Call(t, "POST", "/api/admin/users/eve/grants", `{"feature":"projects","value":7,"reason":"a test"}`, 201)
	if held := ahead.Holds(t, "eve"); held != "projects=7" {
		t.Errorf("the one that gave it gives %q", held)
	}
	clock.move(apart)
	if held := right.Holds(t, "eve"); held != "projects=7" {
		t.Errorf("%s later the other one gives %q", apart, held)
	}
}

// forgetfulStripe knows no payment, and counts how often it is asked for one.
type forgetfulStripe struct{ asked atomic.Int64 }

func (s *forgetfulStripe) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, "/v1/payment_intents/") {
		_, _ = io.WriteString(w, `{"object":"list","has_more":false,"data":[]}`)
		return
	}
	s.asked.Add(1)
	w.WriteHeader(http.StatusNotFound)
	_, _ = io.WriteString(w, `{"error":{"type":"invalid_request_error","code":"resource_missing","message":"No such payment_intent"}}`)
}

// A question is taken up by one of two services, and by the other once its time has come
// again: that their clocks differ makes it neither twice nor never.
func TestClocks_TwoServicesTenSecondsApartAskOnce(t *testing.T) {
	t.Parallel()
	const questions = 8
	stripe, clock := &forgetfulStripe{}, &movedClock{}
	server := httptest.NewServer(stripe)
	t.Cleanup(server.Close)
	database := pgtest.URL(t)
	env := map[string]string{"STRIPE_API_BASE": server.URL}
	often := fx.Decorate(func(ports.Timer) ports.Timer {
		return func(d time.Duration) <-chan time.Time { return time.After(min(d, 50*time.Millisecond)) }
	})
	right, _ := startAt(t, clock.now, database, env, often)
	startAt(t, clock.aheadBy(10*time.Second), database, env, often)
	for n := range int64(questions) {
		if status := right.Deliver(refundOfUnknown(n + 1)); status != 200 {
			t.Errorf("answered %d", status)
		}
	}
	for round, passed := range []time.Duration{0, 45 * time.Second, 4 * time.Minute, 20 * time.Minute} {
		clock.move(passed)
		want := int64(questions * (round + 1))
		right.eventually(t, "every question is asked again", func() bool { return stripe.asked.Load() >= want })
		time.Sleep(500 * time.Millisecond) // in which both look ten times
		if asked := stripe.asked.Load(); asked != want {
			t.Errorf("%s later %d questions were put, want %d", passed, asked, want)
		}
	}
}

// Of two services that start with another catalog one derives, whose clock ever is ahead.
func TestClocks_TwoServicesTenSecondsApartDeriveOnce(t *testing.T) {
	t.Parallel()
	for name, off := range map[string]time.Duration{"ahead": 10 * time.Second, "behind": -10 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const users = 2000
			database, box, clock := pgtest.URL(t), openBox(t), &movedClock{}
			first, end := startAt(t, clock.now, database, map[string]string{"STRIPE_API_BASE": box.URL()})
			s := shop{first, box, box.AddWebhookEndpoint("http://"+first.Address+"/api/webhooks/stripe", programtest.WebhookSecret)}
			s.buys(t, "u", "basic")
			db := sqlOf(t, database)
			s.eventually(t, "the first start has derived", func() bool { return derivationOf(t, db).Done })
			multiplies(t, db, "u", users)
			end()

			richer := filepath.Join(t.TempDir(), "catalog.yaml")
			if err := os.WriteFile(richer, []byte(strings.Replace(programtest.Catalog, "{projects: 10}", "{projects: 11}", 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			env := map[string]string{"STRIPE_API_BASE": box.URL(), "CATALOG": richer}
			services := make([]*program, 2)
			for i, clock := range []ports.Clock{clock.now, clock.aheadBy(off)} {
				services[i], _ = startAt(t, clock, database, env)
			}
			services[0].eventually(t, "the first pass is over", func() bool { return derivationOf(t, db).Pass == 2 })
			looked := 0.0
			for _, p := range services {
				looked += p.gauge(t, "entitled_deriving_users_looked_at")
				for _, user := range []string{"u", "many_100000", fmt.Sprint("many_", 100000+users-1)} {
					if held := p.Holds(t, user); held != "projects=11" {
						t.Errorf("%s holds %q", user, held)
					}
				}
			}
			if looked != users+1 {
				t.Errorf("%v users were looked at by both together, want %d", looked, users+1)
			}
		})
	}
}
