package httpapi

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/domain"
)

func TestLog_HoldsNoSecrets(t *testing.T) {
	t.Parallel()
	s := start(t, setup{log: slog.LevelDebug})
	secrets := map[string]string{
		"Authorization": "Bearer user:ada@example.com",
		"Cookie":        "session=s3cr3t-cookie",
	}
	webhook := map[string]string{"Stripe-Signature": "t=1,v1=feedbeef", "Cookie": "session=s3cr3t-cookie"}
	s.call("POST", "/api/checkout/pro", `{"locale":"s3cr3t_body"}`, secrets)
	s.call("POST", "/api/checkout/pro", `{"s3cr3t_body":1}`, secrets)
	s.call("POST", "/api/checkout/pro", "", secrets)
	s.call("GET", "/api/entitlements?token=s3cr3t-query", "", secrets)
	s.call("GET", "/api/s3cr3t-path?token=s3cr3t-query", "", secrets)
	s.call("GET", "/api/entitlements", "", as("s3cr3t-token"))
	s.call("POST", webhookPath, `{"id":"s3cr3t_body"}`, webhook)
	s.store.fail(errors.New("no: whsec_s3cr3t sk_live_s3cr3t rk_test_s3cr3t v1=feedbeef Bearer s3cr3t-token eyJhbGciOi.s3cr3t.s3cr3t buyer@example.com"))
	s.call("GET", "/api/entitlements", "", secrets)
	s.call("GET", "/readyz", "")
	s.deliver(domain.Event{ID: "evt_1", Type: "x"})

	panicked := s.call("GET", "/api/entitlements", "", as("panic"))
	s.want(panicked, 500, "internal")
	if strings.Contains(panicked.text, "leaked") {
		t.Errorf("the client got %s", panicked.text)
	}

	logged := s.log.String()
	for _, secret := range []string{"s3cr3t", "whsec_", "sk_live", "v1=", "Bearer", "feedbeef", "example.com", "panicked", "0123abcd"} {
		if at := strings.Index(logged, secret); at >= 0 {
			t.Errorf("the log holds %q: %s", secret, logged[max(0, at-200):at+len(secret)])
		}
	}
	for _, useful := range []string{
		`"route":"/api/checkout/:plan"`, `"route":"unmatched"`, `"caller":"user"`, `"stack":"goroutine`,
		`"code":"bad_credentials"`, `"error":"panic: leaked [redacted] and [redacted], [redacted], [redacted]"`,
	} {
		if !strings.Contains(logged, useful) {
			t.Errorf("the log lacks %s", useful)
		}
	}
}

func TestLog_Levels(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	s.call("GET", "/api/plans", "")
	s.call("GET", "/api/entitlements", "")
	if logged := s.log.String(); strings.Count(logged, `"level":"INFO"`) != 2 || strings.Contains(logged, `"error"`) {
		t.Errorf("answers that are no trouble of ours: %s", logged)
	}
	s.call("GET", "/api/entitlements?user_id=ada", "", as("app:backend"))
	if !strings.Contains(s.log.String(), `"caller":"app","key":"backend"`) {
		t.Errorf("the log does not name the service key: %s", s.log)
	}
	quiet := start(t, setup{log: slog.LevelError})
	quiet.call("GET", "/api/plans", "")
	quiet.store.fail(fmt.Errorf("a bug"))
	quiet.call("GET", "/api/entitlements", "", as("user:ada"))
	if logged := quiet.log.String(); strings.Count(logged, "\n") != 1 || !strings.Contains(logged, "a bug") {
		t.Errorf("at level error: %s", logged)
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"key sk_live_abc is wrong":              "key [redacted] is wrong",
		`secret="whsec_abc"`:                    `secret="[redacted]"`,
		"disk_full on task_1":                   "disk_full on task_1",
		"header t=1,v1=0aF":                     "header t=1,[redacted]",
		"Authorization: Bearer abc.def":         "Authorization: [redacted]",
		"dial postgres://u:pass@db.internal/x:": "dial [redacted]",
		"order ord_1 of plan pro":               "order ord_1 of plan pro",
	} {
		if got := redact(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
