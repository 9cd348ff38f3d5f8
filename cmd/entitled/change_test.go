package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// openTeams is a shop with two plans of one group.
func openTeams(t *testing.T, binary, database string, more ...string) shop {
	t.Helper()
	box := openBox(t)
	programtest.StockTeams(t, box)
	p := startTeams(t, binary, database, append([]string{"STRIPE_API_BASE=" + box.URL()}, more...)...)
	return shop{p, box, box.AddWebhookEndpoint("http://"+p.Address+"/api/webhooks/stripe", programtest.WebhookSecret)}
}

func startTeams(t *testing.T, binary, database string, more ...string) *program {
	t.Helper()
	catalog := filepath.Join(t.TempDir(), "teams.yaml")
	if err := os.WriteFile(catalog, []byte(programtest.TeamCatalog), 0o600); err != nil {
		t.Fatal(err)
	}
	return startProgram(t, binary, database, append(more, "CATALOG="+catalog)...)
}

func TestChange_EveryWayByThePortalAndDirectly(t *testing.T) {
	t.Parallel()
	const pro, team = "projects=100 sso=true", "projects=1000 sso=true"
	for name, open := range programtest.Databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openTeams(t, programtest.Build(t), open(t))
			call := func(path, body string) map[string]any { return s.Call(t, "POST", path, body, 200) }

			s.buys(t, "ana", "pro")
			step := call("/api/checkout/team", `{"user_id":"ana","quantity":2}`)
			if step["purpose"] != "change" {
				t.Fatalf("got %v", step)
			}
			s.then(t, "ana", "the change is confirmed", s.box.Portal(step["url"].(string)).Confirm(), team)
			if step := call("/api/checkout/team", `{"user_id":"ana"}`); step["action"] != "none" || step["url"] == nil {
				t.Errorf("who has it: got %v", step)
			}
			for _, change := range []struct{ what, plan, wish, gives, price string }{
				{"another quantity", "team", `{"user_id":"ana","quantity":3}`, team, "team monthly 3"},
				{"a downgrade", "pro", `{"user_id":"ana"}`, pro, "pro monthly 1"},
				{"a year of another plan", "team", `{"user_id":"ana","price":"yearly"}`, team, "team yearly 1"},
				{"the month again", "team", `{"user_id":"ana","price":"monthly"}`, team, "team monthly 1"},
			} {
				step := call("/api/checkout/"+change.plan, change.wish)
				if step["purpose"] != "change" {
					t.Fatalf("%s: got %v", change.what, step)
				}
				s.then(t, "ana", change.what, s.box.Portal(step["url"].(string)).Confirm(), change.gives)
				is := s.Call(t, "GET", "/api/subscription?user_id=ana", "", 200)["subscription"].(map[string]any)
				if got := fmt.Sprint(is["plan"], " ", is["price"], " ", is["quantity"]); got != change.price {
					t.Errorf("%s: has %s, want %s", change.what, got, change.price)
				}
			}
			portal := call("/api/portal", `{"user_id":"ana","flow":"subscription_cancel"}`)
			s.then(t, "ana", "it is canceled there", s.box.Portal(portal["url"].(string)).Confirm(), team)
			step = call("/api/checkout/team", `{"user_id":"ana"}`)
			if step["purpose"] != "resume" {
				t.Errorf("who is leaving: got %v", step)
			}
			s.then(t, "ana", "it is resumed there", s.box.Portal(step["url"].(string)).Resume(s.subscriptionOf(t, "ana")), team)
			call("/api/subscription/change", `{"user_id":"ana","plan":"pro","when":"now"}`) // which leaves credit
			preview := s.Call(t, "GET", "/api/subscription/preview?user_id=ana&plan=team&price=monthly", "", 200)
			var lines float64
			for _, line := range preview["lines"].([]any) {
				if line := line.(map[string]any); line["due"] == "now" {
					lines += line["amount"].(float64)
				}
			}
			if credit, told := preview["from_balance"].(float64); !told || credit <= 0 || preview["due_now"].(float64)+credit != lines {
				t.Errorf("the preview beside credit: %v", preview)
			}

			s.buys(t, "bob", "pro")
			subscription := s.subscriptionOf(t, "bob")
			changed := call("/api/subscription/change", `{"user_id":"bob","plan":"team","price":"monthly","quantity":3}`)
			if changed["when"] != "now" || changed["action"] != "none" {
				t.Errorf("an upgrade: got %v", changed)
			}
			if held := s.Holds(t, "bob"); held != team { // before any event
				t.Errorf("an upgrade: holds %q, want %q", held, team)
			}
			less := call("/api/subscription/change", `{"user_id":"bob","plan":"pro"}`)
			if less["when"] != "period_end" {
				t.Errorf("a downgrade: got %v", less)
			}
			s.then(t, "bob", "a downgrade is planned", nil, team)
			s.then(t, "bob", "the next period begins", s.box.RenewSubscription(subscription, true), pro)
			call("/api/subscription/change", `{"user_id":"bob","plan":"team","price":"monthly"}`)
			call("/api/subscription/change", `{"user_id":"bob","plan":"team","price":"monthly","quantity":2}`)
			s.then(t, "bob", "another quantity", nil, team)
			call("/api/subscription/change", `{"user_id":"bob","plan":"team","price":"yearly","quantity":2}`)
			s.then(t, "bob", "a year instead of a month", nil, team)
			is := s.Call(t, "GET", "/api/subscription?user_id=bob", "", 200)["subscription"].(map[string]any)
			if got := fmt.Sprint(is["plan"], " ", is["price"], " ", is["quantity"]); got != "team yearly 2" {
				t.Errorf("has %s, want team yearly 2", got)
			}
			if end := call("/api/subscription/cancel", `{"user_id":"bob"}`); end["ends_at"] == nil {
				t.Errorf("canceled: got %v", end)
			}
			if end := call("/api/subscription/resume", `{"user_id":"bob"}`); end["ends_at"] != nil {
				t.Errorf("resumed: got %v", end)
			}
			call("/api/subscription/cancel", `{"user_id":"bob","when":"now"}`)
			if held := s.Holds(t, "bob"); held != "" {
				t.Errorf("ended: holds %q", held)
			}
			s.Call(t, "POST", "/api/checkout/team", `{"user_id":"bob"}`, 201)

			s.buys(t, "cat", "team")
			subscription = s.subscriptionOf(t, "cat")
			if paused := call("/api/subscription/pause", `{"user_id":"cat"}`); paused["paused"] != true {
				t.Errorf("paused: got %v", paused)
			}
			s.then(t, "cat", "it is paid for still", nil, team)
			s.Call(t, "POST", "/api/subscription/change", `{"user_id":"cat","plan":"pro"}`, 409)
			// The clock stands still, so that what was paid for is still had.
			s.then(t, "cat", "the next period is not billed", s.box.RenewSubscription(subscription, true), team)
			shown := s.Call(t, "GET", "/api/subscription?user_id=cat", "", 200)["subscription"].(map[string]any)
			pause := shown["pause"].(map[string]any)
			if shown["status"] != "paused" || shown["renews_at"] != nil || pause["behavior"] != "void" || pause["resumable"] != true || pause["resumes_at"] != nil {
				t.Errorf("shown as %v", shown)
			}
			call("/api/subscription/resume", `{"user_id":"cat"}`)
			if held := s.Holds(t, "cat"); held != team {
				t.Errorf("resumed: holds %q", held)
			}
		})
	}
}

