package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/jackc/pgx/v5"

	"github.com/entitled-dev/entitled/adapters/bunstore/disktest"
	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
	"github.com/entitled-dev/entitled/adapters/bunstore/sqlitetest"
)

// opensCheckouts keeps a checkout for each of so many users that [completedEvent] is about,
// in SQL that both databases know: copies of one that was begun through the API.
func (s shop) opensCheckouts(t *testing.T, db *sql.DB, users int64) {
	t.Helper()
	s.box.RemoveWebhookEndpoint(s.endpoint.ID)
	order := s.Call(t, "POST", "/api/checkout/basic", `{"user_id":"first"}`, 201)["order_id"].(string)
	columns := columnsOf(t, db, "orders")
	values := make([]string, len(columns))
	for i, column := range columns {
		switch values[i] = column; column {
		case "id", "purchase":
			values[i] = "'ord_bench_' || n"
		case "user_id":
			values[i] = "'user_bench_' || n"
		case "session_id":
			values[i] = "'cs_test_bench_' || n"
		}
	}
	numbers := fmt.Sprintf("WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %d) ", users)
	for _, statement := range []string{
		"INSERT INTO accounts (user_id, customer_id, customer_key) " + numbers + "SELECT 'user_bench_' || n, 'cus_bench_' || n, 'key' || n FROM numbers",
		"INSERT INTO orders (" + strings.Join(columns, ", ") + ") " + numbers + "SELECT " + strings.Join(values, ", ") +
			" FROM orders, numbers WHERE id = '" + order + "'",
		"INSERT INTO refs (kind, id, user_id, purchase) " + numbers + "SELECT 'order', 'ord_bench_' || n, 'user_bench_' || n, 'ord_bench_' || n FROM numbers",
		"INSERT INTO refs (kind, id, user_id, purchase) " + numbers + "SELECT 'checkout_session', 'cs_test_bench_' || n, 'user_bench_' || n, 'ord_bench_' || n FROM numbers",
		"INSERT INTO refs (kind, id, user_id) " + numbers + "SELECT 'customer', 'cus_bench_' || n, 'user_bench_' || n FROM numbers",
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// applied counts the events that were, and fails if any was half.
func applied(t *testing.T, db *sql.DB) int {
	t.Helper()
	var events, receipts, paid, entitlements, changes, otherwise int
	err := db.QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM processed_events WHERE outcome = 'applied'), (SELECT count(*) FROM processed_events),
		(SELECT count(*) FROM orders WHERE status = 'paid'), (SELECT count(*) FROM entitlements), (SELECT count(*) FROM entitlement_changes),
		(SELECT count(*) FROM orders AS o WHERE (status = 'paid') <> EXISTS (SELECT 1 FROM entitlements AS e WHERE e.user_id = o.user_id AND e.source_id = o.id))`).
		Scan(&events, &receipts, &paid, &entitlements, &changes, &otherwise)
	if err != nil {
		t.Fatal(err)
	}
	for what, count := range map[string]int{"receipts": receipts, "paid orders": paid, "entitlements": entitlements, "changes": changes} {
		if count != events {
			t.Errorf("%d events are applied, and there are %d %s", events, count, what)
		}
	}
	if otherwise != 0 {
		t.Errorf("%d orders are paid and give nothing, or give and are not paid", otherwise)
	}
	return events
}

// Not parallel, as those of faults_test.go are not.

func TestFaults_AFullDiskIsSurvived(t *testing.T) {
	for name, open := range map[string]func(*testing.T) (*disktest.Disk, string){
		"Postgres": func(t *testing.T) (*disktest.Disk, string) {
			disk := disktest.New(t, 128<<20)
			server := pgtest.Start(t, pgtest.Durable())
			server.TablesOn(disk.Dir)
			return disk, server.URL()
		},
		"SQLite": func(t *testing.T) (*disktest.Disk, string) {
			disk := disktest.New(t, 64<<20)
			file := filepath.Join(disk.Dir, "entitled.db")
			schema, err := os.ReadFile(strings.TrimPrefix(sqlitetest.URL(t), "sqlite:"))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, schema, 0o600); err != nil {
				t.Fatal(err)
			}
			return disk, "sqlite:" + file
		},
	} {
		t.Run(name, func(t *testing.T) {
			const events = 500
			disk, database := open(t)
			s := openShop(t, database)
			db := sqlOf(t, database)
			s.opensCheckouts(t, db, events)
			sender := &tireless{target: s.program, rest: make(chan struct{})}
			done := make(chan struct{})
			go func() { defer close(done); sender.send(t, events) }()

			sender.until(t, events/10)
			disk.Fill()
			close(sender.rest)
			s.eventually(t, "what comes is refused, as the disk is full", func() bool { return sender.refusals(http.StatusServiceUnavailable) > 100 })
			acked := sender.acknowledged()
			if kept := applied(t, db); kept < acked {
				t.Errorf("on a full disk: %d acknowledged, %d applied", acked, kept)
			}
			if held := s.Holds(t, "user_bench_1"); held != "projects=10" {
				t.Errorf("on a full disk a user holds %q of what was acknowledged", held)
			}
			if status := get(t, s.program, "/healthz"); status != 200 {
				t.Errorf("healthz on a full disk: %d", status)
			}

			disk.Free()
			room := time.Now()
			sender.until(t, acked+100)
			if took := time.Since(room); took > 10*time.Second {
				t.Errorf("there is room again, and events are taken %s later", took)
			}
			<-done
			if kept := applied(t, db); kept != events {
				t.Errorf("%d of %d events are applied", kept, events)
			}
			if counted := s.gauge(t, "entitled_events_refused_total"); counted != float64(sender.refusals(http.StatusServiceUnavailable)) {
				t.Errorf("%v refusals are counted, and %d events were refused: nobody is alarmed", counted, sender.refusals(http.StatusServiceUnavailable))
			}
			for status, times := range sender.refused {
				if status != http.StatusServiceUnavailable {
					t.Errorf("%d events were answered %d", times, status)
				}
			}
			s.Stop(t)
		})
	}
}

// Without room for its log Postgres ends, and cannot even recover until there is some.
func TestFaults_PostgresThatEndsForWantOfRoomIsSurvived(t *testing.T) {
	const events = 1000
	disk := disktest.New(t, 256<<20)
	server := pgtest.Start(t, pgtest.Durable(), pgtest.On(disk.Dir))
	database := server.URL()
	seedBuyers(t, database, events)
	p := startProgram(t, programtest.Build(t), database)
	sender := &tireless{target: p, rest: make(chan struct{})}
	done := make(chan struct{})
	go func() { defer close(done); sender.send(t, events) }()

	sender.until(t, events/4)
	disk.Fill()
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	// Two, as the next one may be there already.
	for range 2 {
		if _, err = conn.Exec(t.Context(), "SELECT pg_switch_wal(), pg_logical_emit_message(true, '', repeat('x', 1000))"); err != nil {
			break
		}
	}
	if err == nil {
		t.Fatal("there is room for the log on a full disk")
	}
	close(sender.rest)
	refused := sender.refusals(http.StatusServiceUnavailable)
	p.eventually(t, "what comes is refused", func() bool { return sender.refusals(http.StatusServiceUnavailable) > refused+100 })
	acked := sender.acknowledged()

	disk.Free()
	server.Stop(pgtest.Immediate) // if it has not ended by itself
	server.Start()
	if kept := applied(t, sqlOf(t, database)); kept < acked {
		t.Errorf("%d acknowledged, %d applied", acked, kept)
	}
	<-done
	if kept := applied(t, sqlOf(t, database)); kept != events {
		t.Errorf("%d of %d events are applied", kept, events)
	}
	for status, times := range sender.refused {
		if status != http.StatusServiceUnavailable {
			t.Errorf("%d events were answered %d", times, status)
		}
	}
	p.Stop(t)
}
