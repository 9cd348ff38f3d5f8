package bunstore_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/adapters/bunstore"
	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
)

func steps(t *testing.T, url string, direction bunstore.Direction) (applied, all int) {
	t.Helper()
	steps, err := bunstore.Migrate(t.Context(), url, direction)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range steps {
		if !step.AppliedAt.IsZero() {
			applied++
		}
	}
	return applied, len(steps)
}

func TestMigrate_UpDownUp(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		applied, all := steps(t, url, bunstore.Up)
		if applied != all || all == 0 {
			t.Fatalf("applied %d of %d", applied, all)
		}
		before := schemaOf(t, url)
		for left := all - 1; left >= 0; left-- {
			if applied, _ := steps(t, url, bunstore.Down); applied != left {
				t.Fatalf("%d are applied after one step down, want %d", applied, left)
			}
		}
		if tables := schemaOf(t, url); len(tables) > 0 {
			t.Errorf("tables left at zero: %v", tables)
		}
		if applied, _ := steps(t, url, bunstore.Down); applied != 0 {
			t.Errorf("%d are applied below zero", applied)
		}
		steps(t, url, bunstore.Up)
		if diff := cmp.Diff(before, schemaOf(t, url)); diff != "" {
			t.Errorf("the second time up (-first +second):\n%s", diff)
		}
		if applied, _ := steps(t, url, bunstore.Status); applied != all {
			t.Errorf("status says %d of %d", applied, all)
		}
	})
}

func TestMigrate_FourAtOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.EmptyURL(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := bunstore.Migrate(t.Context(), url, bunstore.Up); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if applied, all := steps(t, url, bunstore.Status); applied != all {
		t.Errorf("applied %d of %d", applied, all)
	}
}

func TestReady(t *testing.T) {
	t.Parallel()
	test := func(t *testing.T, url string) {
		s, err := bunstore.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		wantReady := func(when, want string) {
			t.Helper()
			err := s.Ready(t.Context())
			if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("%s: %v, want %q", when, err, want)
			}
		}
		wantReady("before migrating", `run "entitled migrate up"`)
		steps(t, url, bunstore.Up)
		wantReady("after migrating", "")
		exec(t, url, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)")
		wantReady("with a newer schema, in the middle of a deploy", "")
		exec(t, url, "DELETE FROM goose_db_version WHERE version_id = 99999")
		steps(t, url, bunstore.Down)
		wantReady("one step down", `run "entitled migrate up"`)
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), "empty.db")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		test(t, "sqlite:"+file)
	})
	t.Run("postgres", func(t *testing.T) { t.Parallel(); test(t, pgtest.EmptyURL(t)) })
}

func TestReady_NoAnswer(t *testing.T) {
	t.Parallel()
	s, err := bunstore.Open(context.Background(), "postgres://nobody@127.0.0.1:1/none")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	wantUnavailable(t, "Ready", s.Ready(t.Context()))
}

// SQLite would make an empty file where a path was mistyped.
func TestOpen_MakesNoDatabaseWhereThereIsNone(t *testing.T) {
	t.Parallel()
	url := sqliteFile(t)
	if _, err := bunstore.Open(t.Context(), url); err == nil || !strings.Contains(err.Error(), "there is no database at") {
		t.Errorf("open: %v", err)
	}
	for _, direction := range []bunstore.Direction{bunstore.Status, bunstore.Down} {
		if _, err := bunstore.Migrate(t.Context(), url, direction); err == nil || !strings.Contains(err.Error(), "there is no database at") {
			t.Errorf("migrate %d: %v", direction, err)
		}
	}
	if _, err := os.Stat(filepath.Dir(strings.TrimPrefix(url, "sqlite:"))); err == nil {
		t.Error("a folder was made")
	}
}

// Whoever waits for a table keeps everybody else from it who comes later. A migration waits
// behind a backup for a moment only, lets the others pass, and tries again.
func TestMigrate_LetsWritersPass(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	for applied := 6; applied > 4; {
		applied, _ = steps(t, url, bunstore.Down)
	}
	db := database(t, url)
	backup, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer backup.Rollback()
	if _, err := backup.ExecContext(t.Context(), "SELECT FROM payments"); err != nil {
		t.Fatal(err)
	}
	migrated := make(chan error)
	go func() {
		_, err := bunstore.Migrate(t.Context(), url, bunstore.Up)
		migrated <- err
	}()
	waiting := "SELECT count(*)::text FROM pg_locks WHERE NOT granted AND relation = 'payments'::regclass"
	for query(t, db, waiting)[0][0] == "0" {
		time.Sleep(10 * time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if _, err := db.ExecContext(ctx, "UPDATE payments SET status = 'paid'"); err != nil {
		t.Errorf("write beside a migration that waits: %v", err)
	}
	if err := backup.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-migrated; err != nil {
		t.Errorf("migrate: %v", err)
	}
	if applied, all := steps(t, url, bunstore.Status); applied != all {
		t.Errorf("applied %d of %d", applied, all)
	}
}