// What is not paid gives nothing and takes nothing, and is had once it is paid.
func TestChange_IsHadOnceItIsPaid(t *testing.T) {
	t.Parallel()
	s := openTeams(t, programtest.Build(t), programtest.Databases["SQLite"](t))
	s.buys(t, "ana", "pro")
	subscription := s.subscriptionOf(t, "ana")
	if err := s.box.SetCard(subscription, "4000000000000341"); err != nil {
		t.Fatal(err)
	}
	changed := s.Call(t, "POST", "/api/subscription/change", `{"user_id":"ana","plan":"team"}`, 200, "Idempotency-Key", "k")
	if changed["action"] != "redirect" || !strings.HasPrefix(changed["url"].(string), s.box.URL()) || changed["effective_at"] != nil {
		t.Fatalf("got %v", changed)
	}
	s.then(t, "ana", "the card is declined", nil, "projects=100 sso=true")
	again := s.Call(t, "POST", "/api/subscription/change", `{"user_id":"ana","plan":"team"}`, 200, "Idempotency-Key", "k")
	if again["url"] != changed["url"] {
		t.Errorf("asked again: got %v, want the same page", again)
	}
	s.then(t, "ana", "it is paid after all", s.box.PayInvoice(subscription), "projects=1000 sso=true")
}

