package httpapi

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/domain"
)

func TestExplain_AnswersToTheByte(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	order, session := s.buy("ada", "basic")
	s.pay(session)
	want := `{"at":"2026-12-01T09:30:00Z","bought_twice":[],"features":[{"ends_at":null,"feature":"projects","held":true,"in_grace":false,"plans":["basic","pro"],"renews":false,` +
		`"says":"...","since":"2026-12-01T09:30:00Z","sources":[{"ends_at":null,"evidence":[` +
		`{"about":"order","details":{"checkout_session":"cs_test_1","created_at":"2026-12-01T09:30:00Z","paid_at":"2026-12-01T09:30:00Z",` +
		`"payment_intent":"pi_cs_test_1","plan":"basic","price":"once","quantity":"1","status":"paid"},"id":"ord_000001",` +
		`"says":"..."},` +
		`{"about":"payment","details":{"amount":"900","currency":"eur","returned":"0"},"id":"pi_cs_test_1","says":"..."}],` +
		`"id":"ord_000001","in_grace":false,"kind":"order","last_change":{"at":"2026-12-01T09:30:00Z","event_id":"evt_cs_test_1_0","kind":"granted"},` +
		`"plan":"basic","price":null,"quantity":1,"renews":false,"rule":{"effect":"paid","row":"paid","table":"orders"},"says":"...",` +
		`"since":"2026-12-01T09:30:00Z","state":"gives","until":null,"value":10}],"until":null,"value":10}],` +
		`"from_history":false,"out_of_line":false,"unmapped":[],"user_id":"ada"}` + "\n"
	want = strings.NewReplacer("cs_test_1", session, "ord_000001", order).Replace(want)
	got := s.call("GET", "/api/admin/users/ada/explain", "", as("admin:ops")).text
	if sentences := regexp.MustCompile(`"says":"[^"]+"`).FindAllString(got, -1); len(sentences) != 4 {
		t.Errorf("not every part says what it is: %q", sentences)
	}
	got = regexp.MustCompile(`"says":"[^"]*"`).ReplaceAllString(got, `"says":"..."`) // the domain's words, tested there
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestExplain_OneFeature(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	_, session := s.buy("ada", "basic")
	s.pay(session)
	bought := s.clock.Now()
	s.clock.pass(time.Hour)
	const ada = "/api/admin/users/ada/explain"

	lacking := s.call("GET", ada+"?feature=sso", "", as("admin:ops"))
	feature := lacking.json["features"].([]any)[0].(map[string]any)
	if feature["feature"] != "sso" || feature["held"] != false || feature["value"] != nil || feature["plans"].([]any)[0] != "pro" {
		t.Errorf("a feature that is lacking: %s", lacking.text)
	}
	before := s.call("GET", ada+"?feature=projects&at="+bought.Add(-time.Second).Format(time.RFC3339), "", as("admin:ops"))
	if before.json["from_history"] != true || before.json["features"].([]any)[0].(map[string]any)["held"] != false {
		t.Errorf("before the purchase: %s", before.text)
	}
	later := s.call("GET", ada+"?feature=projects&at=2030-01-01T00:00:00%2B02:00", "", as("admin:ops"))
	if later.json["at"] != "2029-12-31T22:00:00Z" || later.json["features"].([]any)[0].(map[string]any)["held"] != true {
		t.Errorf("years later: %s", later.text)
	}
	s.want(s.call("GET", ada+"?feature=ssso", "", as("admin:ops")), 404, "unknown_feature")
	for _, odd := range []string{"at=yesterday", "at=1764581400", "feature=sso&feature=projects"} {
		s.want(s.call("GET", ada+"?"+odd, "", as("admin:ops")), 400, "bad_request")
	}
	odd := s.call("GET", ada+"?at=yesterday", "", as("admin:ops"))
	if want := "malformed request: at is a time with its zone, such as 2027-01-31T12:00:00Z"; odd.detail() != want {
		t.Errorf("at=yesterday: the detail is %q, want %q", odd.detail(), want)
	}
	s.store.fail(errors.New("state lost"))
	s.want(s.call("GET", ada, "", as("admin:ops")), 500, "internal")
}

func TestExplain_APurchaseThatTheCatalogDoesNotKnow(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	_, session := s.buy("ada", "pro")
	for _, fact := range s.gateway.Pay(domain.SessionID(session)) {
		if sub, is := fact.(domain.SubscriptionFact); is {
			item := &sub.Snapshot.Items[0]
			item.Price, item.LookupKey, item.Quantity = "price_unknown", "", 2
			s.want(s.deliver(domain.Event{ID: "evt_1", Type: sub.Type, Created: s.clock.Now(), Fact: sub}), 200, "")
		}
	}
	got := s.call("GET", "/api/admin/users/ada/explain?feature=sso", "", as("admin:ops"))
	unmapped := got.json["unmapped"].([]any)
	if len(unmapped) != 1 {
		t.Fatalf("got %s", got.text)
	}
	source := unmapped[0].(map[string]any)
	if source["plan"] != nil || source["value"] != nil || source["price"] != "price_unknown" || source["quantity"] != 2.0 || source["state"] != "withheld" {
		t.Errorf("got %v", source)
	}
}

// What stands in the path is taken for the user that it names, and for no other.
func TestAdmin_OddUserIds(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	for _, id := range []string{"a b", "auth0|x", "ü", "a/b", "a%2Fb", "a%41", "a%b", "../ada", "a?b", "a+b", "a;b", "a,b"} {
		got := s.call("GET", "/api/admin/users/"+url.PathEscape(id)+"/explain", "", as("admin:ops"))
		if s.want(got, 200, ""); got.json["user_id"] != id {
			t.Errorf("asked for %q, got %v", id, got.json["user_id"])
		}
		given := s.call("POST", "/api/admin/users/"+url.PathEscape(id)+"/grants", `{"feature":"sso","reason":"test"}`, as("admin:ops"))
		if s.want(given, 201, ""); given.json["user_id"] != id {
			t.Errorf("gave to %q, got %v", id, given.json["user_id"])
		}
		held := s.call("GET", "/api/entitlements?user_id="+url.QueryEscape(id), "", as("app:backend"))
		if len(held.json["entitlements"].([]any)) != 1 {
			t.Errorf("%q holds %s", id, held.text)
		}
	}
	for _, id := range []string{"\x00", "a\nb", "\xff", strings.Repeat("x", 256)} {
		for _, call := range []string{"GET explain", "GET grants", "POST grants"} {
			method, what, _ := strings.Cut(call, " ")
			body := ""
			if method == "POST" {
				body = `{"feature":"sso","reason":"test"}`
			}
			s.want(s.call(method, "/api/admin/users/"+url.PathEscape(id)+"/"+what, body, as("admin:ops")), 400, "bad_request")
		}
	}
}
