package main

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
)

// scaleAccounts is how many accounts are many: seeding a million takes some minutes, and
// 8 GB of memory and of disk.
var scaleAccounts = setting("BENCH_ACCOUNTS", 1_000_000, func(text string) (int64, error) { return strconv.ParseInt(text, 10, 64) })

// fewAccounts is what many are compared with.
const fewAccounts = 10_000

// BenchmarkScale is what webhooks and reads cost with many accounts, beside few: two
// databases of one server, in turns. Each account has bought something long ago, with
// everything that is kept of it, and has a checkout open.
func BenchmarkScale(b *testing.B) {
	server := pgtest.Start(b, pgtest.Durable())
	few, many := server.URL(), server.URL()
	// Both fit into memory, as a database in production is to: else the disk is measured.
	execSQL(b, few, fmt.Sprintf("ALTER SYSTEM SET shared_buffers = '%dMB'; ALTER SYSTEM SET max_wal_size = '16GB'; ALTER SYSTEM SET checkpoint_timeout = '30min'",
		512+scaleAccounts*8/1024))
	server.Stop(pgtest.Fast)
	server.Start()
	onFew, onMany := newScale(b, "few", few, fewAccounts), newScale(b, "many", many, scaleAccounts)
	b.Run("webhooks", func(b *testing.B) { onMany.beside(b, onFew, scale.webhooks) })
	b.Run("reads", func(b *testing.B) { onMany.beside(b, onFew, scale.reads) })
	checkApplied(b, few)
	checkApplied(b, many)
}

// scale is the service on a database of its own, with so many accounts.
type scale struct {
	name     string
	database string
	accounts int64
	program  *program
	paid     *events
}

func newScale(b *testing.B, name, database string, accounts int64) scale {
	b.Helper()
	began := time.Now()
	p := startProgram(b, benchBinary(b), database) // first: it would look through whomever it finds
	orders := max(accounts, 200_000)               // of few accounts each has several, or there would not be enough to pay
	users := seedUsers(b, database, "bench", accounts)
	users.bought(b, database, accounts)
	users.wasTold(b, database, accounts)
	paid := users.opens(b, database, orders)
	vacuum(b, database)
	var size string
	queryRow(b, database, "SELECT pg_size_pretty(pg_database_size(current_database()))", &size)
	b.Logf("%d accounts: %s, seeded in %s", accounts, size, time.Since(began).Round(time.Second))

	inOrder := paid.body
	paid.body = func(n int64) []byte { return inOrder(anyOf(orders, n)) }
	return scale{name, database, accounts, p, paid}
}

func (s scale) webhooks(b *testing.B, connections int) measured {
	return s.paid.load(b, s.program.Address, connections, benchTime)
}

func (s scale) reads(b *testing.B, connections int) measured {
	return readLoad(b, s.program.Address, connections, benchTime, rightsOfSome(s.accounts))
}

// beside measures the same load on both, and how much of what was read came from the cache.
func (s scale) beside(b *testing.B, few scale, load func(scale, *testing.B, int) measured) {
	fewBefore, before := few.blocks(b), s.blocks(b)
	inTurns(b, s.contender(b, load), few.contender(b, load))
	b.Run("cache", func(b *testing.B) {
		for b.Loop() {
			b.ReportMetric(few.blocks(b).hitsSince(fewBefore), few.name+"-hit-ratio")
			b.ReportMetric(s.blocks(b).hitsSince(before), s.name+"-hit-ratio")
			b.ReportMetric(0, "ns/op")
		}
	})
}

func (s scale) contender(b *testing.B, load func(scale, *testing.B, int) measured) contender {
	return contender{
		name: s.name,
		run:  func(b *testing.B, connections int) measured { return load(s, b, connections) },
		meters: map[string]meter{
			s.name + "-postgres-cpu-s/1k": cpuOfPostgres(b, s.database),
			s.name + "-wal-MB/1k":         walOf(s.database),
		},
	}
}

// walOf counts what the server of a database writes to its log, in MB.
func walOf(database string) meter {
	return func(tb testing.TB) float64 {
		tb.Helper()
		var written float64
		queryRow(tb, database, "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 / 1e6", &written)
		return written
	}
}

// blocks are those that Postgres has looked for in its cache.
type blocks struct{ hit, read float64 }

func (s scale) blocks(tb testing.TB) blocks {
	tb.Helper()
	time.Sleep(1100 * time.Millisecond) // Postgres counts together each second
	var all blocks
	queryRow(tb, s.database, "SELECT blks_hit::float8, blks_read::float8 FROM pg_stat_database WHERE datname = current_database()", &all.hit, &all.read)
	return all
}

func (all blocks) hitsSince(before blocks) float64 {
	hit, read := all.hit-before.hit, all.read-before.read
	return hit / (hit + read)
}

// BenchmarkUnknownUsers is what reads of users cost of whom nothing is known, beside those of
// users with a purchase: all hold the default plan. None of them leaves a row behind.
func BenchmarkUnknownUsers(b *testing.B) {
	database := pgtest.Start(b, pgtest.Durable()).URL()
	catalog := filepath.Join(b.TempDir(), "catalog.yaml")
	text := strings.Replace(programtest.Catalog, "plans:\n", "plans:\n  free: {default: true, grants: {projects: 3}}\n", 1)
	if err := os.WriteFile(catalog, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	p := startProgram(b, benchBinary(b), database, "CATALOG="+catalog)
	seedHolders(b, database, fewAccounts)
	if body, _ := p.get(b, "/api/entitlements?user_id=nobody"); !strings.Contains(body, `"plan":"free"`) {
		b.Fatalf("an unknown user has not what everybody has: %s", body)
	}
	before := rowsKept(b, database)
	cpu := func(unit string) map[string]meter {
		return map[string]meter{unit + "cpu-s/1k": cpuOf(p.PID()), unit + "postgres-cpu-s/1k": cpuOfPostgres(b, database)}
	}
	var asked int
	inTurns(b, contender{name: "unknown", meters: cpu(""), run: func(b *testing.B, connections int) measured {
		m := readLoad(b, p.Address, connections, benchTime, func(int64) string { return "/api/entitlements?user_id=nobody_" + rand.Text() })
		asked += m.answers
		return m
	}}, contender{name: "known", meters: cpu("known-"), run: func(b *testing.B, connections int) measured {
		return readLoad(b, p.Address, connections, benchTime, rightsOfSome(fewAccounts))
	}})
	if after := rowsKept(b, database); after != before {
		b.Errorf("there were %d rows of users before %d unknown ones were asked about, and are %d", before, asked, after)
	}
	b.Logf("%d unknown users were asked about, and there are as many rows as before: %d", asked, before)
	p.reportMemory(b)
}

// rowsKept counts what is kept of users.
func rowsKept(tb testing.TB, database string) (rows int64) {
	tb.Helper()
	queryRow(tb, database, `SELECT (SELECT count(*) FROM accounts) + (SELECT count(*) FROM entitlements) + (SELECT count(*) FROM refs)
		+ (SELECT count(*) FROM entitlement_changes) + (SELECT count(*) FROM rights_told) + (SELECT count(*) FROM questions)`, &rows)
	return rows
}
