// Package pgtest gives tests a Postgres of their own: a server that is started
// once for the process, and a fresh database for each test, migrated, in some ten
// milliseconds.
//
// The server is of the binaries that are installed ($PGBIN, PATH,
// /usr/lib/postgresql/*/bin). TEST_DATABASE_URL names a server to use instead.
// Where there is neither, a test fails: it is never skipped.
package pgtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/entitled-dev/entitled/adapters/bunstore"
)

// URL is a fresh database with the schema. It is gone after the test.
func URL(t testing.TB) string {
	t.Helper()
	home, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return home.clone(t, home.template)
}

// EmptyURL is a fresh database without the schema.
func EmptyURL(t testing.TB) string {
	t.Helper()
	home, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return home.clone(t, "template1")
}

// Copy is a database as another one is now, which nobody is connected to: a backup of it.
// It is gone after the test.
func Copy(t testing.TB, databaseURL string) string {
	t.Helper()
	home, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	of, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	return home.clone(t, strings.TrimPrefix(of.Path, "/"))
}

// home is a server that databases are made on.
type home struct {
	admin    string  // the URL of a database to make others from
	template string  // a database with the schema
	strategy string  // how a copy is made
	server   *Server // kept, or its files would go with it; nil: TEST_DATABASE_URL
}

// shared is the server that all tests of a process use.
var shared = sync.OnceValues(func() (*home, error) {
	if admin := os.Getenv("TEST_DATABASE_URL"); admin != "" {
		return settle(admin)
	}
	server, err := start("", false)
	if err != nil {
		return nil, err
	}
	h, err := settle(server.adminURL())
	if err != nil {
		return nil, err
	}
	h.server = server
	return h, nil
})

// settle makes the template on a server.
func settle(admin string) (*home, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	h := &home{admin: admin, template: databaseName("template")}
	if err := h.chooseStrategy(ctx); err != nil {
		return nil, err
	}
	if err := h.do(ctx, "CREATE DATABASE "+h.template); err != nil {
		return nil, err
	}
	if _, err := bunstore.Migrate(ctx, h.urlOf(h.template), bunstore.Up); err != nil {
		return nil, err
	}
	return h, nil
}

// chooseStrategy has files copied where nothing waits for the disk: since Postgres 15 the
// log would be written page by page, which takes up to a third longer.
func (h *home) chooseStrategy(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, h.admin)
	if err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	defer conn.Close(ctx)
	err = conn.QueryRow(ctx, `SELECT CASE WHEN current_setting('server_version_num')::int >= 150000 AND NOT current_setting('fsync')::bool
		THEN ' STRATEGY file_copy' ELSE '' END`).Scan(&h.strategy)
	if err != nil {
		return fmt.Errorf("pgtest: look at the server: %w", err)
	}
	return nil
}

// making: Postgres copies a template for one at a time.
var making sync.Mutex

func (h *home) clone(t testing.TB, template string) string {
	t.Helper()
	name := databaseName("test")
	making.Lock()
	err := h.do(t.Context(), "CREATE DATABASE "+name+" TEMPLATE "+template+h.strategy)
	making.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.do(context.Background(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			t.Log(err)
		}
	})
	return h.urlOf(name)
}

func (h *home) do(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, h.admin)
	if err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, sql); err != nil {
		return fmt.Errorf("pgtest: %s: %w", sql, err)
	}
	return nil
}

func (h *home) urlOf(name string) string {
	u, err := url.Parse(h.admin)
	if err != nil {
		panic(err) // pgx has connected by it
	}
	u.Path = "/" + name
	return u.String()
}

var names atomic.Int64

func databaseName(kind string) string {
	return fmt.Sprintf("entitled_%s_%d_%d_%d", kind, os.Getpid(), time.Now().Unix(), names.Add(1))
}
