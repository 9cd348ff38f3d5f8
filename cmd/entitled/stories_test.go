package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// buys walks a user through a checkout and returns the order's id, and the session's.
func (s shop) buys(t *testing.T, user, plan string) (order, session string) {
	t.Helper()
	started := s.Call(t, "POST", "/api/checkout/"+plan, `{"user_id":"`+user+`"}`, 201)
	order, session = started["order_id"].(string), started["session_id"].(string)
	if err := s.box.Pay(session); err != nil {
		t.Fatal(err)
	}
	s.idle(t)
	return order, session
}

// then lets something happen at Stripe, and says what a user holds once it is told.
func (s shop) then(t *testing.T, user, what string, err error, want string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	s.idle(t)
	held := s.Holds(t, user)
	for tries := 0; held != want && tries < 100; tries++ { // a doubt may be under way
		time.Sleep(50 * time.Millisecond)
		held = s.Holds(t, user)
	}
	if held != want {
		t.Errorf("%s: holds %q, want %q", what, held, want)
	}
}

func (s shop) orderIs(t *testing.T, order, want string) {
	t.Helper()
	if got := s.Call(t, "GET", "/api/orders/"+order, "", 200)["status"]; got != want {
		t.Errorf("the order is %v, want %s", got, want)
	}
}

func TestStories_MoneyGoesBackAndComesAgain(t *testing.T) {
	t.Parallel()
	for name, open := range programtest.Databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openShop(t, open(t))
			const has, pro = "projects=10", "projects=100 sso=true"

			order, session := s.buys(t, "ana", "basic")
			_, err := s.box.Refund(session, 900)
			s.then(t, "ana", "a part is refunded", err, has)
			rest, err := s.box.Refund(session, 0)
			s.then(t, "ana", "the rest too", err, "")
			s.orderIs(t, order, "refunded")
			s.then(t, "ana", "the bank sends it back", s.box.FailRefund(rest), has)
			s.orderIs(t, order, "paid")

			order, session = s.buys(t, "bob", "basic")
			dispute, err := s.box.OpenDispute(session, sandbox.DisputeOptions{Inquiry: true})
			s.then(t, "bob", "the bank asks", err, has)
			s.then(t, "bob", "the bank disputes", s.box.EscalateDispute(dispute), "")
			s.orderIs(t, order, "disputed")
			s.then(t, "bob", "it is lost", s.box.LoseDispute(dispute), "")
			s.orderIs(t, order, "charged_back")
			s.then(t, "bob", "it is won late", s.box.WinDispute(dispute), has)

			_, session = s.buys(t, "eve", "pro")
			subscription := s.subscriptionOf(t, "eve")
			dispute, err = s.box.OpenDispute(session, sandbox.DisputeOptions{})
			s.then(t, "eve", "the bank disputes the first month", err, "")
			s.then(t, "eve", "it is won", s.box.WinDispute(dispute), pro)
			s.then(t, "eve", "the next month is paid", s.box.RenewSubscription(subscription, true), pro)
			s.then(t, "eve", "the next one is not, and there is grace", s.box.RenewSubscription(subscription, false), pro)
			s.then(t, "eve", "it is paid after all", s.box.PayInvoice(subscription), pro)
			s.then(t, "eve", "it is paused", s.box.PauseSubscription(subscription), "")
			s.then(t, "eve", "it goes on", s.box.ResumeSubscription(subscription), pro)
			s.then(t, "eve", "it ends", s.box.CancelSubscription(subscription), "")
		})
	}
}

// subscriptionOf is the id of the subscription that a user's rights come from.
func (s shop) subscriptionOf(t *testing.T, user string) string {
	t.Helper()
	for _, e := range s.Call(t, "GET", "/api/entitlements?user_id="+user, "", 200)["entitlements"].([]any) {
		for _, source := range e.(map[string]any)["sources"].([]any) {
			return source.(map[string]any)["id"].(string)
		}
	}
	t.Fatalf("%s has no subscription", user)
	return ""
}

// Two events of one second, of which the older one is told last: what is true is
// asked of Stripe.
func TestStories_TwoChangesOfOneSecondInTheWrongOrder(t *testing.T) {
	t.Parallel()
	s := openShop(t, programtest.Databases["Postgres"](t))
	s.buys(t, "ana", "pro")
	subscription := s.subscriptionOf(t, "ana")
	s.then(t, "ana", "it is paused", s.box.PauseSubscription(subscription), "")

	var paused sandbox.Event
	for _, e := range s.box.Events() {
		if e.Type == "customer.subscription.updated" && e.ObjectID == subscription {
			paused = e
		}
	}
	// The same second's other change, as Stripe would have told it.
	active := bytes.Replace(bytes.ReplaceAll(paused.Body, []byte(paused.ID), []byte("evt_1other")), []byte(`"status":"paused"`), []byte(`"status":"active"`), 1)
	if bytes.Equal(active, paused.Body) {
		t.Fatalf("the event says nothing of a pause: %s", paused.Body)
	}
	if status := s.Deliver(active); status != http.StatusOK {
		t.Errorf("answered %d", status)
	}
	s.then(t, "ana", "the older event comes last", nil, "")
	answer, _ := s.get(t, "/metrics")
	if !strings.Contains(answer, `entitled_stripe_questions_total{about="subscription",answer="settled"}`) {
		t.Errorf("metrics count no question:\n%s", answer)
	}
}

