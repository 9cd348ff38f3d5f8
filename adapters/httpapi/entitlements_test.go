package httpapi

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/ports"
)

func TestEntitlements_AnswerToTheByte(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	_, session := s.buy("ada", "basic")
	s.pay(session)
	for path, want := range map[string]string{
		"/api/entitlements": `{"as_of":"2026-12-01T09:30:00Z","entitlements":[` +
			`{"ends_at":null,"feature":"projects","in_grace":false,"renews":false,"since":"2026-12-01T09:30:00Z","sources":[{"id":"ord_000001","kind":"order","plan":"basic"}],"until":null,"value":10}` +
			`],"user_id":"ada","version":1}`,
		"/api/entitlements/projects": `{"as_of":"2026-12-01T09:30:00Z","ends_at":null,"entitled":true,"feature":"projects","in_grace":false,"renews":false,"until":null,"value":10,"version":1}`,
		"/api/entitlements/sso":      `{"as_of":"2026-12-01T09:30:00Z","ends_at":null,"entitled":false,"feature":"sso","in_grace":false,"renews":false,"until":null,"value":null,"version":1}`,
	} {
		if diff := cmp.Diff(want+"\n", s.call("GET", path, "", as("user:ada")).text); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
	want := `{"as_of":"2026-12-01T09:30:00Z","entitlements":[],"user_id":"nobody","version":0}` + "\n"
	if diff := cmp.Diff(want, s.call("GET", "/api/entitlements?user_id=nobody", "", as("app:backend")).text); diff != "" {
		t.Errorf("of an unknown user (-want +got):\n%s", diff)
	}
}

func TestEntitlements_UnknownFeature(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	for _, feature := range []string{"ssso", "%00", "..%2fsso", "%ff", "s%20so", strings.Repeat("x", 4000)} {
		s.want(s.call("GET", "/api/entitlements/"+feature, "", as("user:ada")), 404, "unknown_feature")
	}
	got := s.call("GET", "/api/entitlements/ssso", "", as("user:ada"))
	if want := `no such feature: "ssso" is not in the catalog, which has projects, sso, storage, support`; got.detail() != want {
		t.Errorf("got %q, want %q", got.detail(), want)
	}
}

func TestEntitlements_HaveEnough(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	for _, grant := range []string{`{"feature":"support","value":"mail","reason":"x"}`, `{"feature":"support","value":"community","reason":"x"}`, `{"feature":"projects","value":5,"reason":"x"}`} {
		s.want(s.call("POST", adasGrants, grant, as("admin:ops")), 201, "")
	}
	for path, want := range map[string]struct {
		entitled bool
		value    any
	}{
		"support":                      {true, "mail"},
		"support?min=community":        {true, "mail"},
		"support?min=mail":             {true, "mail"},
		"support?min=gold":             {false, "mail"},
		"projects?min=5":               {true, 5.0},
		"projects?min=6":               {false, 5.0},
		"projects?min=unlimited":       {false, 5.0},
		"storage?min=0":                {false, nil},
		"support?user_id=ada":          {true, "mail"},
		"projects?min=0005":            {true, 5.0},
		"support?min=gold&user_id=ada": {false, "mail"},
	} {
		got := s.call("GET", "/api/entitlements/"+path, "", as("user:ada"))
		if s.want(got, 200, ""); got.json["entitled"] != want.entitled || got.json["value"] != want.value {
			t.Errorf("%s: got %s, want %v of %v", path, got.text, want.entitled, want.value)
		}
	}
	for path, says := range map[string]string{
		"support?min=silver":               `min: feature support has no value "silver": it has community, mail, gold`,
		"projects?min=many":                `min: feature projects is a limit: give a whole number from 0, or unlimited, not "many"`,
		"projects?min=-1":                  "a whole number from 0",
		"projects?min=9223372036854775808": "a whole number from 0",
		"sso?min=true":                     "min: feature sso is a flag, which one has or not: leave it out",
	} {
		got := s.call("GET", "/api/entitlements/"+path, "", as("user:ada"))
		if s.want(got, 422, "invalid_request"); !strings.Contains(got.detail(), says) {
			t.Errorf("%s: the detail %q does not say %q", path, got.detail(), says)
		}
	}
	s.want(s.call("GET", "/api/entitlements/supports?min=mail", "", as("user:ada")), 404, "unknown_feature")
}

func TestEntitlements_OddUserIds(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	for _, id := range []string{"", "\x00", "a\nb", "\xff", strings.Repeat("x", 256)} {
		got := s.call("GET", "/api/entitlements?user_id="+url.QueryEscape(id), "", as("app:backend"))
		s.want(got, 400, "bad_request")
	}
	for _, id := range []string{"a b", "auth0|x", "ü", "a,b", "'; drop table users; --", "a&b", "a%b"} {
		got := s.call("GET", "/api/entitlements?user_id="+url.QueryEscape(id), "", as("app:backend"))
		if s.want(got, 200, ""); got.json["user_id"] != id {
			t.Errorf("asked for %q, got %v", id, got.json["user_id"])
		}
	}
	s.want(s.call("GET", "/api/entitlements?user_id=ada&user_id=eve", "", as("app:backend")), 400, "bad_request")
	s.want(s.call("GET", "/api/entitlements?user_id=ada&user_id=eve", "", as("user:ada")), 400, "bad_request")
}

// What of a query cannot be read must not be left out: it may be whom a list is asked for.
func TestQuery_ThatCannotBeReadIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	for _, path := range []string{"/api/changes", "/api/admin/events", "/api/admin/log", "/api/plans"} {
		s.want(s.call("GET", path, "", as("admin:ops")), 200, "")
		for _, query := range []string{"user_id=%zz", "user_id=a%", "user_id=ada;limit=1", "limit=1&user_id=%u0061", "user%zz=ada"} {
			got := s.call("GET", path+"?"+query, "", as("admin:ops"))
			if s.want(got, 400, "bad_request"); !strings.Contains(got.detail(), "the query cannot be read") {
				t.Errorf("%s?%s: %s", path, query, got.text)
			}
		}
	}
}

