package httpapi

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/app"
)

// teller tells what changed in a service, as its worker does.
func (s *service) teller() *app.TellChanges {
	tell := app.NewTellChanges(s.store, catalog, s.clock.Now, time.After)
	tell.OnTold(s.deps.ReadChanges.Grew)
	return tell
}

// give gives somebody projects by hand, and tells of it.
func (s *service) give(user string, projects int) {
	s.Helper()
	body := fmt.Sprintf(`{"feature":"projects","value":%d,"until":"2030-01-01T00:00:00Z","reason":"a favor"}`, projects)
	if got := s.call("POST", "/api/admin/users/"+user+"/grants", body, as("admin:ops")); got.StatusCode != 201 {
		s.Fatalf("give: %s", got.text)
	}
	if _, err := s.teller().Once(s.Context()); err != nil {
		s.Fatal(err)
	}
}

func TestChanges_AreReadInOrder(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	s.give("ada", 5)
	s.give("eve", 6)
	s.give("ada", 7)
	got := s.call("GET", "/api/changes", "", as("app:backend"))
	first := `{"after":{"ends_at":"2030-01-01T00:00:00Z","in_grace":false,"renews":false,"until":"2030-01-01T00:00:00Z","value":5},"at":"` +
		s.clock.Now().Format(time.RFC3339Nano) + `","before":null,"cause":"by_hand","event_id":null,"feature":"projects","position":1,"user_id":"ada","version":1}`
	if list := got.json["changes"].([]any); got.StatusCode != 200 || len(list) != 3 || jsonOf(t, list[0]) != first || got.json["next"] != 3.0 {
		t.Fatalf("got %s, want first %s", got.text, first)
	}
	for query, want := range map[string]string{
		"?after=1&limit=1": "[2] 2", "?after=3": "[] 3", "?user_id=ada": "[1 3] 3", "?user_id=ada&limit=1": "[1] 1",
		"?user_id=ada&after=1": "[3] 3", "?user_id=nobody": "[] 3", "?feature=projects&after=2": "[3] 3", "?feature=sso": "[] 3", "?limit=0": "[] 3",
	} {
		got := s.call("GET", "/api/changes"+query, "", as("app:backend"))
		positions := []any{}
		for _, change := range got.json["changes"].([]any) {
			positions = append(positions, change.(map[string]any)["position"])
		}
		if told := fmt.Sprint(positions, got.json["next"]); told != want {
			t.Errorf("%s: got %s, want %s", query, told, want)
		}
	}
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestChanges_ABadCursorIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	s.give("ada", 5)
	for query, code := range map[string]string{
		"?after=2": "cursor_ahead", "?after=2&wait=20s": "cursor_ahead", "?after=-1": "bad_request", "?after=x": "bad_request", "?after=9999999999999999999": "bad_request",
		"?limit=-1": "bad_request", "?limit=1001": "bad_request", "?wait=1h": "bad_request", "?user_id=": "bad_request", "?feature=%00": "bad_request",
	} {
		got := s.call("GET", "/api/changes"+query, "", as("app:backend"))
		if got.StatusCode < 400 || got.StatusCode >= 500 || got.code() != code {
			t.Errorf("%s: got %d %s, want %s", query, got.StatusCode, got.text, code)
		}
	}
	headers := as("app:backend")
	headers["Accept"], headers["Last-Event-ID"] = "text/event-stream", "2"
	s.want(s.call("GET", "/api/changes", "", headers), 409, "cursor_ahead")
	headers["Last-Event-ID"] = "two"
	s.want(s.call("GET", "/api/changes", "", headers), 400, "bad_request")
}

func TestChanges_WaitEndsWithAChange(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	answered := make(chan reply)
	began := time.Now()
	go func() { answered <- s.call("GET", "/api/changes?wait=20s&user_id=ada", "", as("app:backend")) }()
	for s.deps.ReadChanges.Readers() == 0 {
		time.Sleep(time.Millisecond)
	}
	s.give("eve", 5) // which is not asked for
	s.give("ada", 6)
	if got := <-answered; len(got.json["changes"].([]any)) != 1 || got.json["next"] != 2.0 || time.Since(began) > 15*time.Second {
		t.Errorf("got %s after %s", got.text, time.Since(began))
	}
	got := s.call("GET", "/api/changes?after=2&wait=50ms", "", as("app:backend"))
	if len(got.json["changes"].([]any)) != 0 || got.json["next"] != 2.0 {
		t.Errorf("got %s", got.text)
	}
}

