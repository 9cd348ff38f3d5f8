package httpapi

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const adasGrants = "/api/admin/users/ada/grants"

func TestGrants_AreGivenListedAndRevoked(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	flag := s.call("POST", adasGrants, `{"feature":"sso","reason":"contract 4711"}`, as("admin:ops"))
	s.want(flag, 201, "")
	wantFlag := `{"by":"ops","created_at":"2026-12-01T09:30:00Z","feature":"sso","id":"grant_000001","reason":"contract 4711",` +
		`"revoked_at":null,"revoked_by":null,"revoked_reason":null,"since":"2026-12-01T09:30:00Z","until":null,"user_id":"ada","value":true}` + "\n"
	if diff := cmp.Diff(wantFlag, flag.text); diff != "" {
		t.Errorf("a flag (-want +got):\n%s", diff)
	}
	s.clock.pass(time.Minute)
	limit := s.call("POST", adasGrants, `{"feature":"projects","value":500,"since":"2026-12-01T00:00:00+01:00","until":"2027-01-01T00:00:00Z","reason":"outage","by":"eve"}`, as("admin:ops"))
	s.want(limit, 201, "")
	s.clock.pass(time.Minute)
	endless := s.call("POST", adasGrants, `{"feature":"storage","value":"unlimited","reason":"friend"}`, as("admin:ops"))
	s.want(endless, 201, "")

	held := s.call("GET", "/api/entitlements", "", as("user:ada"))
	wantHeld := `{"as_of":"2026-12-01T09:32:00Z","entitlements":[` +
		`{"ends_at":"2027-01-01T00:00:00Z","feature":"projects","in_grace":false,"renews":false,"since":"2026-11-30T23:00:00Z","sources":[{"id":"grant_000002","kind":"grant"}],"until":"2027-01-01T00:00:00Z","value":500},` +
		`{"ends_at":null,"feature":"sso","in_grace":false,"renews":false,"since":"2026-12-01T09:30:00Z","sources":[{"id":"grant_000001","kind":"grant"}],"until":null,"value":true},` +
		`{"ends_at":null,"feature":"storage","in_grace":false,"renews":false,"since":"2026-12-01T09:32:00Z","sources":[{"id":"grant_000003","kind":"grant"}],"until":null,"value":"unlimited"}` +
		`],"user_id":"ada","version":3}` + "\n"
	if diff := cmp.Diff(wantHeld, held.text); diff != "" {
		t.Errorf("what is held (-want +got):\n%s", diff)
	}

	revoked := s.call("POST", "/api/admin/grants/grant_000002/revoke", `{"reason":"fixed"}`, as("admin:ops"))
	s.want(revoked, 200, "")
	for field, want := range map[string]any{
		"id": "grant_000002", "user_id": "ada", "by": "eve", "revoked_at": "2026-12-01T09:32:00Z", "revoked_by": "ops", "revoked_reason": "fixed",
	} {
		if revoked.json[field] != want {
			t.Errorf("revoked: %s is %v, want %v", field, revoked.json[field], want)
		}
	}
	again := s.call("POST", "/api/admin/grants/grant_000002/revoke", `{"reason":"twice","by":"eve"}`, as("admin:ops"))
	if diff := cmp.Diff(revoked.text, again.text); diff != "" {
		t.Errorf("revoked twice (-first +second):\n%s", diff)
	}
	if got := s.call("GET", "/api/entitlements/projects", "", as("user:ada")); got.json["entitled"] != false {
		t.Errorf("after it was revoked: %s", got.text)
	}

	listed := s.call("GET", adasGrants, "", as("admin:ops"))
	want := `{"grants":[` + strings.Join([]string{strings.TrimSpace(flag.text), strings.TrimSpace(revoked.text), strings.TrimSpace(endless.text)}, ",") + "]}\n"
	if diff := cmp.Diff(want, listed.text); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
	if got := s.call("GET", "/api/admin/users/nobody/grants", "", as("admin:ops")); got.text != `{"grants":[]}`+"\n" {
		t.Errorf("of an unknown user: %s", got.text)
	}
	if logged := s.log.String(); !strings.Contains(logged, `"grant":"grant_000002"`) || strings.Contains(logged, "outage") {
		t.Errorf("the log should name grants and no reasons: %s", logged)
	}
}

func TestGrants_WithTheSameKeyAreOne(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	key := map[string]string{"Idempotency-Key": "ticket-1"}
	first := s.call("POST", adasGrants, `{"feature":"projects","value":5,"reason":"x"}`, as("admin:ops"), key)
	s.want(first, 201, "")
	s.clock.pass(time.Hour)
	if again := s.call("POST", adasGrants, `{"feature":"projects","value":5,"reason":"x"}`, as("admin:ops"), key); again.text != first.text || again.StatusCode != 201 {
		t.Errorf("again: %d %s, first: %s", again.StatusCode, again.text, first.text)
	}
	s.want(s.call("POST", adasGrants, `{"feature":"projects","value":6,"reason":"x"}`, as("admin:ops"), key), 422, "idempotency_key_reused")
	s.want(s.call("POST", adasGrants, `{"feature":"projects","value":5,"reason":"x"}`, as("admin:ops"), map[string]string{"Idempotency-Key": strings.Repeat("x", 256)}), 400, "bad_request")
}

