package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/jackc/pgx/v5"

	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
)

// hangingStripe takes calls and answers none, until it is released. Then whatever it is
// asked about is another shop's.
type hangingStripe struct {
	url      string
	asked    atomic.Int64 // calls about payments
	released chan struct{}
	release  func()
}

func newHangingStripe(t *testing.T) *hangingStripe {
	t.Helper()
	s := &hangingStripe{released: make(chan struct{})}
	s.release = sync.OnceFunc(func() { close(s.released) })
	server := httptest.NewServer(s)
	t.Cleanup(func() { s.release(); server.Close() })
	s.url = server.URL
	return s
}

func (s *hangingStripe) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	intent, isIntent := strings.CutPrefix(r.URL.Path, "/v1/payment_intents/")
	if isIntent {
		s.asked.Add(1)
	}
	select {
	case <-s.released:
	case <-r.Context().Done():
		return
	}
	if !isIntent {
		_, _ = io.WriteString(w, `{"object":"list","has_more":false,"data":[]}`)
		return
	}
	fmt.Fprintf(w, `{"id":"%s","object":"payment_intent","customer":"cus_of_another_shop","latest_charge":`+
		`{"id":"ch_%[1]s","object":"charge","payment_intent":"%[1]s","customer":"cus_of_another_shop","amount":1900,"currency":"usd"}}`, intent)
}

// refundOfUnknown is an event of which only Stripe knows whose it is.
func refundOfUnknown(n int64) []byte {
	return fmt.Appendf(nil, `{"id":"evt_refund_%[1]d","object":"event","api_version":"2023-10-16","created":%[2]d,"livemode":false,"type":"refund.created",`+
		`"data":{"object":{"id":"re_%[1]d","object":"refund","amount":1900,"currency":"usd","payment_intent":"pi_%[1]d","status":"succeeded"}}}`, n, time.Now().Unix())
}

// metrics are what the program counts, by series.
func (p *program) metrics(t testing.TB) map[string]float64 {
	t.Helper()
	values := map[string]float64{}
	for line := range strings.Lines(p.scrape(t)) {
		line = strings.TrimSpace(line)
		cut := strings.LastIndexByte(line, ' ')
		if strings.HasPrefix(line, "#") || cut < 0 {
			continue
		}
		var value float64
		if _, err := fmt.Sscan(line[cut+1:], &value); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		values[line[:cut]] = value
	}
	return values
}

func (p *program) scrape(t testing.TB) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+p.Address+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+programtest.APIKey)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("metrics: %d, %v: %s", response.StatusCode, err, text)
	}
	return string(text)
}

// Each doubt had a goroutine of its own and each webhook was held for three seconds.
func TestAway_AHangingStripeHoldsUpNobodyAndLosesNothing(t *testing.T) {
	t.Parallel()
	const events = 800
	database := pgtest.URL(t)
	stripe := newHangingStripe(t)
	p := startProgram(t, programtest.Build(t), database, "STRIPE_API_BASE="+stripe.url)
	before := p.metrics(t)["go_goroutines"]
	for name, want := range map[string]float64{
		"entitled_store_connections_max": 10, "entitled_http_connections_max": 2000,
		"entitled_questions_asking": 0, "entitled_events_in_hand": 0, "entitled_http_body_bytes": 0,
	} {
		if got := p.metrics(t)[name]; got != want {
			t.Errorf("%s is %v before anything happens, want %v", name, got, want)
		}
	}
	var wait sync.WaitGroup
	for n := range int64(events) {
		wait.Go(func() {
			if status := p.Deliver(refundOfUnknown(n + 1)); status != 200 {
				t.Errorf("event %d was answered %d", n+1, status)
			}
		})
	}
	wait.Wait()
	http.DefaultClient.CloseIdleConnections()
	p.eventually(t, "few goroutines are left, and the breaker is not closed", func() bool {
		now := p.metrics(t)
		closed, there := now[`entitled_stripe_breaker{state="closed"}`]
		return now["go_goroutines"] < before+100 && there && closed == 0
	})
	if kept := queryInt(t, database, "SELECT count(*) FROM questions"); kept != events {
		t.Errorf("%d of %d questions are kept", kept, events)
	}

	execSQL(t, database, "UPDATE questions SET due = now() - interval '1 hour'")
	p.eventually(t, "the questions that are kept are seen", func() bool {
		now := p.metrics(t)
		return now[`entitled_open_questions{about="payment_intent"}`] == events && now["entitled_oldest_question_seconds"] > 3500
	})
	if asked := stripe.asked.Load(); asked > 40 {
		t.Errorf("a Stripe that hangs was asked %d times", asked)
	}

	stripe.release()
	p.eventually(t, "it is noticed that Stripe answers", func() bool { return p.metrics(t)[`entitled_stripe_breaker{state="closed"}`] == 1 })
	p.eventually(t, "what was kept is asked", func() bool {
		return queryInt(t, database, "SELECT count(*) FROM processed_events WHERE outcome = 'ignored'") > 50
	})
}

// eventually waits until something holds, for a minute.
func (p *program) eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for start := time.Now(); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Since(start) > time.Minute {
			t.Fatalf("not for a minute: %s\n%s", what, p.Log)
		}
	}
}

func queryInt(t testing.TB, database, sql string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if err := conn.QueryRow(context.Background(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
