package main

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	_ "github.com/jackc/pgx/v5/stdlib"
)

// sqlOf opens the database of a program beside it.
func sqlOf(t *testing.T, database string) *sql.DB {
	t.Helper()
	driver, source := "pgx", database
	if file, is := strings.CutPrefix(database, "sqlite:"); is {
		driver, source = "sqlite", file+"?_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// multiplies makes n more users with the order that a user has.
func multiplies(t *testing.T, db *sql.DB, user string, n int) {
	t.Helper()
	columns := columnsOf(t, db, "orders")
	values := make([]string, len(columns))
	for i, column := range columns {
		switch values[i] = column; column {
		case "id", "user_id":
			values[i] = "'many_' || n"
		case "session_id", "client_key", "payment_intent_id":
			values[i] = "''"
		}
	}
	many := fmt.Sprintf("WITH RECURSIVE numbers (n) AS (SELECT 100000 UNION ALL SELECT n + 1 FROM numbers WHERE n < %d) ", 100000+n-1)
	for _, statement := range []string{
		"INSERT INTO accounts (user_id) " + many + "SELECT 'many_' || n FROM numbers",
		"INSERT INTO orders (" + strings.Join(columns, ", ") + ") " + many + "SELECT " + strings.Join(values, ", ") +
			" FROM orders, numbers WHERE user_id = '" + user + "'",
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func columnsOf(t *testing.T, db *sql.DB, table string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT * FROM "+table+" LIMIT 0")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil || rows.Err() != nil {
		t.Fatal(err, rows.Err())
	}
	return columns
}

// derivationOf is how far a derivation has come, as it is kept; nothing before it begins.
func derivationOf(t *testing.T, db *sql.DB) (d struct {
	Pass   int
	Cursor string
	Done   bool
}) {
	t.Helper()
	var text string
	err := db.QueryRowContext(t.Context(), "SELECT value FROM settings WHERE name = 'derivation'").Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return d
	}
	if err != nil {
		t.Fatal(err)
	}
	programtest.Decode(t, text, &d)
	return d
}

// A service that is killed while it derives for another catalog is followed by one that
// goes on; and of two that run then, one does it.
func TestCatchUp_KilledInTheMiddleAnotherGoesOn(t *testing.T) {
	t.Parallel()
	for name, open := range programtest.Databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const users = 1200
			database := open(t)
			s := openShop(t, database)
			s.buys(t, "u", "basic")
			db := sqlOf(t, database)
			for !derivationOf(t, db).Done { // of the first start
				time.Sleep(10 * time.Millisecond)
			}
			multiplies(t, db, "u", users)
			s.Stop(t)

			richer := filepath.Join(t.TempDir(), "catalog.yaml")
			if err := os.WriteFile(richer, []byte(strings.Replace(programtest.Catalog, "{projects: 10}", "{projects: 11}", 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			start := func() *program {
				return startProgram(t, s.Cmd.Path, database, "STRIPE_API_BASE="+s.box.URL(), "CATALOG="+richer)
			}
			killed := start()
			for !strings.HasPrefix(derivationOf(t, db).Cursor, "many_") {
				time.Sleep(time.Millisecond)
			}
			killed.Kill()
			reached := derivationOf(t, db)
			if reached.Pass != 1 || reached.Cursor == fmt.Sprint("many_", 100000+users-1) {
				t.Fatalf("it was not killed in the middle, but at %+v", reached)
			}
			both := []*program{start(), start()}
			last := reached
			for last.Pass == 1 {
				time.Sleep(10 * time.Millisecond)
				now := derivationOf(t, db)
				if now.Pass == 1 && now.Cursor < last.Cursor {
					t.Fatalf("after %s it goes on at %s", last.Cursor, now.Cursor)
				}
				last = now
			}
			working := 0
			for _, p := range both {
				if looked := p.gauge(t, "entitled_deriving_users_looked_at"); looked > 0 {
					working++
					if looked > users {
						t.Errorf("it looked at %v of %d users, and %s was reached before", looked, users, reached.Cursor)
					}
				}
			}
			if working != 1 {
				t.Errorf("%d services derive, want one\n%s\n%s", working, both[0].Log, both[1].Log)
			}
			for _, user := range []string{"u", "many_100000", fmt.Sprint("many_", 100000+users-1)} {
				if held := both[0].Holds(t, user); held != "projects=11" {
					t.Errorf("%s holds %q", user, held)
				}
			}
		})
	}
}

// gauge reads one figure of the metrics.
func (p *program) gauge(t *testing.T, name string) float64 {
	t.Helper()
	text, _ := p.get(t, "/metrics")
	for line := range strings.Lines(text) {
		if value, is := strings.CutPrefix(line, name+" "); is {
			var number float64
			if err := json.Unmarshal([]byte(value), &number); err != nil {
				t.Fatal(err)
			}
			return number
		}
	}
	t.Fatalf("there is no %s in the metrics", name)
	return 0
}
