package httpapi

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// quarantine delivers the news of a subscription to a price that no plan has.
func (s *service) quarantine(user, price string, events ...string) (paid string) {
	s.Helper()
	_, session := s.buy(user, "pro")
	for _, fact := range s.gateway.Pay(domain.SessionID(session)) {
		sub, is := fact.(domain.SubscriptionFact)
		if !is { // that the checkout was paid
			s.deliver(domain.Event{ID: domain.EventID("evt_" + session), Type: "checkout.session.completed", Created: s.clock.Now(), Fact: fact})
			continue
		}
		sub.Snapshot.Items[0].Price, sub.Snapshot.Items[0].LookupKey = domain.PriceID(price), ""
		for _, id := range events {
			got := s.deliver(domain.Event{
				ID: domain.EventID(id), Type: sub.Type, Created: s.clock.Now(), APIVersion: "2025-08-27.basil",
				Object: string(sub.Snapshot.ID), Fact: sub,
			})
			if s.want(got, 200, ""); got.json["outcome"] != "quarantined" {
				s.Fatalf("not quarantined: %s", got.text)
			}
		}
	}
	return "evt_" + session
}

func TestEvents_AreListedWithoutTheirBodies(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	_, session := s.buy("ada", "basic")
	s.pay(session)
	s.clock.pass(time.Second)
	paid := s.quarantine("eve", "price_unknown", "evt_q")
	s.clock.pass(time.Second)
	s.deliver(domain.Event{ID: "evt_other", Type: "product.created", Created: s.clock.Now()})

	all := s.events("")
	if diff := cmp.Diff([]string{"evt_other", "evt_q", paid, "evt_" + session + "_0"}, all); diff != "" {
		t.Errorf("all (-want +got):\n%s", diff)
	}
	got := s.call("GET", "/api/admin/events?outcome=quarantined", "", as("admin:ops"))
	event := got.json["events"].([]any)[0].(map[string]any)
	for field, want := range map[string]any{
		"id": "evt_q", "type": "customer.subscription.created", "user_id": "eve", "outcome": "quarantined", "attempts": 1.0,
		"api_version": "2025-08-27.basil", "livemode": false, "received_at": "2026-12-01T09:30:01Z",
	} {
		if event[field] != want {
			t.Errorf("%s is %v, want %v", field, event[field], want)
		}
	}
	if reason, _ := event["reason"].(string); !strings.Contains(reason, "price_unknown") {
		t.Errorf("the reason %q does not name the price", reason)
	}
	if strings.Contains(got.text, "payload") || len(got.json["events"].([]any)) != 1 {
		t.Errorf("got %s", got.text)
	}
	for question, want := range map[string][]string{
		"type=product.created":              {"evt_other"},
		"user_id=ada":                       {"evt_" + session + "_0"},
		"user_id=eve&outcome=quarantined":   {"evt_q"},
		"user_id=eve&outcome=applied":       {paid},
		"outcome=ignored&type=invoice.paid": {},
	} {
		if diff := cmp.Diff(want, s.events(question)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", question, diff)
		}
	}
}

// events are the ids on one page.
func (s *service) events(question string) []string {
	s.Helper()
	got := s.call("GET", "/api/admin/events?"+question, "", as("admin:ops"))
	s.want(got, 200, "")
	ids := []string{}
	for _, event := range got.json["events"].([]any) {
		ids = append(ids, event.(map[string]any)["id"].(string))
	}
	return ids
}

