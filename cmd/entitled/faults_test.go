package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/jackc/pgx/v5"

	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
	"github.com/entitled-dev/entitled/adapters/bunstore/sqlitetest"
)

// Those that send traffic are not parallel: each takes all processors that there are,
// and beside others the program would rightly say that it cannot keep up.

var (
	fiftyEvents = flag.Int("fifty", 20, "how many events are delivered fifty times each, over two processes")
	fiftyAtOnce = flag.Int("fifty.at-once", 20, "how many of those at a time")
)

func TestFaults_FiftyDeliveriesOverTwoProcessesGrantOnce(t *testing.T) {
	const times = 50
	database := pgtest.URL(t)
	seedBuyers(t, database, int64(*fiftyEvents))
	processes := []*program{startProgram(t, programtest.Build(t, programtest.RaceFlags...), database), startProgram(t, programtest.Build(t, programtest.RaceFlags...), database)}
	var wait sync.WaitGroup
	turns := make(chan struct{}, *fiftyAtOnce)
	took := make([]time.Duration, *fiftyEvents*times)
	for buyer := range *fiftyEvents {
		turns <- struct{}{}
		body := completedEvent(int64(buyer) + 1)
		wait.Go(func() {
			var event sync.WaitGroup
			for i := range times {
				event.Go(func() {
					sent := time.Now()
					if status := processes[i%2].Deliver(body); status != 200 {
						t.Errorf("delivery %d of event %d was answered %d", i, buyer, status)
					}
					took[buyer*times+i] = time.Since(sent)
				})
			}
			event.Wait()
			<-turns
		})
	}
	wait.Wait()
	if got, want := counts(t, database), strings.ReplaceAll("N receipts, N applied, N paid, N entitlements, N changes", "N", fmt.Sprint(*fiftyEvents)); got != want {
		t.Errorf("kept: %s, want %s\n%s", got, want, processes[0].Log)
	}
	deadlocks := queryInt(t, database, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
	if deadlocks != 0 {
		t.Errorf("%d deadlocks", deadlocks)
	}
	slices.Sort(took)
	t.Logf("%d deliveries of %d events: p50 %s, p99 %s, slowest %s; %d deadlocks", len(took), *fiftyEvents, took[len(took)/2], took[len(took)*99/100], took[len(took)-1], deadlocks)
}

func TestFaults_TwoProcessesOnOneSQLiteFileBothGetTheirTurn(t *testing.T) {
	database := sqlitetest.URL(t)
	s := openShop(t, database)
	two := startProgram(t, programtest.Build(t), database, "STRIPE_API_BASE="+s.box.URL())
	s.box.AddWebhookEndpoint("http://"+two.Address+"/api/webhooks/stripe", programtest.WebhookSecret)
	var wait sync.WaitGroup
	for n := range 40 {
		p := []*program{s.program, two}[n%2]
		wait.Go(func() {
			started := p.Call(t, "POST", "/api/checkout/basic", fmt.Sprintf(`{"user_id":"user_%d"}`, n), 201)
			if err := s.box.Pay(started["session_id"].(string)); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	s.idle(t)
	for n := range 40 {
		for _, p := range []*program{s.program, two} {
			if held := p.Holds(t, fmt.Sprintf("user_%d", n)); held != "projects=10" {
				t.Errorf("user %d holds %q\n%s", n, held, p.Log)
			}
		}
	}
}

// counts is what a Postgres keeps, in words.
func counts(t testing.TB, database string) string {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var receipts, applied, paid, entitlements, changes int
	err = conn.QueryRow(context.Background(), `SELECT (SELECT count(*) FROM processed_events),
		(SELECT count(*) FROM processed_events WHERE outcome = 'applied'), (SELECT count(*) FROM orders WHERE status = 'paid'),
		(SELECT count(*) FROM entitlements), (SELECT count(*) FROM entitlement_changes)`).Scan(&receipts, &applied, &paid, &entitlements, &changes)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d receipts, %d applied, %d paid, %d entitlements, %d changes", receipts, applied, paid, entitlements, changes)
}

// tireless delivers events over some connections until each is acknowledged, as
// Stripe does, to whichever program is there at the time.
type tireless struct {
	mu      sync.Mutex
	target  *program
	acked   int
	refused map[int]int // by status, of those that had to come again
	slowest time.Duration
	rest    chan struct{} // half of the events come once it is closed, so that they meet what is to come; nil: all at once
}

func (s *tireless) to(p *program) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.target = p
}

func (s *tireless) acknowledged() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.acked
}

// refusals are those with a status so far.
func (s *tireless) refusals(status int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused[status]
}

func (s *tireless) send(t *testing.T, events int64) {
	t.Helper()
	s.mu.Lock()
	s.refused = map[int]int{}
	s.mu.Unlock()
	queue := make(chan int64, events)
	for n := range events {
		queue <- n + 1
	}
	close(queue)
	giveUp := time.Now().Add(5 * time.Minute)
	var wait sync.WaitGroup
	for range 16 {
		wait.Go(func() {
			for n := range queue {
				if s.rest != nil && n > events/2 {
					<-s.rest
				}
				body := completedEvent(n)
				for {
					s.mu.Lock()
					target := s.target
					s.mu.Unlock()
					sent := time.Now()
					status := target.Deliver(body)
					s.mu.Lock()
					s.slowest = max(s.slowest, time.Since(sent))
					if status == 200 {
						s.acked++
					} else {
						s.refused[status]++
					}
					s.mu.Unlock()
					if status == 200 {
						break
					}
					if status != 0 && status < 500 {
						t.Errorf("event %d was answered %d", n, status)
					}
					if time.Now().After(giveUp) {
						t.Errorf("event %d was never acknowledged", n)
						return
					}
					time.Sleep(20 * time.Millisecond)
				}
			}
		})
	}
	wait.Wait()
}

// until waits for a number of acknowledgements.
func (s *tireless) until(t *testing.T, n int) {
	t.Helper()
	for start := time.Now(); s.acknowledged() < n; time.Sleep(5 * time.Millisecond) {
		if time.Since(start) > 4*time.Minute {
			t.Fatalf("%d of %d acknowledged after four minutes", s.acknowledged(), n)
		}
	}
}

func TestFaults_KilledInMidTrafficLosesNothingAcknowledged(t *testing.T) {
	const events = 1500
	database := pgtest.URL(t)
	seedBuyers(t, database, events)
	binary := programtest.Build(t)
	sender := &tireless{target: startProgram(t, binary, database)}
	done := make(chan struct{})
	go func() { defer close(done); sender.send(t, events) }()
	for kill := range 5 {
		sender.until(t, (kill+1)*events/7)
		sender.target.Kill()
		// What was acknowledged so far has to be there, whatever comes after.
		acked := sender.acknowledged()
		var applied int
		if _, err := fmt.Sscanf(counts(t, database), "%d receipts, %d applied", new(int), &applied); err != nil || applied < acked {
			t.Errorf("kill %d: %d acknowledged, %d applied (%v)", kill, acked, applied, err)
		}
		sender.to(startProgram(t, binary, database))
	}
	<-done
	if got, want := counts(t, database), strings.ReplaceAll("N receipts, N applied, N paid, N entitlements, N changes", "N", fmt.Sprint(events)); got != want {
		t.Errorf("kept: %s, want %s", got, want)
	}
	if sender.refused[0] == 0 {
		t.Error("no delivery met a dead program: the kills were not in mid-traffic")
	}
}

func TestFaults_PostgresStoppedInMidTrafficIsSurvived(t *testing.T) {
	const events = 1000
	server := pgtest.Start(t, pgtest.Durable())
	database := server.URL()
	seedBuyers(t, database, events)
	p := startProgram(t, programtest.Build(t), database)
	sender := &tireless{target: p}
	done := make(chan struct{})
	go func() { defer close(done); sender.send(t, events) }()
	for i, mode := range []pgtest.Mode{pgtest.Fast, pgtest.Immediate} {
		sender.until(t, (i+1)*events/4)
		server.Stop(mode)
		if status := get(t, p, "/healthz"); status != 200 {
			t.Errorf("healthz without a database: %d", status)
		}
		// It is remembered for a moment that the database was there.
		for start := time.Now(); get(t, p, "/readyz") != 503; time.Sleep(20 * time.Millisecond) {
			if time.Since(start) > time.Minute {
				t.Fatal("ready without a database, for a minute")
			}
		}
		server.Start()
		there, acked := time.Now(), sender.acknowledged()
		sender.until(t, acked+1)
		if took := time.Since(there); took > 10*time.Second {
			t.Errorf("the database is there again, and events are taken %s later", took)
		}
	}
	<-done
	if got, want := counts(t, database), strings.ReplaceAll("N receipts, N applied, N paid, N entitlements, N changes", "N", fmt.Sprint(events)); got != want {
		t.Errorf("kept: %s, want %s", got, want)
	}
	if sender.refused[503] == 0 {
		t.Errorf("no delivery met the stopped database: %v", sender.refused)
	}
	for status, times := range sender.refused {
		if status != 503 {
			t.Errorf("%d events were answered %d", times, status)
		}
	}
}

// The standby has to have what was acknowledged, as docs/running.md says: the primary waits
// for it, and then is gone for good.
func TestFaults_AFailoverToASynchronousStandbyLosesNothing(t *testing.T) {
	const events = 1000
	primary := pgtest.Start(t, pgtest.Durable())
	database := primary.URL()
	seedBuyers(t, database, events)
	standby := primary.Standby()
	execSQL(t, database, "ALTER SYSTEM SET synchronous_standby_names = '*'")
	execSQL(t, database, "SELECT pg_reload_conf()")
	for queryInt(t, database, "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	first, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	second, err := url.Parse(standby.URLOn(database))
	if err != nil {
		t.Fatal(err)
	}
	p := startProgram(t, programtest.Build(t), strings.Replace(database, first.Host, first.Host+","+second.Host, 1))
	sender := &tireless{target: p}
	done := make(chan struct{})
	go func() { defer close(done); sender.send(t, events) }()

	sender.until(t, events/3)
	primary.Stop(pgtest.Immediate)
	acked := sender.acknowledged()
	if acked == events {
		t.Error("no delivery met the failover: all were acknowledged before")
	}
	standby.Promote()
	// It waits for no standby of its own.
	execSQL(t, standby.URLOn(database), "ALTER SYSTEM SET synchronous_standby_names = ''")
	execSQL(t, standby.URLOn(database), "SELECT pg_reload_conf()")
	var applied int
	if _, err := fmt.Sscanf(counts(t, standby.URLOn(database)), "%d receipts, %d applied", new(int), &applied); err != nil || applied < acked {
		t.Errorf("%d acknowledged by the primary, %d applied on the standby (%v)", acked, applied, err)
	}
	<-done
	if got, want := counts(t, standby.URLOn(database)), strings.ReplaceAll("N receipts, N applied, N paid, N entitlements, N changes", "N", fmt.Sprint(events)); got != want {
		t.Errorf("kept: %s, want %s", got, want)
	}
	for status, times := range sender.refused {
		if status != 503 {
			t.Errorf("%d events were answered %d", times, status)
		}
	}
}

func get(t *testing.T, p *program, path string) int {
	t.Helper()
	response, err := http.Get("http://" + p.Address + path)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

func TestFaults_SigtermFinishesWhatIsInFlight(t *testing.T) {
	const events = 1000
	database := pgtest.URL(t)
	seedBuyers(t, database, events)
	binary := programtest.Build(t, programtest.RaceFlags...)
	p := startProgram(t, binary, database)
	sender := &tireless{target: p}
	done := make(chan struct{})
	go func() { defer close(done); sender.send(t, events) }()
	sender.until(t, events/4)
	next := startProgram(t, binary, database) // a rolling deploy
	p.Stop(t)
	sender.to(next)
	<-done
	if got, want := counts(t, database), strings.ReplaceAll("N receipts, N applied, N paid, N entitlements, N changes", "N", fmt.Sprint(events)); got != want {
		t.Errorf("kept: %s, want %s", got, want)
	}
}

func TestFaults_StrangeBodiesStillGrant(t *testing.T) {
	t.Parallel()
	database := pgtest.URL(t)
	seedBuyers(t, database, 10)
	p := startProgram(t, programtest.Build(t), database)
	edit := func(n int64, old, replacement string) []byte {
		body := completedEvent(n)
		edited := bytes.Replace(body, []byte(old), []byte(replacement), 1)
		if bytes.Equal(body, edited) {
			t.Fatalf("%q is not in the event", old)
		}
		return edited
	}
	for name, body := range map[string][]byte{
		"a NUL in metadata":          edit(1, `"plan":"basic"`, `"plan":"ba\u0000sic"`),
		"a NUL in the buyer's name":  edit(2, `"name":"Buyer"`, `"name":"B\u0000"`),
		"a lone surrogate":           edit(3, `"name":"Buyer"`, `"name":"\ud800"`),
		"200 kB":                     edit(4, `"padding":"`, `"padding":"`+strings.Repeat("y", 200_000)),
		"a future api_version":       edit(5, `"api_version":"2023-10-16"`, `"api_version":"2031-01-01.zinnia"`),
		"no api_version":             edit(6, `"api_version":"2023-10-16",`, ``),
		"an invalid UTF-8 byte":      edit(7, `"name":"Buyer"`, "\"name\":\"\xff\""),
		"text that runs backward":    edit(8, `"name":"Buyer"`, `"name":"\u202eBuyer"`),
		"7,000 nested arrays beside": edit(9, `"custom_fields":[]`, `"custom_fields":`+strings.Repeat("[", 7000)+strings.Repeat("]", 7000)),
	} {
		if status := p.Deliver(body); status != 200 {
			t.Errorf("%s: answered %d\n%s", name, status, p.Log)
		}
	}
	if got := counts(t, database); got != "9 receipts, 9 applied, 9 paid, 9 entitlements, 9 changes" {
		t.Errorf("kept: %s", got)
	}

	for name, body := range map[string]string{
		"garbage": "garbage", "nothing": "", "a number": "17", "an array": "[]", "null": "null",
		"a thin event":     `{"id":"evt_1","object":"v2.core.event","type":"v1.customer.subscription.updated","created":"2026-01-01T00:00:00Z"}`,
		"too deep to read": strings.Repeat("[", 200_000),
	} {
		if status := p.Deliver([]byte(body)); status != 400 {
			t.Errorf("signed %s: answered %d, want 400", name, status)
		}
	}
	genuine := completedEvent(10)
	for name, signature := range map[string]string{
		"no signature": "", "another secret": programtest.StripeSignature(genuine, "whsec_another"), "nonsense": "t=1,v1=00",
	} {
		if status := p.DeliverSigned(genuine, signature); status != 400 {
			t.Errorf("%s: answered %d, want 400", name, status)
		}
	}
	if status := p.Deliver(bytes.Repeat([]byte("x"), 1<<20+1)); status != 413 {
		t.Errorf("more than 1 MiB: answered %d, want 413", status)
	}
	if status := p.Deliver(genuine); status != 200 {
		t.Errorf("the genuine event after the forgeries: answered %d", status)
	}
	if got := counts(t, database); got != "10 receipts, 10 applied, 10 paid, 10 entitlements, 10 changes" {
		t.Errorf("kept in the end: %s", got)
	}
}

func TestFaults_LockedAccountsHoldUpNobodyElse(t *testing.T) {
	t.Parallel()
	database := pgtest.URL(t)
	seedBuyers(t, database, 40)
	p := startProgram(t, programtest.Build(t), database)
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	lock, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock.Exec(t.Context(), "SELECT 1 FROM accounts WHERE user_id IN ('user_bench_1', 'user_bench_2', 'user_bench_3') FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for n := range int64(40) {
		wait.Go(func() {
			status := p.Deliver(completedEvent(n + 1))
			if locked := n < 3; locked != (status >= 500) || !locked && status != 200 {
				t.Errorf("event %d was answered %d", n+1, status)
			}
		})
	}
	wait.Wait()
	if err := lock.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	for n := range int64(3) {
		if status := p.Deliver(completedEvent(n + 1)); status != 200 {
			t.Errorf("event %d was answered %d once the lock was gone", n+1, status)
		}
	}
	if got := counts(t, database); got != "40 receipts, 40 applied, 40 paid, 40 entitlements, 40 changes" {
		t.Errorf("kept: %s", got)
	}
}
