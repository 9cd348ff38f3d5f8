package httpapi

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
)

func TestShutdown_WaitsEndWithTheCurrentState(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	order, _ := s.buy("ada", "basic")
	looked := make(chan struct{}, 100)
	notice := func(context.Context) { looked <- struct{}{} }
	s.store.notice.Store(&notice)
	answered := make(chan reply, 1)
	go func() { answered <- s.call("GET", "/api/orders/"+order+"?wait=30s", "", as("user:ada")) }()
	<-looked

	began := time.Now()
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
	if got := <-answered; got.StatusCode != 200 || got.json["status"] != "open" {
		t.Errorf("got %d %s", got.StatusCode, got.text)
	}
}

func TestShutdown_RequestsUnderWayFinish(t *testing.T) {
	t.Parallel()
	inside, finish := make(chan struct{}), make(chan struct{})
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(inside)
		<-finish
		_, _ = w.Write([]byte("done"))
	})
	s := start(t, setup{config: Config{Mounts: []Mount{{"/slow", page}}}})
	answered := make(chan reply, 1)
	go func() { answered <- s.call("GET", "/slow", "") }()
	<-inside

	down := make(chan error, 1)
	go func() { down <- s.Shutdown(context.Background()) }()
	for {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			break // it listens no more
		}
		conn.Close()
		time.Sleep(10 * time.Millisecond)
	}
	select {
	case err := <-down:
		t.Fatalf("shut down with a request under way: %v", err)
	default:
	}
	close(finish)
	if got := <-answered; got.text != "done" {
		t.Errorf("got %d %q", got.StatusCode, got.text)
	}
	if err := <-down; err != nil {
		t.Error(err)
	}
}

// drains makes the server's time of draining last until the test says so.
func (s *service) drains() (over chan time.Time) {
	over = make(chan time.Time)
	s.after = func(time.Duration) <-chan time.Time { return over }
	return over
}

func TestShutdown_DrainsFirst(t *testing.T) {
	t.Parallel()
	s := start(t, setup{config: Config{DrainTime: time.Hour}})
	over := s.drains()
	order, session := s.buy("ada", "basic")
	looked := make(chan struct{}, 100)
	notice := func(context.Context) { looked <- struct{}{} }
	s.store.notice.Store(&notice)
	waited := make(chan reply, 1)
	go func() { waited <- s.call("GET", "/api/orders/"+order+"?wait=30s", "", as("user:ada")) }()
	<-looked

	down := make(chan error, 1)
	go func() { down <- s.Shutdown(context.Background()) }()
	<-s.stopping.Done()
	for range 2 {
		no := s.call("GET", "/readyz", "")
		if s.want(no, 503, "shutting_down"); !no.Close {
			t.Error("a connection goes on that is about to be closed")
		}
		// What comes all the same is served, on connections that end with it.
		if got := s.call("GET", "/api/plans", "", as("user:ada")); got.StatusCode != 200 || !got.Close {
			t.Errorf("got %d, closed %t", got.StatusCode, got.Close)
		}
	}
	s.pay(session)
	if got := <-waited; got.json["status"] != "paid" {
		t.Errorf("who waited got %s", got.text)
	}
	select {
	case err := <-down:
		t.Fatalf("it did not drain: %v", err)
	default:
	}
	over <- time.Time{}
	if err := <-down; err != nil {
		t.Error(err)
	}
	if conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://")); err == nil {
		conn.Close()
		t.Error("it still listens")
	}
}

func TestShutdown_CutsOffWhatOutlivesIt(t *testing.T) {
	t.Parallel()
	inside := make(chan struct{})
	page := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(inside)
		<-r.Context().Done()
	})
	s := start(t, setup{config: Config{Mounts: []Mount{{"/slow", page}}}})
	conn := s.dial()
	s.say(conn, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
	<-inside
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestModule_ListensAndStopsWithTheProgram(t *testing.T) {
	t.Parallel()
	deps := start(t, setup{}).deps
	var s *Server
	program := fxtest.New(t, fx.Supply(deps, Config{Addr: "127.0.0.1:0"}), Module, fx.Populate(&s))
	program.RequireStart()
	program.RequireStop()
	if s.stopping.Err() == nil {
		t.Error("the server was not shut down")
	}
}

func TestModule_FailsToStartOnATakenAddress(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	deps := start(t, setup{}).deps
	program := fx.New(fx.NopLogger, fx.Supply(deps, Config{Addr: taken.Addr().String()}), Module)
	if err := program.Start(t.Context()); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("got %v", err)
	}
}