func TestEvents_EveryOneIsOnOnePage(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	var want []string
	for i := range 25 {
		id := fmt.Sprintf("evt_%02d", i)
		s.deliver(domain.Event{ID: domain.EventID(id), Type: "product.created", Created: s.clock.Now()})
		if i%4 == 3 {
			s.clock.pass(time.Microsecond) // several are received at the same time
		}
		want = append([]string{id}, want...)
	}
	for _, limit := range []int{1, 4, 5, 24, 25, 26} {
		var got []string
		question, pages := fmt.Sprintf("limit=%d", limit), 0
		for cursor := ""; ; {
			page := s.call("GET", "/api/admin/events?"+question+cursor, "", as("admin:ops"))
			for _, event := range page.json["events"].([]any) {
				got = append(got, event.(map[string]any)["id"].(string))
			}
			pages++
			next, more := page.json["next"].(string)
			if !more {
				break
			}
			cursor = "&cursor=" + next
		}
		if diff := cmp.Diff(want, got); diff != "" || pages != (len(want)+limit-1)/limit {
			t.Errorf("%d at once, %d pages (-want +got):\n%s", limit, pages, diff)
		}
	}
}

func TestEvents_OddQuestions(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	place := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	for _, question := range []string{
		"outcome=quarantine", "outcome=", "limit=0", "limit=201", "limit=-1", "limit=x", "type=", "type=%00", "user_id=", "user_id=%ff",
		"user_id=" + strings.Repeat("x", 256), "cursor=", "cursor=x", "cursor=!", "cursor=" + place("2026-12-01T09:30:00Z"),
		"cursor=" + place("yesterday evt_1"), "cursor=" + place("0001-01-01T00:00:00Z evt_1"), "cursor=" + place("2026-12-01T09:30:00Z evt_\x00"),
	} {
		got := s.call("GET", "/api/admin/events?"+question, "", as("admin:ops"))
		if got.StatusCode != 400 || got.code() != "bad_request" {
			t.Errorf("%s: got %d %s", question, got.StatusCode, got.text)
		}
	}
	got := s.call("GET", "/api/admin/events?outcome=quarantine", "", as("admin:ops"))
	if want := "malformed request: outcome is one of applied, unchanged, ignored, waiting, quarantined, failed"; got.detail() != want {
		t.Errorf("got %q, want %q", got.detail(), want)
	}
	s.store.fail(ports.ErrUnavailable)
	s.want(s.call("GET", "/api/admin/events", "", as("admin:ops")), 503, "unavailable")
}

func TestReplay_TakesInWhatTheCatalogNowKnows(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	s.quarantine("ada", "price_unknown", "evt_1", "evt_2")
	s.clock.pass(time.Second)
	s.quarantine("eve", "price_strange", "evt_3")
	still := s.call("POST", "/api/admin/events/replay", `{"outcome":"quarantined"}`, as("admin:ops"))
	want := `{"failures":[],"next_since":null,"outcomes":{"quarantined":3},"processed":3}` + "\n"
	if diff := cmp.Diff(want, still.text); diff != "" {
		t.Errorf("before the catalog is mended (-want +got):\n%s", diff)
	}
	one := s.call("POST", "/api/admin/events/replay", `{"outcome":"quarantined","since":"`+s.clock.Now().Format(time.RFC3339)+`"}`, as("admin:ops"))
	if one.json["processed"] != 1.0 {
		t.Errorf("since the last: %s", one.text)
	}

	prices := catalog
	prices.Plans = map[domain.PlanKey]domain.Plan{"pro": catalog.Plans["pro"], "extra": {
		Key: "extra", Mode: domain.ModeSubscription, Prices: []domain.Price{{Key: "x", ID: "price_unknown"}},
		Grants: map[domain.FeatureKey]domain.Value{"sso": domain.Flag()},
	}}
	mended := start(t, setup{after: s, sold: &prices})
	got := mended.call("POST", "/api/admin/events/replay", `{"outcome":"quarantined"}`, as("admin:ops"))
	want = `{"failures":[],"next_since":null,"outcomes":{"applied":1,"quarantined":1,"unchanged":1},"processed":3}` + "\n"
	if diff := cmp.Diff(want, got.text); diff != "" {
		t.Errorf("after the catalog is mended (-want +got):\n%s", diff)
	}
	if held := mended.call("GET", "/api/entitlements/sso", "", as("user:ada")); held.json["entitled"] != true {
		t.Errorf("after the replay: %s", held.text)
	}
	ids := mended.call("POST", "/api/admin/events/replay", `{"ids":["evt_1"]}`, as("admin:ops"))
	if ids.json["processed"] != 1.0 || ids.json["outcomes"].(map[string]any)["unchanged"] != 1.0 {
		t.Errorf("by its id: %s", ids.text)
	}
}