// Nor what a route does not know: it may be misspelt.
func TestQuery_WithAnUnknownParameterIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	for _, r := range rules {
		if r.roles == nil && r.ofUser == nil {
			continue
		}
		path := strings.NewReplacer(":plan", "basic", ":user_id", "ada", ":id", "ord_absent", ":feature", "sso").Replace(r.path)
		for _, name := range []string{"USER_ID", "user_id[]", "user", "user_id ", "", "_"} {
			got := s.call(r.method, path+"?"+url.QueryEscape(name)+"=ada", "", as("admin:ops"))
			if s.want(got, 400, "bad_request"); !strings.Contains(got.detail(), fmt.Sprintf("the query has %q", name)) {
				t.Errorf("%s %s?%s=ada: %s", r.method, path, name, got.text)
			}
		}
	}
	got := s.call("GET", "/api/changes?user=ada&z=1&limit=2", "", as("app:backend"))
	if s.want(got, 400, "bad_request"); !strings.HasSuffix(got.detail(), `the query has "user", which is none of after, wait, limit, user_id, feature`) {
		t.Error(got.detail())
	}
	got = s.call("POST", "/api/portal?user_id=ada", `{}`, as("app:backend"))
	if s.want(got, 400, "bad_request"); !strings.HasSuffix(got.detail(), `the query has "user_id", and this takes nothing in the query`) {
		t.Error(got.detail())
	}
	for _, path := range []string{"/api/changes?", "/api/changes?&", "/healthz?x=1", "/api/openapi.json?v=2"} {
		s.want(s.call("GET", path, "", as("app:backend")), 200, "")
	}
}

func TestEntitlements_WhenTheStoreFails(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	s.store.fail(ports.ErrUnavailable)
	got := s.call("GET", "/api/entitlements", "", as("user:ada"))
	s.want(got, 503, "unavailable")
	if got.Header.Get("Retry-After") != "2" {
		t.Errorf("got Retry-After %q", got.Header.Get("Retry-After"))
	}
	s.store.fail(errors.New("column grants.value of db.internal does not exist"))
	got = s.call("GET", "/api/entitlements", "", as("user:ada"))
	s.want(got, 500, "internal")
	if strings.Contains(got.text, "column") || !strings.Contains(s.log.String(), "column grants.value") {
		t.Errorf("the client got %s, the log %s", got.text, s.log)
	}
}
