package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
	"github.com/entitled-dev/entitled/adapters/bunstore/sqlitetest"
)

// balancer is a reverse proxy as there are many: it asks each program whether it is
// ready, sends requests to one that was, and repeats none.
type balancer struct {
	*httptest.Server
	forward *httputil.ReverseProxy
	next    atomic.Int64

	mu       sync.Mutex
	programs []*balanced
}

type balanced struct {
	url   *url.URL
	ready atomic.Bool
}

// newBalancer asks every program 20 times a second.
func newBalancer(t *testing.T) *balancer {
	t.Helper()
	b := &balancer{}
	b.forward = &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(b.pick().url) },
		Transport: &http.Transport{MaxIdleConnsPerHost: 64},
	}
	b.Server = httptest.NewServer(b.forward)
	ctx, stop := context.WithCancel(context.Background())
	var probing sync.WaitGroup
	probing.Go(func() {
		probe := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 2 * time.Second}
		for ctx.Err() == nil {
			for _, p := range b.all() {
				answer, err := probe.Get(p.url.JoinPath("/readyz").String())
				p.ready.Store(err == nil && answer.StatusCode == 200)
				if err == nil {
					answer.Body.Close()
				}
			}
			time.Sleep(50 * time.Millisecond)
		}
	})
	t.Cleanup(func() { b.Close(); stop(); probing.Wait() })
	return b
}

func (b *balancer) all() []*balanced {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]*balanced{}, b.programs...)
}

// add has a program take requests once it was seen to be ready.
func (b *balancer) add(p *program) *balanced {
	added := &balanced{url: &url.URL{Scheme: "http", Host: p.Address}}
	b.mu.Lock()
	b.programs = append(b.programs, added)
	b.mu.Unlock()
	return added
}

// pick takes turns among the programs that are ready, and the last one if none is.
func (b *balancer) pick() *balanced {
	var ready []*balanced
	all := b.all()
	for _, p := range all {
		if p.ready.Load() {
			ready = append(ready, p)
		}
	}
	if len(ready) == 0 {
		return all[len(all)-1]
	}
	return ready[int(b.next.Add(1))%len(ready)]
}

func (b *balanced) await(t *testing.T, ready bool) {
	t.Helper()
	for start := time.Now(); b.ready.Load() != ready; time.Sleep(5 * time.Millisecond) {
		if time.Since(start) > time.Minute {
			t.Fatalf("%s: ready is %t for a minute", b.url, !ready)
		}
	}
}

func TestDrain_ARollingRestartLosesNoRequest(t *testing.T) {
	t.Parallel()
	const buyers = 20_000
	database := pgtest.URL(t)
	seedBuyers(t, database, buyers)
	binary := programtest.Build(t)
	proxy := newBalancer(t)
	running := startProgram(t, binary, database, "DRAIN_TIME=5s")
	seen := proxy.add(running)
	seen.await(t, true)

	// Requests that may not be repeated, and those that a transport would repeat by itself.
	var sent atomic.Int64
	var over atomic.Bool
	var senders sync.WaitGroup
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	defer client.CloseIdleConnections()
	for range 8 {
		senders.Go(func() {
			for n := sent.Add(1); n <= buyers && !over.Load(); n = sent.Add(1) {
				body := completedEvent(n)
				request, err := http.NewRequest("POST", proxy.URL+"/api/webhooks/stripe", bytes.NewReader(body))
				if n%4 == 0 {
					request, err = http.NewRequest("GET", proxy.URL+"/api/entitlements?user_id=user_bench_1", http.NoBody)
				}
				if err != nil {
					t.Error(err)
					return
				}
				request.Header.Set("Stripe-Signature", programtest.StripeSignature(body, programtest.WebhookSecret))
				request.Header.Set("Authorization", "Bearer "+programtest.APIKey)
				answer, err := client.Do(request)
				if err != nil {
					t.Errorf("request %d: %v", n, err)
					continue
				}
				_, _ = io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
				if answer.StatusCode != 200 {
					t.Errorf("request %d was answered %d", n, answer.StatusCode)
				}
			}
		})
	}
	for range 2 {
		next := startProgram(t, binary, database, "DRAIN_TIME=5s")
		nextSeen := proxy.add(next)
		nextSeen.await(t, true)
		running.Stop(t)
		seen.await(t, false)
		running, seen = next, nextSeen
	}
	before := sent.Load()
	for start := time.Now(); sent.Load() < before+50 && time.Since(start) < time.Minute; {
		time.Sleep(5 * time.Millisecond)
	}
	over.Store(true)
	senders.Wait()
	t.Logf("%d requests", sent.Load())
}

