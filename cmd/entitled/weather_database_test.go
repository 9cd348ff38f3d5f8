package main

import (
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
)

// What databases, and ways to them, do to the program. The rooms test the same more
// closely; here it is shown that the program is put together so.

// Each call compiled a query, and 16 connections of anybody's took all the database had.
func TestDatabase_AnonymousRequestsDoNotReachIt(t *testing.T) {
	t.Parallel()
	proxy := pgtest.NewProxy(t, pgtest.URL(t))
	p := startProgram(t, programtest.Build(t), proxy.URL())
	before, began := len(proxy.Statements()), time.Now()
	for range 100 {
		for path, want := range map[string]int{"/readyz": 200, "/healthz": 200, "/api/openapi.json": 200, "/api/entitlements?user_id=ana": 401, "/api/orders/ord_1": 401} {
			if got := get(t, p, path); got != want {
				t.Fatalf("%s: answered %d, want %d", path, got, want)
			}
		}
	}
	seconds := int(time.Since(began).Seconds())
	asked := 0
	for _, sql := range proxy.Statements()[before:] {
		if strings.Contains(sql, "transaction_read_only") {
			asked++
		}
		if strings.Contains(sql, "'ana'") || strings.Contains(sql, "ord_1") {
			t.Errorf("a stranger has this asked: %s", sql)
		}
	}
	if asked > seconds+2 {
		t.Errorf("within %d s the database was asked %d times whether it is ready", seconds, asked)
	}
	if status := p.Deliver(completedEvent(1)); status != 200 {
		t.Errorf("an event was answered %d", status)
	}
}

