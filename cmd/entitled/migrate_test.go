package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"
)

func TestMigrate_DownLosesNothingThatWasNotSaid(t *testing.T) {
	t.Parallel()
	for name, open := range programtest.Databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := commandLine(t, "DATABASE_URL="+open(t))
			p.says(t, "migrate up")
			applied := func() int {
				return strings.Count(p.says(t, "migrate status"), "Z\n")
			}
			all := applied()
			code, said := p.exit(t, words("migrate down"))
			for _, want := range []string{"00018_currencies.sql", "column currency_chosen of orders", "backup", "say --yes"} {
				if code != 2 || !strings.Contains(said, want) {
					t.Errorf("exits with %d, want 2 and %q:\n%s", code, want, said)
				}
			}
			if left := applied(); left != all || all < 12 {
				t.Fatalf("%d migrations of %d are left, and --yes was not said", left, all)
			}
			for left := all - 1; left >= 6; left-- {
				command := "migrate down --yes"
				if left == all-2 { // 00017: an index, of which nobody misses anything
					command = "migrate down"
				}
				p.says(t, command)
				if got := applied(); got != left {
					t.Fatalf("%d migrations are left, want %d", got, left)
				}
			}
			p.says(t, "migrate down") // of which nobody misses anything: indexes
			if got := applied(); got != 5 {
				t.Errorf("%d migrations are left, want 5", got)
			}
			p.refuses(t, "migrate down", "table invoices")
		})
	}
}

// A migration waits for a table that a backup reads for a moment only, and whoever writes
// there passes it.
func TestMigrate_LetsWritersPassABackup(t *testing.T) {
	t.Parallel()
	database := programtest.Databases["Postgres"](t)
	seedBuyers(t, database, 1)
	p := commandLine(t, "DATABASE_URL="+database)
	p.says(t, "migrate down --yes") // 00018: a column of orders
	db := sqlOf(t, database)
	backup, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer backup.Rollback()
	if _, err := backup.ExecContext(t.Context(), "SELECT FROM orders"); err != nil {
		t.Fatal(err)
	}
	migrated := make(chan string)
	go func() {
		code, said := p.exit(t, words("migrate up"))
		migrated <- fmt.Sprint(code, " ", said)
	}()
	for queryInt(t, database, "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'orders'::regclass") == 0 {
		select {
		case said := <-migrated:
			t.Fatalf("it waited for nobody: %s", said)
		case <-time.After(5 * time.Millisecond):
		}
	}
	if _, err := db.ExecContext(t.Context(), "SET statement_timeout = '30s'; UPDATE orders SET locale = 'de'"); err != nil {
		t.Errorf("a write beside a migration that waits: %v", err)
	}
	if err := backup.Commit(); err != nil {
		t.Fatal(err)
	}
	if said := <-migrated; !strings.HasPrefix(said, "0 ") || strings.Contains(said, " no\n") {
		t.Errorf("migrate up: %s", said)
	}
}