// Whatever a request waits for when the signal comes, it is answered as if none had come; who
// waits for something to happen hears how it stands.
func TestDrain_RequestsOfEachKindThatAreUnderWayAreAnswered(t *testing.T) {
	t.Parallel()
	database := pgtest.URL(t)
	seedBuyers(t, database, 2)
	box := openBox(t)
	stripe := mustURL(t, box.URL())
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(stripe) }}
	var hold atomic.Bool
	held, released := make(chan struct{}), make(chan struct{})
	release := sync.OnceFunc(func() { close(released) })
	between := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && hold.CompareAndSwap(true, false) {
			close(held)
			<-released
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(between.Close)
	defer release() // or the end of a test that fails waits for it
	p := startProgram(t, programtest.Build(t), database, "STRIPE_API_BASE="+between.URL)
	order := p.Call(t, "POST", "/api/checkout/basic", `{"user_id":"ana"}`, 201)["order_id"].(string)
	lock, err := sqlOf(t, database).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Rollback() }()

	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // one that nothing is sent on would be waited for
	var all sync.WaitGroup
	begin := func(method, path string, body io.Reader, want int, says string, headers ...string) (begun chan struct{}) {
		begun = make(chan struct{})
		all.Go(func() {
			request, err := http.NewRequestWithContext(t.Context(), method, "http://"+p.Address+path, body)
			if err != nil {
				t.Error(err)
				return
			}
			request.Header.Set("Authorization", "Bearer "+programtest.APIKey)
			request.Header.Set("Content-Type", "application/json")
			for i := 0; i < len(headers); i += 2 {
				request.Header.Set(headers[i], headers[i+1])
			}
			answer, err := client.Do(request)
			close(begun)
			if err != nil {
				t.Errorf("%s %s: %v", method, path, err)
				return
			}
			defer answer.Body.Close()
			text, err := io.ReadAll(answer.Body)
			if err != nil || answer.StatusCode != want || !strings.Contains(string(text), says) {
				t.Errorf("%s %s was answered %d, %v, want %d and %s:\n%s", method, path, answer.StatusCode, err, want, says, text)
			}
		})
		return begun
	}
	signed := func(body []byte) (string, string) {
		return "Stripe-Signature", programtest.StripeSignature(body, programtest.WebhookSecret)
	}

	<-begin("GET", "/api/changes", http.NoBody, 200, "retry:", "Accept", "text/event-stream")
	begin("GET", "/api/orders/"+order+"?wait=30s", http.NoBody, 200, `"status":"open"`)
	p.eventually(t, "an order is waited for", func() bool { return p.gauge(t, "entitled_order_waits") == 1 })
	hold.Store(true)
	begin("POST", "/api/checkout/pro", strings.NewReader(`{"user_id":"bea"}`), 201, `"url"`)
	<-held
	half, rest := io.Pipe()
	late := completedEvent(2)
	name, signature := signed(late)
	begin("POST", "/api/webhooks/stripe", half, 200, `"applied"`, name, signature)
	if _, err := rest.Write(late[:len(late)/2]); err != nil {
		t.Fatal(err)
	}
	p.eventually(t, "half a body is there", func() bool { return p.gauge(t, "entitled_http_body_bytes") > 0 })
	if _, err := lock.ExecContext(t.Context(), "LOCK TABLE entitlements IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	early := completedEvent(1)
	name, signature = signed(early)
	begin("POST", "/api/webhooks/stripe", bytes.NewReader(early), 200, `"applied"`, name, signature)
	begin("GET", "/api/entitlements?user_id=ana", http.NoBody, 200, `"entitlements":[]`)
	p.eventually(t, "both wait for the database", func() bool {
		return queryInt(t, database, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'entitled' AND wait_event_type = 'Lock'") == 2
	})

	if err := p.Cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.eventually(t, "it listens no more", func() bool {
		conn, err := net.Dial("tcp", p.Address)
		if err == nil {
			conn.Close()
		}
		return err != nil
	})
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	release()
	if _, err := rest.Write(late[len(late)/2:]); err != nil {
		t.Error(err)
	}
	rest.Close()
	all.Wait()
	select {
	case err := <-p.Ended:
		if p.Ended <- err; err != nil {
			t.Errorf("ended with %v\n%s", err, p.Log)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("still there 20 s after SIGTERM\n%s", p.Log)
	}
	if got := counts(t, database); got != "2 receipts, 2 applied, 2 paid, 2 entitlements, 2 changes" {
		t.Errorf("kept: %s", got)
	}
}

func TestDrain_ASecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	p := startProgram(t, programtest.Build(t), sqlitetest.URL(t), "DRAIN_TIME=5m")
	terminate := func() {
		t.Helper()
		if err := p.Cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
	}
	terminate()
	for start := time.Now(); get(t, p, "/readyz") != 503; time.Sleep(5 * time.Millisecond) {
		if time.Since(start) > time.Minute {
			t.Fatal("ready, a minute after SIGTERM")
		}
	}
	if status := get(t, p, "/api/openapi.json"); status != 200 {
		t.Errorf("answered %d while it drains", status)
	}
	// One that comes right after the first is taken for the same.
	for start := time.Now(); ; {
		terminate()
		select {
		case err := <-p.Ended:
			p.Ended <- err
			if err == nil || !strings.Contains(p.Log.String(), "for the second time: ended at once") {
				t.Errorf("ended with %v\n%s", err, p.Log)
			}
			return
		case <-time.After(100 * time.Millisecond):
		}
		if time.Since(start) > time.Minute {
			t.Fatal("still there, a minute after the second SIGTERM")
		}
	}
}