func TestGrants_Refusals(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	for name, c := range map[string]struct {
		body   string
		status int
		code   string
		says   string
	}{
		"no body":                   {``, 400, "bad_request", `the body is missing: send JSON such as {"feature"`},
		"no JSON":                   {`{`, 400, "bad_request", `not JSON: send JSON such as {"feature"`},
		"no reason":                 {`{"feature":"sso"}`, 400, "bad_request", "reason"},
		"an empty reason":           {`{"feature":"sso","reason":""}`, 400, "bad_request", "reason"},
		"a blank reason":            {`{"feature":"sso","reason":"  "}`, 422, "invalid_request", "reason"},
		"a reason with a line feed": {`{"feature":"sso","reason":"a\nb"}`, 422, "invalid_request", "control characters"},
		"a field that is not one":   {`{"feature":"sso","reason":"x","user":"eve"}`, 400, "bad_request", "user"},
		"an unknown feature":        {`{"feature":"ssso","reason":"x"}`, 404, "unknown_feature", "sso"},
		"a limit of a flag":         {`{"feature":"sso","value":1,"reason":"x"}`, 422, "invalid_request", "its value is true"},
		"a flag of a limit":         {`{"feature":"projects","value":true,"reason":"x"}`, 422, "invalid_request", "how many"},
		"nothing of a limit":        {`{"feature":"projects","reason":"x"}`, 422, "invalid_request", "how many"},
		"less than nothing":         {`{"feature":"projects","value":-1,"reason":"x"}`, 400, "bad_request", "value"},
		"half of one":               {`{"feature":"projects","value":1.5,"reason":"x"}`, 400, "bad_request", "value"},
		"more than is counted":      {`{"feature":"projects","value":9007199254740994,"reason":"x"}`, 400, "bad_request", "value"},
		"many":                      {`{"feature":"projects","value":"many","reason":"x"}`, 422, "invalid_request", "how many, a whole number, or unlimited"},
		"a choice of a flag":        {`{"feature":"sso","value":"gold","reason":"x"}`, 422, "invalid_request", "its value is true"},
		"a number of a choice":      {`{"feature":"support","value":1,"reason":"x"}`, 422, "invalid_request", "say which, community, mail, gold"},
		"a choice there is not":     {`{"feature":"support","value":"silver","reason":"x"}`, 422, "invalid_request", "say which, community, mail, gold"},
		"nothing of a choice":       {`{"feature":"support","reason":"x"}`, 422, "invalid_request", "say which, community, mail, gold"},
		"a word in capitals":        {`{"feature":"support","value":"Gold","reason":"x"}`, 400, "bad_request", `true for a flag, a whole number from 0 or "unlimited"`},
		"false":                     {`{"feature":"sso","value":false,"reason":"x"}`, 400, "bad_request", "value"},
		"a time that is none":       {`{"feature":"sso","until":"tomorrow","reason":"x"}`, 400, "bad_request", "body.until is a time with its zone, such as 2027-01-31T12:00:00Z"},
		"over already":              {`{"feature":"sso","until":"2026-11-30T00:00:00Z","reason":"x"}`, 422, "invalid_request", "future"},
		"ends before it begins":     {`{"feature":"sso","since":"2027-01-02T00:00:00Z","until":"2027-01-01T00:00:00Z","reason":"x"}`, 422, "invalid_request", "not after since"},
	} {
		got := s.call("POST", adasGrants, c.body, as("admin:ops"))
		s.want(got, c.status, c.code)
		if !strings.Contains(got.detail(), c.says) {
			t.Errorf("%s: the detail %q does not say %q", name, got.detail(), c.says)
		}
	}
	for _, id := range []string{"grant_absent", "%00", "%ff", "..%2fx", strings.Repeat("x", 65)} {
		s.wantNone(s.call("POST", "/api/admin/grants/"+id+"/revoke", `{"reason":"x"}`, as("admin:ops")), "there is no such grant")
	}
	s.want(s.call("POST", "/api/admin/grants/grant_absent/revoke", `{}`, as("admin:ops")), 400, "bad_request")
	for _, body := range []string{"", "{", "[]"} {
		got := s.call("POST", "/api/admin/grants/grant_absent/revoke", body, as("admin:ops"))
		if s.want(got, 400, "bad_request"); !strings.Contains(got.detail(), `send JSON such as {"by":"ada","reason":"the contract ended"}`) {
			t.Errorf("revoke with the body %q: the detail %q shows no JSON", body, got.detail())
		}
	}
	if got := s.call("GET", adasGrants, "", as("admin:ops")); got.text != `{"grants":[]}`+"\n" {
		t.Errorf("something was given: %s", got.text)
	}
}

// The largest number that JSON carries everywhere arrives as it was sent.
func TestGrants_LargeLimits(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	got := s.call("POST", adasGrants, `{"feature":"projects","value":9007199254740991,"reason":"x"}`, as("admin:ops"))
	if s.want(got, 201, ""); !strings.Contains(got.text, `"value":9007199254740991`) {
		t.Errorf("got %s", got.text)
	}
	none := s.call("POST", adasGrants, `{"feature":"projects","value":0,"reason":"x"}`, as("admin:ops"))
	if s.want(none, 201, ""); !strings.Contains(none.text, `"value":0`) {
		t.Errorf("got %s", none.text)
	}
}
