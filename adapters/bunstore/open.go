package bunstore

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/entitled-dev/entitled/ports"
)

// Store is a [ports.Store] on Postgres or SQLite.
type Store struct {
	db     *bun.DB
	schema int64 // the version of the schema that this program is built for

	pool     *pgxpool.Pool // of Postgres only
	queue    *queue        // before the pool
	pooled   atomic.Bool   // there is a pooler before Postgres
	settings string        // sets a transaction, if there is

	writer   chan struct{} // of SQLite only: who holds its one place may write
	prepared prepared      // on SQLite only; on Postgres a connection knows what it has prepared

	known sync.Map // SQL that is always the same, by what it does: see fixed
}

var _ ports.Store = (*Store)(nil)

// Option changes a default of [Open].
type Option func(*options)

type options struct {
	maxConns int
	migrate  bool
}

// WithMaxConns bounds the connections to Postgres; the default is 10: enough for
// two writers and the readers beside them on a small machine. A pool_max_conns in
// the URL goes before it.
func WithMaxConns(n int) Option { return func(o *options) { o.maxConns = n } }

// WithMigration applies what is missing of the schema on opening: for
// development, for tests and for a database in memory.
func WithMigration() Option { return func(o *options) { o.migrate = true } }

// Open opens the database that a URL names: postgres://..., postgresql://... or libpq's
// keywords (host=... user=...), else a SQLite file as sqlite:PATH, file:PATH or PATH, or
// :memory:. It does not
// wait for Postgres to answer: [Store.Ready] does.
func Open(ctx context.Context, databaseURL string, opts ...Option) (*Store, error) {
	o := options{maxConns: 10}
	for _, opt := range opts {
		opt(&o)
	}
	t, err := parseURL(databaseURL)
	if err != nil {
		return nil, err
	}
	if !o.migrate {
		if err := t.exists(); err != nil {
			return nil, err
		}
	}
	s := &Store{}
	if s.schema, err = t.dialect.newest(); err != nil {
		return nil, err
	}
	if t.dialect == dialectPostgres {
		err = s.openPostgres(ctx, t, o)
	} else {
		err = s.openSQLite(ctx, t)
	}
	if err != nil {
		return nil, err
	}
	if o.migrate {
		if _, err := migrate(ctx, t.dialect, s.db.DB, Up); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

// Close ends all connections. Calls that are under way are waited for.
func (s *Store) Close() error {
	if !s.onPostgres() {
		s.intoTheFile()
	}
	err := s.db.Close()
	if s.pool != nil {
		s.pool.Close()
	}
	return err
}

func (s *Store) onPostgres() bool { return s.pool != nil }

func (s *Store) openPostgres(ctx context.Context, t target, o options) error {
	config, err := poolConfig(t.dsn, o.maxConns)
	if err != nil {
		return err
	}
	config.BeforeConnect = s.withoutSettings
	s.settings = settingsStatement(config)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return translate("open the database", err)
	}
	s.pool, s.queue = pool, newQueue(config.MaxConns)
	db := sql.OpenDB(patient{stdlib.GetPoolConnector(pool), s.queue})
	db.SetMaxIdleConns(0) // the pool keeps them
	s.db = bun.NewDB(db, pgdialect.New())
	return nil
}

// intoTheFile moves what is in the journal beside a SQLite file into it, so that the file alone
// is a backup. SQLite does so itself when the last connection ends; but a transaction whose
// context has ended is rolled back by database/sql beside its caller, who may be gone by then,
// and closing does not wait for that. Nobody is waited for longer than some seconds: then the
// journal stays beside the file.
func (s *Store) intoTheFile() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for s.db.Stats().InUse > 0 && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	_, _ = s.db.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)")
}

// forPrepared are the settings of how statements that are prepared are planned.
var forPrepared = []string{"enable_seqscan", "plan_cache_mode"}

// poolConfig is what a pool is made with. Bun writes arguments into the SQL text,
// so a cache of prepared statements would only fill up: hence exec mode.
func poolConfig(dsn string, maxConns int) (*pgxpool.Config, error) {
	config, err := readDSN(dsn)
	if err != nil {
		return nil, err
	}
	if own, err := pgx.ParseConfig(dsn); err == nil && own.RuntimeParams["pool_max_conns"] == "" {
		config.MaxConns = int32(maxConns)
	}
	conn := config.ConnConfig
	conn.DefaultQueryExecMode = pgx.QueryExecModeExec
	// No statement comes to them, and each connection would have room for a thousand.
	conn.StatementCacheCapacity, conn.DescriptionCacheCapacity = 0, 0
	if conn.ValidateConnect == nil { // or the URL says by target_session_attrs which server it wants
		conn.ValidateConnect = takesWrites
	}
	if conn.ConnectTimeout == 0 {
		conn.ConnectTimeout = 5 * time.Second
	}
	for name, value := range map[string]string{
		"application_name":                    "entitled",
		"lock_timeout":                        "5s",
		"statement_timeout":                   "15s",
		"idle_in_transaction_session_timeout": "30s",
		"timezone":                            "UTC",
		"standard_conforming_strings":         "on", // Bun's quoting relies on it
		// What is prepared is planned once a connection and not each time. A plan that was
		// made while a table was small is kept while it grows: without this, the first
		// connections to a new database read all of every table, until statistics come.
		// TestPlans says which statements do.
		"enable_seqscan":  "off",
		"plan_cache_mode": "force_generic_plan",
		// Where there is no index to go by, as of goose's table, "off" is a price so high
		// that Postgres would compile the query, for longer than it runs.
		"jit": "off",
		// This program keeps facts with their purchases, and pasts apart: see migration 10.
		"entitled.purchases": "apart",
	} {
		if _, set := conn.RuntimeParams[name]; !set {
			conn.RuntimeParams[name] = value
		}
	}
	return config, nil
}

func (s *Store) openSQLite(ctx context.Context, t target) error {
	if t.path != "" {
		if err := t.isFile(); err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(t.path), 0o700); err != nil {
			return fmt.Errorf("the folder of %s is not there and cannot be made (%w): make it, or name another file", t.path, err)
		}
	}
	db, err := sql.Open("sqlite", t.dsn)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	conns := 8
	if t.path == "" {
		conns = 1 // every connection would have a memory of its own
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	// The file is opened with the first connection. What is not the file's fault shows when
	// it is used.
	if err := t.fault(db.PingContext(ctx)); err != nil {
		db.Close()
		return err
	}
	s.db = bun.NewDB(db, sqlitedialect.New())
	s.writer = make(chan struct{}, 1)
	return nil
}