// get reads an answer that is not JSON.
func (p *program) get(tb testing.TB, path string) (string, int) {
	tb.Helper()
	request, err := http.NewRequestWithContext(tb.Context(), "GET", "http://"+p.Address+path, nil)
	if err != nil {
		tb.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+programtest.APIKey)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		tb.Fatal(err)
	}
	defer response.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(response.Body); err != nil {
		tb.Fatal(err)
	}
	return text.String(), response.StatusCode
}

// A refund that comes before the purchase, and one of another shop on the same
// Stripe account.
func TestStories_RefundsOfPaymentsThatWereNotHeardOf(t *testing.T) {
	t.Parallel()
	s := openShop(t, programtest.Databases["SQLite"](t))
	started := s.Call(t, "POST", "/api/checkout/basic", `{"user_id":"ana"}`, 201)
	session := started["session_id"].(string)
	s.box.RemoveWebhookEndpoint(s.endpoint.ID)
	if err := s.box.Pay(session); err != nil {
		t.Fatal(err)
	}
	if _, err := s.box.Refund(session, 0); err != nil {
		t.Fatal(err)
	}
	var completed, refunded []byte
	for _, e := range s.box.Events() {
		switch e.Type {
		case "checkout.session.completed":
			completed = e.Body
		case "refund.created":
			refunded = e.Body
		}
	}
	foreign := bytes.ReplaceAll(refunded, []byte("evt_1"), []byte("evt_2"))
	var event map[string]any
	if err := json.Unmarshal(foreign, &event); err != nil {
		t.Fatal(err)
	}
	object := event["data"].(map[string]any)["object"].(map[string]any)
	object["payment_intent"], object["charge"], object["id"] = "pi_3another", "ch_3another", "re_3another"
	foreign, _ = json.Marshal(event)

	for _, body := range [][]byte{refunded, foreign, completed} {
		if status := s.Deliver(body); status != http.StatusOK {
			t.Errorf("answered %d to %s", status, body)
		}
	}
	if held := s.Holds(t, "ana"); held != "" {
		t.Errorf("holds %q of what was refunded", held)
	}
	s.orderIs(t, started["order_id"].(string), "refunded")
	asked := 0
	for _, r := range s.box.Requests() {
		if r.Method == "GET" && strings.HasPrefix(r.Path, "/v1/payment_intents/") {
			asked++
		}
	}
	if asked != 2 {
		t.Errorf("asked for %d payments, want one of ours and one of nobody's", asked)
	}
}

// An operator's way with a price that the catalog does not have, and with a user
// who asks why.
func TestStories_QuarantineExplainAndGrants(t *testing.T) {
	t.Parallel()
	s := openShop(t, programtest.Databases["Postgres"](t))
	s.buys(t, "ana", "pro")
	subscription := s.subscriptionOf(t, "ana")

	var updated []byte
	for _, e := range s.box.Events() {
		if e.Type == "customer.subscription.updated" && e.ObjectID == subscription {
			updated = e.Body
		}
	}
	var event map[string]any
	if err := json.Unmarshal(updated, &event); err != nil {
		t.Fatal(err)
	}
	object := event["data"].(map[string]any)["object"].(map[string]any)
	item := object["items"].(map[string]any)["data"].([]any)[0].(map[string]any)
	item["price"].(map[string]any)["id"], item["price"].(map[string]any)["lookup_key"] = "price_unmapped", nil
	event["id"], event["created"] = "evt_1unmapped", time.Now().Unix()+10
	unmapped, _ := json.Marshal(event)
	if status := s.Deliver(unmapped); status != http.StatusOK {
		t.Errorf("answered %d to an unmapped price: Stripe would try for days", status)
	}
	if held := s.Holds(t, "ana"); held != "" {
		t.Errorf("holds %q for a price that nobody knows", held)
	}
	listed := s.Call(t, "GET", "/api/admin/events?outcome=quarantined", "", 200)
	if text := fmt.Sprint(listed); !strings.Contains(text, "evt_1unmapped") || !strings.Contains(text, "price_unmapped") {
		t.Errorf("the quarantine is %s", text)
	}

	why := fmt.Sprint(s.Call(t, "GET", "/api/admin/users/ana/explain", "", 200))
	for _, part := range []string{subscription, "evt_1unmapped", "revoked", "price_unmapped"} {
		if !strings.Contains(why, part) {
			t.Errorf("the explanation does not name %s: %s", part, why)
		}
	}

	granted := s.Call(t, "POST", "/api/admin/users/ana/grants", `{"feature":"projects","value":5,"reason":"until it is mended"}`, 201)
	if held := s.Holds(t, "ana"); held != "projects=5" {
		t.Errorf("holds %q, want what was given by hand", held)
	}
	s.Call(t, "POST", "/api/admin/grants/"+granted["id"].(string)+"/revoke", `{"reason":"it is mended"}`, 200)
	if held := s.Holds(t, "ana"); held != "" {
		t.Errorf("holds %q after it was taken back", held)
	}
}
