package httpapi

import (
	"log/slog"
	"strings"
	"testing"
)

func TestMetrics_AreForOperatorsAndQuiet(t *testing.T) {
	t.Parallel()
	s := start(t, setup{log: slog.LevelInfo})
	got := s.call("GET", "/metrics", "", as("admin:prometheus"))
	if s.want(got, 200, ""); got.text != "events_total 1\n" {
		t.Errorf("got %q", got.text)
	}
	if logged := s.log.String(); logged != "" {
		t.Errorf("logged %s", logged)
	}
	for token, code := range map[string]string{"app:backend": "forbidden", "user:ada": "forbidden", "forged": "bad_credentials"} {
		if got := s.call("GET", "/metrics", "", as(token)); got.code() != code || strings.Contains(got.text, "events_total") {
			t.Errorf("as %s: got %d %s", token, got.StatusCode, got.text)
		}
	}
}
