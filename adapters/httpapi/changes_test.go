package httpapi

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/entitled-dev/entitled/adapters/memory"
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
		s.clock.Now().Format(time.RFC3339Nano) + `","before":null,"cause":"by_hand","ending":null,"event_id":null,"feature":"projects","kind":"change","position":1,"user_id":"ada","version":1}`
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
	stream := as("app:backend")
	stream["Accept"] = "text/event-stream"
	for _, headers := range []map[string]string{as("app:backend"), stream} {
		got := s.call("GET", "/api/changes?feature=projcts", "", headers)
		if s.want(got, 404, "unknown_feature"); !strings.Contains(got.detail(), `"projcts" is not in the catalog, which has projects`) {
			t.Errorf("got %s", got.text)
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

// A cursor of which nothing is kept any more is refused, in pages and streams; where the feed
// ends is told all the same, and from there on all is there.
func TestChanges_WhatIsPrunedIsGone(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	for n := range 3 {
		s.give("ada", n+1)
	}
	s.clock.pass(91 * 24 * time.Hour)
	s.give("ada", 7)
	prune := app.NewPruneFeed(s.store, app.Settings{FeedRetention: 90 * 24 * time.Hour}, s.clock.Now, time.After)
	if n, err := prune.Once(t.Context()); err != nil || n != 3 {
		t.Fatalf("removed %d, %v", n, err)
	}
	for _, query := range []string{"", "?after=2", "?after=2&wait=20s", "?after=1&user_id=nobody"} {
		got := s.call("GET", "/api/changes"+query, "", as("app:backend"))
		s.want(got, 410, "cursor_pruned")
		if said := got.json["detail"].(string); !strings.Contains(said, "the first position is 4") || !strings.Contains(said, "limit=0") {
			t.Errorf("%s: %s", query, said)
		}
	}
	for _, lastID := range []string{"", "2"} {
		if answer, _ := s.stream(t.Context(), "", lastID); answer.StatusCode != 410 {
			t.Errorf("a stream after %q: got %d", lastID, answer.StatusCode)
		}
	}
	if n := s.deps.ReadChanges.Readers(); n != 0 {
		t.Errorf("%d readers are left", n)
	}
	if got := s.call("GET", "/api/changes?limit=0", "", as("app:backend")); got.StatusCode != 200 || got.json["next"] != 4.0 {
		t.Errorf("where it ends: got %s", got.text)
	}
	for after, want := range map[string]int{"3": 1, "4": 0} {
		got := s.call("GET", "/api/changes?after="+after, "", as("app:backend"))
		if got.StatusCode != 200 || len(got.json["changes"].([]any)) != want || got.json["next"] != 4.0 {
			t.Errorf("after %s: got %s", after, got.text)
		}
	}
	_, from := s.stream(t.Context(), "", "3")
	if got := lines(t, from, 3); got[1] != "id: 4" {
		t.Errorf("the stream says %q", got)
	}
}

func TestChanges_EndsAreAnnounced(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	announcing := catalog
	announcing.AnnounceEnds = []time.Duration{24 * time.Hour}
	tell := app.NewTellChanges(s.store, announcing, s.clock.Now, time.After)
	until := s.clock.Now().Add(48 * time.Hour).UTC().Format(time.RFC3339Nano)
	give := func(more string) {
		body := `{"feature":"projects","value":5,` + more + `"reason":"a favor"}`
		if got := s.call("POST", "/api/admin/users/ada/grants", body, as("admin:ops")); got.StatusCode != 201 {
			t.Fatalf("give: %s", got.text)
		}
	}
	give(`"until":"` + until + `",`)
	for range 2 {
		if _, err := tell.Once(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.clock.pass(24 * time.Hour)
	}
	s.clock.pass(-time.Hour)
	give("")
	if _, err := tell.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := s.call("GET", "/api/changes?after=1", "", as("app:backend"))
	var said []string
	for _, change := range got.json["changes"].([]any) {
		c := change.(map[string]any)
		said = append(said, fmt.Sprintf("%s %s v%v %t", c["kind"], jsonOf(t, c["ending"]), c["version"], jsonOf(t, c["before"]) == jsonOf(t, c["after"])))
	}
	want := []string{
		`ending {"ends_at":"` + until + `","lead_seconds":86400} v1 true`,
		`change null v2 false`,
		`ending_withdrawn {"ends_at":"` + until + `","lead_seconds":0} v2 true`,
	}
	if fmt.Sprint(said) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", said, want)
	}
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

// onePipe is a listener to which one client has come, whose connection holds nothing back: what
// the client does not read is not sent.
type onePipe struct {
	conn chan net.Conn
	once sync.Once
}

func (l *onePipe) Accept() (net.Conn, error) {
	if conn := <-l.conn; conn != nil {
		return conn, nil
	}
	return nil, net.ErrClosed
}
func (l *onePipe) Close() error   { l.once.Do(func() { close(l.conn) }); return nil }
func (l *onePipe) Addr() net.Addr { return &net.TCPAddr{} }

// A stream says that it is there, and a reader that does not take what it is sent is cut off:
// nothing is kept for it, and another may have its place.
func TestChanges_ASlowReaderOfAStreamIsCutOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &store{Store: memory.NewStore()}
		deps, closeApp := wire(store, memory.NewGateway(time.Now), catalog, time.Now)
		defer closeApp()
		deps.Authenticator, deps.Log = &keyring{}, slog.New(slog.DiscardHandler)
		s, err := New(deps, Config{})
		if err != nil {
			t.Fatal(err)
		}
		client, server := net.Pipe()
		l := &onePipe{conn: make(chan net.Conn, 1)}
		l.conn <- server
		ended := make(chan error, 1)
		go func() { ended <- s.Start(l) }()
		if _, err := fmt.Fprint(client, "GET /api/changes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer app:backend\r\nAccept: text/event-stream\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(client), nil)
		if err != nil || answer.StatusCode != 200 {
			t.Fatalf("got %+v, %v", answer, err)
		}
		from := bufio.NewScanner(answer.Body)
		lines(t, from, 3) // where it begins
		began := time.Now()
		for range 3 {
			if got := lines(t, from, 2); got[0] != ": heartbeat" || got[1] != "id: 0" {
				t.Errorf("the stream says %q", got)
			}
		}
		if silent := time.Since(began); silent != 3*heartbeat {
			t.Errorf("three heartbeats took %s", silent)
		}
		time.Sleep(heartbeat + writeTime - time.Second)
		if n := deps.ReadChanges.Readers(); n != 1 {
			t.Errorf("%d read shortly before the reader is too slow", n)
		}
		time.Sleep(2 * time.Second)
		if n := deps.ReadChanges.Readers(); n != 0 {
			t.Errorf("%d still read", n)
		}
		for from.Scan() {
			continue
		}
		if err := s.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestEntitlements_AtLeast(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	s.give("ada", 5)
	for _, path := range []string{"/api/entitlements", "/api/entitlements/projects", "/api/subscription", "/api/orders"} {
		got := s.call("GET", path+"?at_least=1", "", as("user:ada"))
		if version, told := got.json["version"]; got.StatusCode != 200 || told && version != 1.0 {
			t.Errorf("%s: got %s", path, got.text)
		}
		s.want(s.call("GET", path+"?at_least=-1", "", as("user:ada")), 400, "bad_request")
		s.want(s.call("GET", path+"?at_least=x", "", as("user:ada")), 400, "bad_request")
	}
	for n, path := range []string{"/api/entitlements", "/api/subscription"} {
		answered := make(chan reply)
		began := time.Now()
		version := n + 2
		go func() { answered <- s.call("GET", fmt.Sprintf("%s?at_least=%d", path, version), "", as("user:ada")) }()
		s.give("ada", 9+n)
		if got := <-answered; got.json["version"] != float64(version) || time.Since(began) > 4*time.Second {
			t.Errorf("waited %s for %s", time.Since(began), got.text)
		}
	}
}

// A version that does not come is waited for no longer than some seconds, by every read.
func TestAtLeast_IsWaitedForSomeSeconds(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/api/entitlements", "/api/subscription", "/api/orders"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				deps, closeApp := wire(&store{Store: memory.NewStore()}, memory.NewGateway(time.Now), catalog, time.Now)
				defer closeApp()
				deps.Authenticator, deps.Log = &keyring{}, slog.New(slog.DiscardHandler)
				s, err := New(deps, Config{})
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				answer := httptest.NewRecorder()
				request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path+"?at_least=9", nil)
				request.Header.Set("Authorization", "Bearer user:ada")
				s.Handler().ServeHTTP(answer, request)
				if took := time.Since(began); answer.Code != 412 || !strings.Contains(answer.Body.String(), "version_not_reached") || took != 5*time.Second {
					t.Errorf("after %s: got %d %s", took, answer.Code, answer.Body)
				}
			})
		})
	}
}
