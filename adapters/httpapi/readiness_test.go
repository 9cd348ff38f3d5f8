package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/ports"
)

// unreachable is a store of which nothing can be asked but whether it is ready: any
// other question ends in a panic, and so in a 500.
type unreachable struct {
	ports.Store
	asked atomic.Int64
}

func (u *unreachable) Ready(context.Context) error { u.asked.Add(1); return nil }

// Whatever somebody asks who says not who they are, and however often, costs the
// database nothing.
func TestReadiness_NothingAnonymousReachesTheDatabasePerRequest(t *testing.T) {
	t.Parallel()
	clock, log := newClock(), &logbook{}
	store := &unreachable{}
	gateway := memory.NewGateway(clock.Now, stripePrices...)
	deps, closeApp := wire(store, gateway, catalog, clock.Now)
	defer closeApp()
	deps.Authenticator, deps.Log = &keyring{}, slog.New(slog.NewJSONHandler(log, nil))
	s, err := New(deps, Config{})
	if err != nil {
		t.Fatal(err)
	}
	path := strings.NewReplacer(":plan", "pro", ":id", "ord_1", ":user_id", "ada", ":feature", "sso")
	for _, r := range rules {
		for range 50 {
			request := httptest.NewRequest(r.method, path.Replace(r.path), strings.NewReader("{}"))
			request.Header.Set("Stripe-Signature", gateway.Sign([]byte("forged")))
			answer := httptest.NewRecorder()
			s.Handler().ServeHTTP(answer, request)
			want := http.StatusUnauthorized
			switch {
			case r.path == webhookPath:
				want = http.StatusBadRequest
			case r.roles == nil:
				want = http.StatusOK
			}
			if answer.Code != want {
				t.Fatalf("%s %s: got %d, want %d: %s\n%s", r.method, r.path, answer.Code, want, answer.Body, log)
			}
		}
	}
	if asked := store.asked.Load(); asked != 1 {
		t.Errorf("the database was asked %d times whether it is ready, want once", asked)
	}
}

func TestReadiness_IsRememberedForAMoment(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	var asked atomic.Int64
	down := errors.New("the schema is at version 1 of 2")
	var answer atomic.Pointer[error]
	s.ready.ask = func(context.Context) error {
		asked.Add(1)
		if err := answer.Load(); err != nil {
			return *err
		}
		return nil
	}
	for i, step := range []struct {
		passes time.Duration
		fails  bool // from now on
		status int
		asked  int64
	}{
		{0, false, 200, 1},
		{readyFresh - time.Nanosecond, true, 200, 1},
		{time.Nanosecond, true, 503, 2},
		{readyFresh - time.Nanosecond, false, 503, 2}, // a refusal is remembered too
		{time.Nanosecond, false, 200, 3},
		{-time.Hour, true, 503, 4}, // a clock that is put back
		{time.Hour, false, 200, 5}, // and forward
	} {
		if answer.Store(nil); step.fails {
			answer.Store(&down)
		}
		s.clock.pass(step.passes)
		if got := s.call("GET", "/readyz", ""); got.StatusCode != step.status || asked.Load() != step.asked {
			t.Errorf("step %d: got %d after %d questions, want %d after %d", i, got.StatusCode, asked.Load(), step.status, step.asked)
		}
	}
}

func TestReadiness_IsAskedOnceForAll(t *testing.T) {
	t.Parallel()
	const callers = 20
	s := start(t, setup{})
	var asked atomic.Int64
	inside, answer := make(chan struct{}, callers), make(chan struct{})
	s.ready.ask = func(context.Context) error {
		asked.Add(1)
		inside <- struct{}{}
		<-answer
		return nil
	}
	statuses := make([]int, callers)
	var wait sync.WaitGroup
	for i := range callers {
		wait.Go(func() { statuses[i] = s.call("GET", "/readyz", "").StatusCode })
	}
	<-inside
	// Who asked first leaves, and the question goes on for the others.
	leaving, leave := context.WithCancel(t.Context())
	leave()
	if err := s.ready.check(leaving); !errors.Is(err, context.Canceled) {
		t.Errorf("who left got %v", err)
	}
	close(answer)
	wait.Wait()
	if n := asked.Load(); n != 1 || slices.Contains(statuses, 503) {
		t.Errorf("asked %d times, answered %v", n, statuses)
	}
}