func TestReplay_TellsWhatFails(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	s.quarantine("ada", "price_unknown", "evt_1")
	s.store.fail(errors.New("disk of sk_live_secret is full"))
	got := s.call("POST", "/api/admin/events/replay", `{"ids":["evt_1"]}`, as("admin:ops"))
	if got.json["outcomes"].(map[string]any)["failed"] != 1.0 {
		t.Errorf("got %s", got.text)
	}
	failures := got.json["failures"].([]any)
	if len(failures) != 1 || failures[0].(map[string]any)["id"] != "evt_1" || !strings.Contains(got.text, "is full") || strings.Contains(got.text, "secret") {
		t.Errorf("got %s", got.text)
	}
}

func TestReplay_Refusals(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	s.quarantine("ada", "price_unknown", "evt_1")
	for body, code := range map[string]string{
		``: "bad_request", `{}`: "bad_request", `{"ids":[]}`: "bad_request", `{"outcome":"quarantine"}`: "bad_request",
		`{"ids":["evt_1"],"outcome":"failed"}`:                     "bad_request",
		`{"ids":["evt_1"],"since":"2026-01-01T00:00:00Z"}`:         "bad_request",
		`{"since":"2026-01-01T00:00:00Z"}`:                         "bad_request",
		`{"ids":["evt_\u0000"]}`:                                   "bad_request",
		`{"ids":[` + strings.Repeat(`"evt_1",`, 100) + `"evt_1"]}`: "bad_request",
		`{"ids":["evt_1","evt_absent"]}`:                           "not_found",
	} {
		got := s.call("POST", "/api/admin/events/replay", body, as("admin:ops"))
		if got.StatusCode < 400 || got.StatusCode >= 500 || got.code() != code {
			t.Errorf("%.60s: got %d %s", body, got.StatusCode, got.text)
		}
	}
	absent := s.call("POST", "/api/admin/events/replay", `{"ids":["evt_1","evt_absent"]}`, as("admin:ops"))
	if want := "event evt_absent was never received: GET /api/admin/events lists what was"; absent.detail() != want {
		t.Errorf("an event that never came: the detail is %q, want %q", absent.detail(), want)
	}
	if receipt, err := s.store.Receipt(t.Context(), "evt_1"); err != nil || receipt.Attempts != 1 {
		t.Errorf("something was replayed: %+v, %v", receipt, err)
	}
}

// A replay that has to stop says where to go on.
func TestReplay_GoesOnWhereItHadToStop(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	for i := range 5 {
		s.quarantine(fmt.Sprintf("user%d", i), "price_unknown", fmt.Sprintf("evt_%d", i))
		s.clock.pass(time.Second)
	}
	done := 0
	stop := func() {
		if done++; done == 3 {
			s.stop()                           // as the time for a replay does, only sooner
			time.Sleep(200 * time.Millisecond) // until it is noticed
		}
	}
	s.store.updated.Store(&stop)
	got := s.call("POST", "/api/admin/events/replay", `{"outcome":"quarantined"}`, as("admin:ops"))
	s.want(got, 200, "")
	next, _ := got.json["next_since"].(string)
	if processed := got.json["processed"].(float64); processed >= 5 || processed < 2 || next == "" {
		t.Fatalf("got %s", got.text)
	}
	rest := start(t, setup{after: s}).call("POST", "/api/admin/events/replay", `{"outcome":"quarantined","since":"`+url.PathEscape(next)+`"}`, as("admin:ops"))
	if rest.json["next_since"] != nil || rest.json["processed"].(float64)+got.json["processed"].(float64) != 6 {
		t.Errorf("stopped after %s, went on with %s: want all five, one of them twice", got.text, rest.text)
	}
}
