package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/labstack/echo/v4"
	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/webhook"
)

// benchHandlers are what the service is measured beside. Each is served by a process of its
// own, which is this test program again: see TestMain.
var benchHandlers = map[string]func(address string){
	"empty":   serveEmpty,
	"obvious": serveObvious,
}

// handler is a running process of one of them.
type handler struct {
	address string
	pid     int
}

func startHandler(tb testing.TB, name string, environment ...string) handler {
	tb.Helper()
	address := programtest.FreeAddress(tb)
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), append(environment, "BENCH_HANDLER="+name, "BENCH_ADDRESS="+address)...)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { cancel(); _ = cmd.Wait() })
	for range 500 {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return handler{address, cmd.Process.Pid}
		}
		time.Sleep(10 * time.Millisecond)
	}
	tb.Fatalf("the %s handler does not answer", name)
	return handler{}
}

// serveEmpty is an Echo handler that does nothing: the most that could be reached.
func serveEmpty(address string) {
	e := echo.New()
	e.GET("/", func(c echo.Context) error { return c.String(http.StatusOK, "ok") })
	if err := http.ListenAndServe(address, e); err != nil {
		panic(err)
	}
}

// serveObvious is the handler that one would write first: Stripe's library checks the
// signature and reads the event, and three statements in one transaction keep it. It knows
// nothing of order, doubt, refunds or renewals.
func serveObvious(address string) {
	config, err := pgxpool.ParseConfig(os.Getenv("BENCH_DATABASE"))
	if err != nil {
		panic(err)
	}
	config.MaxConns = 32
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		panic(err)
	}
	http.Handle("POST /api/webhooks/stripe", obvious{pool})
	if err := http.ListenAndServe(address, nil); err != nil {
		panic(err)
	}
}

type obvious struct{ pool *pgxpool.Pool }

// obviousSchema has what the obvious handler needs, and the payload as we keep it.
const obviousSchema = `
CREATE SCHEMA obvious;
CREATE TABLE obvious.processed_events (id text PRIMARY KEY, type text NOT NULL, payload bytea COMPRESSION lz4 NOT NULL, received_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE obvious.orders (id text PRIMARY KEY, user_id text NOT NULL, status text NOT NULL, paid_at timestamptz);
CREATE TABLE obvious.entitlements (user_id text, feature text, source text, until timestamptz, PRIMARY KEY (user_id, feature, source))`

func (o obvious) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	event, err := webhook.ConstructEvent(body, r.Header.Get("Stripe-Signature"), programtest.WebhookSecret)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var session stripe.CheckoutSession
	if err := json.Unmarshal(event.Data.Raw, &session); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if err := o.keep(r.Context(), event, session, body); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"received":true}`)) // the client may have gone
}

func (o obvious) keep(ctx context.Context, event stripe.Event, session stripe.CheckoutSession, body []byte) error {
	return pgx.BeginFunc(ctx, o.pool, func(tx pgx.Tx) error {
		kept, err := tx.Exec(ctx, `INSERT INTO obvious.processed_events (id, type, payload) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			event.ID, event.Type, body)
		if err != nil || kept.RowsAffected() == 0 {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO obvious.orders (id, user_id, status, paid_at) VALUES ($1, $2, 'paid', now())
			ON CONFLICT (id) DO UPDATE SET status = EXCLUDED.status, paid_at = EXCLUDED.paid_at`,
			session.ClientReferenceID, session.Metadata["user_id"])
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO obvious.entitlements (user_id, feature, source) VALUES ($1, 'projects', $2)
			ON CONFLICT (user_id, feature, source) DO UPDATE SET until = EXCLUDED.until`,
			session.Metadata["user_id"], session.ClientReferenceID)
		return err
	})
}

// seedObvious keeps the orders of [seedBuyers] as the obvious handler does, and returns the
// same events.
func seedObvious(tb testing.TB, database string, count int64) *events {
	tb.Helper()
	seeded{name: "bench", users: count}.exec(tb, database, count, obviousSchema+`;
INSERT INTO obvious.orders (id, user_id, status) SELECT 'ord_NAME_' || n, 'user_NAME_' || n, 'open' FROM SERIES`)
	vacuum(tb, database)
	return &events{count: count, body: completedEvent}
}

// checkObvious holds what the obvious handler acknowledged against what it kept: a ruler
// that does less would be none.
func checkObvious(tb testing.TB, database string, acknowledged int64) {
	tb.Helper()
	var receipts, paid, entitled int64
	queryRow(tb, database, `SELECT (SELECT count(*) FROM obvious.processed_events WHERE length(payload) > 2000),
		(SELECT count(*) FROM obvious.orders WHERE status = 'paid'), (SELECT count(*) FROM obvious.entitlements)`, &receipts, &paid, &entitled)
	if receipts != acknowledged || paid != acknowledged || entitled != acknowledged {
		tb.Errorf("the obvious handler acknowledged %d events; kept: %d receipts, %d paid orders, %d entitlements", acknowledged, receipts, paid, entitled)
	}
}