// stream opens a stream of changes, and returns its lines.
func (s *service) stream(ctx context.Context, query, lastID string) (*http.Response, *bufio.Scanner) {
	s.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/api/changes"+query, nil)
	if err != nil {
		s.Fatal(err)
	}
	for name, value := range as("app:backend") {
		r.Header.Set(name, value)
	}
	r.Header.Set("Accept", "text/event-stream")
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	answer, err := s.client.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = answer.Body.Close() })
	return answer, bufio.NewScanner(answer.Body)
}

// lines reads so many lines that are not empty.
func lines(t *testing.T, from *bufio.Scanner, n int) []string {
	t.Helper()
	var all []string
	for len(all) < n {
		if !from.Scan() {
			t.Fatalf("the stream ended after %q: %v", all, from.Err())
		}
		if line := from.Text(); line != "" {
			all = append(all, line)
		}
	}
	return all
}

func TestChanges_Stream(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	s.give("ada", 5)
	s.give("eve", 6)
	answer, from := s.stream(t.Context(), "", "1")
	if h := answer.Header; answer.StatusCode != 200 || h.Get("Content-Type") != "text/event-stream" || h.Get("X-Accel-Buffering") != "no" || h.Get("Cache-Control") != "no-store" {
		t.Errorf("got %d with %v", answer.StatusCode, h)
	}
	got := lines(t, from, 3)
	if got[0] != "retry: 2000" || got[1] != "id: 2" || !strings.HasPrefix(got[2], `data: {"after":{`) || !strings.Contains(got[2], `"user_id":"eve"`) {
		t.Errorf("the stream says %q", got)
	}
	s.give("ada", 7)
	if got := lines(t, from, 2); got[0] != "id: 3" || !strings.Contains(got[1], `"position":3`) {
		t.Errorf("the stream says %q", got)
	}
}

func TestChanges_StreamsEndWithTheServer(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	s.give("ada", 5)
	_, from := s.stream(t.Context(), "", "")
	lines(t, from, 3)
	began := time.Now()
	go s.end()
	for from.Scan() {
		continue
	}
	if err := from.Err(); err != nil || time.Since(began) > 10*time.Second {
		t.Errorf("the stream ended with %v after %s", err, time.Since(began))
	}
}

func TestChanges_ReadersAreFew(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	s.give("ada", 5)
	ctx, hangUp := context.WithCancel(t.Context())
	defer hangUp()
	for {
		answer, _ := s.stream(ctx, "", "")
		if answer.StatusCode == 200 {
			continue
		}
		if n := s.deps.ReadChanges.Readers(); answer.StatusCode != 429 || answer.Header.Get("Retry-After") == "" || n != 20 {
			t.Errorf("got %d with %v, while %d read", answer.StatusCode, answer.Header, n)
		}
		break
	}
	s.want(s.call("GET", "/api/changes?wait=1s", "", as("app:backend")), 429, "too_many_readers")
	if got := s.call("GET", "/api/changes?wait=10ms&after=1", "", as("admin:ops")); got.StatusCode != 200 {
		t.Errorf("another key: got %s", got.text)
	}
	if got := s.call("GET", "/api/changes", "", as("app:backend")); got.StatusCode != 200 {
		t.Errorf("who does not wait: got %s", got.text)
	}
	hangUp()
	for s.deps.ReadChanges.Readers() > 0 {
		time.Sleep(time.Millisecond)
	}
}

func TestEntitlements_AtLeast(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	s.give("ada", 5)
	for _, path := range []string{"/api/entitlements", "/api/entitlements/projects"} {
		got := s.call("GET", path+"?at_least=1", "", as("user:ada"))
		if got.StatusCode != 200 || got.json["version"] != 1.0 {
			t.Errorf("%s: got %s", path, got.text)
		}
		s.want(s.call("GET", path+"?at_least=-1", "", as("user:ada")), 400, "bad_request")
		s.want(s.call("GET", path+"?at_least=x", "", as("user:ada")), 400, "bad_request")
	}
	answered := make(chan reply)
	began := time.Now()
	go func() { answered <- s.call("GET", "/api/entitlements?at_least=2", "", as("user:ada")) }()
	s.give("ada", 9)
	if got := <-answered; got.json["version"] != 2.0 || time.Since(began) > 4*time.Second {
		t.Errorf("waited %s for %s", time.Since(began), got.text)
	}
}