// Batches were cut at two seconds and taken apart, whose parts were cut as well.
func TestDatabase_SlowCommitsAreWaitedForAndTakeAllTogether(t *testing.T) {
	t.Parallel()
	const events = 26
	database := pgtest.URL(t)
	seedBuyers(t, database, events)
	p := startProgram(t, programtest.Build(t), database)
	for _, sql := range []string{ // once a transaction, at its commit
		`CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN
			IF current_setting(''entitled.dawdled'', true) IS DISTINCT FROM ''yes'' THEN
				PERFORM set_config(''entitled.dawdled'', ''yes'', true), pg_sleep(2.3);
			END IF;
			RETURN NULL; END'`,
		"CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON processed_events DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dawdle()",
	} {
		if _, err := sqlOf(t, database).ExecContext(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	var wait sync.WaitGroup
	for n := range int64(events) {
		wait.Go(func() {
			if status := p.Deliver(completedEvent(n + 1)); status != 200 {
				t.Errorf("event %d was answered %d", n+1, status)
			}
		})
	}
	wait.Wait()
	if got := queryInt(t, database, "SELECT count(DISTINCT xmin::text) FROM processed_events"); got > 6 {
		t.Errorf("%d events were kept by %d transactions", events, got)
	}
}

// It takes no writes for a while, as a standby, and says so.
func TestDatabase_ThatTakesNoWritesIsNotReadyUntilItDoes(t *testing.T) {
	t.Parallel()
	database := pgtest.URL(t)
	seedBuyers(t, database, 2)
	p := startProgram(t, programtest.Build(t), database)
	if status := p.Deliver(completedEvent(1)); status != 200 {
		t.Fatalf("an event was answered %d", status)
	}
	name := strings.TrimPrefix(mustURL(t, database).Path, "/")
	execSQL(t, database, "ALTER DATABASE "+name+" SET default_transaction_read_only = on")
	execSQL(t, database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'entitled'")
	p.eventually(t, "it is not ready, and says why", func() bool {
		said, status := p.get(t, "/readyz")
		return status == 503 && strings.Contains(said, "takes no writes")
	})
	if status := p.Deliver(completedEvent(2)); status != 503 {
		t.Errorf("an event was answered %d", status)
	}
	if refused := p.gauge(t, "entitled_events_refused_total"); refused != 1 {
		t.Errorf("%v refusals are counted, want 1", refused)
	}
	if code, said := p.exit(t, words("serve"), "PORT="+portOf(programtest.FreeAddress(t))); code != 4 || !strings.Contains(said, "takes no writes") {
		t.Errorf("another one that is started exits with %d, want 4 and why:\n%s", code, said)
	}
	execSQL(t, database, "SET default_transaction_read_only = off; ALTER DATABASE "+name+" RESET default_transaction_read_only")
	p.eventually(t, "it is ready again", func() bool { return get(t, p, "/readyz") == 200 })
	if status := p.Deliver(completedEvent(2)); status != 200 {
		t.Errorf("the event was answered %d once it takes writes again", status)
	}
}

// A pooler in transaction mode, without settings for it, and an address as libpq writes it.
func TestDatabase_BehindPgBouncerAllWorks(t *testing.T) {
	t.Parallel()
	direct := pgtest.URL(t)
	pooled := mustURL(t, pgtest.Bouncer(t, direct).URL(direct))
	password, _ := pooled.User.Password()
	keywords := fmt.Sprintf("host=%s port=%s user=%s dbname=%s password='%s' sslmode=disable",
		pooled.Hostname(), pooled.Port(), pooled.User.Username(), strings.TrimPrefix(pooled.Path, "/"), password)
	s := openShop(t, keywords)
	var wait sync.WaitGroup
	for n := range 30 {
		wait.Go(func() {
			started := s.Call(t, "POST", "/api/checkout/basic", fmt.Sprintf(`{"user_id":"user_%d"}`, n), 201)
			if err := s.box.Pay(started["session_id"].(string)); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	s.idle(t)
	for n := range 30 {
		if held := s.Holds(t, fmt.Sprintf("user_%d", n)); held != "projects=10" {
			t.Errorf("user %d holds %q\n%s", n, held, s.Log)
		}
	}
	if refused := s.gauge(t, "entitled_events_refused_total"); refused != 0 {
		t.Errorf("%v events were refused", refused)
	}
	s.says(t, "explain user_1", "projects")
	if code, said := s.exit(t, words("migrate up")); code != 2 || !strings.Contains(said, "of Postgres itself") {
		t.Errorf("migrate exits with %d, want 2 and the mend:\n%s", code, said)
	}
}

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// All connections are taken, by statements that wait: who asks is answered within the time
// of a request, the program lives, and goes on by itself.
func TestDatabase_WhoseConnectionsAreAllTaken(t *testing.T) {
	t.Parallel()
	database := pgtest.URL(t)
	seedBuyers(t, database, 1)
	few := mustURL(t, database)
	query := few.Query()
	query.Set("pool_max_conns", "4")
	few.RawQuery = query.Encode()
	p := startProgram(t, programtest.Build(t), few.String(), "STRIPE_API_BASE="+openBox(t).URL())
	db, lock := sqlOf(t, database), (*sql.Tx)(nil)
	defer func() { _ = lock.Rollback() }()
	p.eventually(t, "nothing else has the tables", func() (has bool) {
		var err error
		if lock, err = db.BeginTx(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		// Not waiting, as the program takes them in another order.
		if _, err = lock.ExecContext(t.Context(), "LOCK TABLE orders, entitlements, accounts IN ACCESS EXCLUSIVE MODE NOWAIT"); err != nil {
			_ = lock.Rollback()
		}
		return err == nil
	})
	var wait sync.WaitGroup
	var refused atomic.Int64
	for n := range 200 {
		path := []string{
			"/api/orders?user_id=user_%d", "/api/entitlements?user_id=user_%d", "/api/subscription?user_id=user_%d", "/api/invoices?user_id=user_%d", "/api/checkout/basic",
		}[n%5]
		method, text, done := "GET", "", 200
		if path == "/api/checkout/basic" {
			method, text, done = "POST", fmt.Sprintf(`{"user_id":"user_%d"}`, n), 201
		} else {
			path = fmt.Sprintf(path, n)
		}
		wait.Go(func() {
			request, err := http.NewRequestWithContext(t.Context(), method, "http://"+p.Address+path, strings.NewReader(text))
			if err != nil {
				t.Error(err)
				return
			}
			request.Header.Set("Authorization", "Bearer "+programtest.APIKey)
			request.Header.Set("Content-Type", "application/json")
			began := time.Now()
			answer, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Error(err)
				return
			}
			answer.Body.Close()
			if answer.StatusCode == 503 {
				refused.Add(1)
			}
			if took := time.Since(began); took > 10*time.Second || answer.StatusCode != done && (answer.StatusCode != 503 || answer.Header.Get("Retry-After") == "") {
				t.Errorf("%s: answered %d after %s, Retry-After %q", path, answer.StatusCode, took, answer.Header.Get("Retry-After"))
			}
		})
	}
	p.eventually(t, "it says that it is not ready", func() bool { return get(t, p, "/readyz") == 503 })
	if status := get(t, p, "/healthz"); status != 200 {
		t.Errorf("healthz: %d", status)
	}
	p.eventually(t, "all are answered but those that have a connection", func() bool { return refused.Load() >= 190 })
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	wait.Wait()
	p.eventually(t, "it is ready again", func() bool { return get(t, p, "/readyz") == 200 })
	if status := p.Deliver(completedEvent(1)); status != 200 {
		t.Errorf("an event was answered %d", status)
	}
}