// A subscription that has ended at Stripe a moment ago costs no sale, and one that owes
// leads to where it is paid.
func TestChange_StripeIsAskedHowItStands(t *testing.T) {
	t.Parallel()
	s := openTeams(t, programtest.Build(t), programtest.Databases["SQLite"](t))
	s.buys(t, "ana", "pro")
	subscription := s.subscriptionOf(t, "ana")
	s.box.RemoveWebhookEndpoint(s.endpoint.ID)
	if err := s.box.RenewSubscription(subscription, false); err != nil {
		t.Fatal(err)
	}
	if err := s.box.ExhaustRetries(subscription, "unpaid"); err != nil {
		t.Fatal(err)
	}
	step := s.Call(t, "POST", "/api/checkout/team", `{"user_id":"ana"}`, 200)
	if step["purpose"] != "pay" || !strings.Contains(step["url"].(string), "/i/in_") {
		t.Errorf("unpaid: got %v, want the invoice's page", step)
	}
	if err := s.box.CancelSubscription(subscription); err != nil {
		t.Fatal(err)
	}
	if step := s.Call(t, "POST", "/api/checkout/team", `{"user_id":"ana"}`, 201); step["purpose"] != "checkout" {
		t.Errorf("ended: got %v, want a checkout", step)
	}
}

// Whatever is asked for at the same time, by two processes, of two plans of one group: at
// most one page can be paid, and there is one subscription once all that could be paid was.
func TestChange_FortyCheckoutsAtOnceSellOneSubscription(t *testing.T) {
	database := pgtest.URL(t)
	raced := programtest.Build(t, programtest.RaceFlags...)
	s := openTeams(t, raced, database)
	two := startTeams(t, raced, database, "STRIPE_API_BASE="+s.box.URL())
	const user = "ana"
	for round := range 3 {
		answers := make([]string, 40)
		var wait sync.WaitGroup
		for i := range answers {
			p, plan := []*program{s.program, two}[i%2], []string{"pro", "team"}[i/2%2]
			wait.Go(func() {
				answers[i] = p.status(t, "/api/checkout/"+plan, fmt.Sprintf(`{"user_id":"%s%d"}`, user, round))
			})
		}
		wait.Wait()
		for _, a := range answers {
			if !slices.Contains([]string{"201", "200", "409 checkout_over", "409 checkout_completed", "409 conflict", "429 rate_limited", "503 payment_provider_busy"}, a) {
				t.Errorf("an answer is %s", a)
			}
		}
		open := openSessions(t, s.box)
		if len(open) > 1 {
			t.Errorf("%d sessions are open: %v", len(open), open)
		}
		for _, session := range open {
			if err := s.box.Pay(session); err != nil {
				t.Error(err)
			}
		}
		s.idle(t)
		if live := len(s.box.Subscriptions()); live > round+1 {
			t.Errorf("round %d: there are %d subscriptions", round, live)
		}
	}
}

// status sends a request and says how it was answered.
func (p *program) status(t *testing.T, path, body string) string {
	request, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+p.Address+path, strings.NewReader(body))
	if err != nil {
		return err.Error()
	}
	request.Header.Set("Authorization", "Bearer "+programtest.APIKey)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	var problem struct {
		Code string `json:"code"`
	}
	_ = json.NewDecoder(response.Body).Decode(&problem)
	return strings.TrimSpace(fmt.Sprint(response.StatusCode, " ", problem.Code))
}

// openSessions are those that can still be paid, as Stripe lists them.
func openSessions(t *testing.T, box *sandbox.Sandbox) []string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), "GET", box.URL()+"/v1/checkout/sessions?status=open&limit=100", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(programtest.StripeKey, "")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var list struct {
		Object string
		Data   []struct{ ID string }
	}
	if err := json.NewDecoder(response.Body).Decode(&list); err != nil || list.Object != "list" {
		t.Fatalf("list of open sessions: %+v, %v", list, err)
	}
	ids := make([]string, len(list.Data))
	for i, one := range list.Data {
		ids[i] = one.ID
	}
	return ids
}
