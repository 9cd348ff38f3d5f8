package bunstore_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/entitled-dev/entitled/adapters/bunstore"
	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
	"github.com/entitled-dev/entitled/ports"
	"github.com/entitled-dev/entitled/ports/portstest"
)

// smallTables do not grow with the business.
var smallTables = []string{"settings", "goose_db_version", "webhook_endpoints"} // which are a thousand at most

// readsAll are statements that read all of a table on purpose, by what they begin with.
var readsAll = []string{
	"SELECT plan, feature, count(*) AS users FROM ( SELECT plan, feature, user_id FROM entitlements", // Holders, once at the start
	"UPDATE webhook_deliveries SET answer = '(forgotten)' WHERE answer <> ''",                        // Forget: the last 200 of each endpoint
}

// The contract on Postgres, and the plan of every statement that it makes the adapter
// send: on tables that are empty, small and never looked at, and large, with and without
// statistics; and on such as were empty when they were looked at, for that plan stays while
// they grow. None reads all of a table that grows, and none is compiled.
func TestStore_Postgres(t *testing.T) {
	t.Parallel()
	statements := sentStatements(t)
	if len(statements) < 30 {
		t.Fatalf("saw only %d statements", len(statements))
	}
	url := pgtest.URL(t)
	pool, err := bunstore.Pool(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	tables := growingTables(t, pool)
	for _, table := range tables {
		exec(t, url, "ALTER TABLE "+table+" SET (autovacuum_enabled = off)") // no statistics but ours
	}
	for _, c := range []struct {
		state string
		rows  int
		then  string
	}{
		{"empty", 0, "SELECT 1"},
		{"small, without statistics", 30, "SELECT 1"},
		{"large, without statistics", 5_000, "SELECT 1"},
		{"large, with statistics", 0, "ANALYZE"},
		{emptyWithStatistics, 0, "TRUNCATE " + strings.Join(tables, ", ") + "; ANALYZE"},
	} {
		for _, table := range tables {
			fill(t, pool, table, c.rows)
		}
		exec(t, url, c.then)
		for _, sql := range statements {
			if c.state == emptyWithStatistics && !staysPlanned(sql) {
				continue
			}
			for _, fault := range faultsOf(t, pool, sql, tables) {
				t.Errorf("tables %s: %s:\n%s", c.state, fault, sql)
			}
		}
	}
}

const emptyWithStatistics = "empty, with statistics"

// staysPlanned tells of statements whose plan may be from when a table was empty. What is
// not prepared is planned each time. What ends a question or a right, and takes questions,
// has no form that cannot be planned badly then; it gets another plan with the next
// statistics, which is within a minute or so of the first rows.
func staysPlanned(sql string) bool {
	return strings.Contains(sql, "$1") && !strings.HasPrefix(sql, "DELETE") && !strings.HasPrefix(sql, "WITH taken")
}

var (
	literal = regexp.MustCompile(`'(?:[^']|'')*'|\b\d+\b`)
	list    = regexp.MustCompile(`\?(, \?)+`)
)

// sentStatements runs the contract and returns one of each shape of statement that went
// to the server.
func sentStatements(t *testing.T) []string {
	var mu sync.Mutex
	var proxies []*pgtest.Proxy
	t.Run("contract", func(t *testing.T) {
		portstest.TestStore(t, func(t *testing.T) ports.Store {
			proxy := pgtest.NewProxy(t, pgtest.URL(t))
			mu.Lock()
			proxies = append(proxies, proxy)
			mu.Unlock()
			s, err := bunstore.Open(t.Context(), proxy.URL())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			return s
		})
	})
	shapes := map[string]string{}
	for _, proxy := range proxies {
		for _, sql := range proxy.Statements() {
			verb, _, _ := strings.Cut(sql, " ")
			if slices.Contains([]string{"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"}, verb) {
				shape := list.ReplaceAllString(literal.ReplaceAllString(sql, "?"), "?")
				// Of many of a few, all may be the cheaper way: the service asks for a dozen.
				if held, have := shapes[shape]; !have || len(sql) < len(held) {
					shapes[shape] = sql
				}
			}
		}
	}
	return slices.Sorted(maps.Values(shapes))
}

func growingTables(t *testing.T, pool *pgxpool.Pool) []string {
	t.Helper()
	var tables []string
	err := pool.QueryRow(t.Context(), `SELECT array_agg(tablename::text) FROM pg_tables
		WHERE schemaname = 'public' AND NOT tablename = ANY ($1)`, smallTables).Scan(&tables)
	if err != nil {
		t.Fatal(err)
	}
	return tables
}

// fill adds rows of a table that differ in all their texts and times. What they say
// matters to no plan, so the rules of the schema are not asked.
func fill(t *testing.T, pool *pgxpool.Pool, table string, rows int) {
	t.Helper()
	if rows == 0 {
		return
	}
	var checks, columns, values []string
	err := pool.QueryRow(t.Context(), `SELECT
		(SELECT array_agg(format('DROP CONSTRAINT %I', conname)) FROM pg_constraint WHERE conrelid = $1::text::regclass AND contype = 'c'),
		array_agg(column_name::text ORDER BY ordinal_position),
		array_agg(CASE data_type
			WHEN 'text' THEN format('''%s filled '' || n', column_name)
			WHEN 'bytea' THEN '''\x''::bytea'
			WHEN 'boolean' THEN 'true'
			WHEN 'timestamp with time zone' THEN 'now() + n * interval ''1 minute'''
			ELSE 'n' END ORDER BY ordinal_position)
		FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1 AND is_identity = 'NO'`, table).
		Scan(&checks, &columns, &values)
	if err != nil {
		t.Fatal(err)
	}
	if len(checks) > 0 {
		if _, err := pool.Exec(t.Context(), "ALTER TABLE "+table+" "+strings.Join(checks, ", ")); err != nil {
			t.Fatal(err)
		}
	}
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	for _, sql := range []string{
		"SET LOCAL session_replication_role = replica", // no triggers
		fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM generate_series(%d, %d) AS n",
			table, strings.Join(columns, ", "), strings.Join(values, ", "), rows, 2*rows),
		"COMMIT",
	} {
		if _, err := tx.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// faultsOf explains a statement as the adapter's connections plan it: for any values, if
// it has parameters.
func faultsOf(t *testing.T, pool *pgxpool.Pool, sql string, tables []string) []string {
	t.Helper()
	conn, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	prepared, err := conn.Conn().Prepare(t.Context(), "explained", sql)
	if err != nil {
		t.Fatalf("%v:\n%s", err, sql)
	}
	defer func() { _ = conn.Conn().Deallocate(t.Context(), "explained") }()
	explained := sql
	if n := len(prepared.ParamOIDs); n > 0 {
		explained = "EXECUTE explained (" + strings.Repeat("NULL, ", n-1) + "NULL)"
	}
	var plans []struct {
		Plan plan
		JIT  any
	}
	var text []byte
	if err := conn.QueryRow(t.Context(), "EXPLAIN (FORMAT JSON) "+explained).Scan(&text); err != nil {
		t.Fatalf("%v:\n%s", err, sql)
	}
	if err := json.Unmarshal(text, &plans); err != nil {
		t.Fatal(err)
	}
	var faults []string
	if plans[0].JIT != nil {
		faults = append(faults, "is compiled")
	}
	onPurpose := slices.ContainsFunc(readsAll, func(beginning string) bool {
		return strings.HasPrefix(strings.Join(strings.Fields(sql), " "), beginning)
	})
	plans[0].Plan.walk(func(p plan) {
		if !onPurpose && slices.Contains(tables, p.Table) && p.readsAll() {
			faults = append(faults, fmt.Sprintf("%s of all of %s (filter %s)", p.Node, p.Table, p.Filter))
		}
		if !onPurpose && (strings.HasSuffix(p.Node, "Join") || p.Node == "Nested Loop") {
			p.walk(func(below plan) {
				if slices.Contains(tables, below.Table) && strings.HasPrefix(below.Node, "Index") && below.Cond == "" {
					faults = append(faults, fmt.Sprintf("%s with all of %s", p.Node, below.Table))
				}
			})
		}
		if strings.Contains(p.Filter, "purchase") {
			faults = append(faults, fmt.Sprintf("%s of all of an account in %s (filter %s)", p.Node, p.Table, p.Filter))
		}
	})
	return faults
}

// plan is a node of what EXPLAIN says.
type plan struct {
	Node   string  `json:"Node Type"`
	Table  string  `json:"Relation Name"`
	Cond   string  `json:"Index Cond"`
	Filter string  `json:"Filter"`
	Passed float64 `json:"Rows Removed by Filter"` // if the statement was run
	Plans  []plan
}

func (p plan) walk(visit func(plan)) {
	visit(p)
	for _, below := range p.Plans {
		below.walk(visit)
	}
}

// readsAll: an index that is walked from end to end for what it does not tell is a
// sequential scan by another name. Without a filter it is a page of a listing.
func (p plan) readsAll() bool {
	switch p.Node {
	case "Seq Scan":
		return true
	case "Index Scan", "Index Only Scan":
		return p.Cond == "" && p.Filter != ""
	default:
		return false
	}
}
