package bunstore_test

import (
	"cmp"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/entitled-dev/entitled/adapters/bunstore"
	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
	"github.com/entitled-dev/entitled/domain"
)

// database is a plain connection to look behind the store's back.
func database(t testing.TB, url string) *sql.DB {
	t.Helper()
	driver, dsn := "pgx", url
	if path, is := strings.CutPrefix(url, "sqlite:"); is {
		driver, dsn = "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func exec(t testing.TB, url, query string) {
	t.Helper()
	if _, err := database(t, url).ExecContext(t.Context(), query); err != nil {
		t.Fatal(err)
	}
}

func query(t testing.TB, db *sql.DB, query string, args ...any) [][]string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var all [][]string
	for rows.Next() {
		row := make([]string, len(columns))
		into := make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// table is what two dialects must have in common.
type table struct {
	Columns []string // with whether they may be NULL
	Indexes []string // columns, and whether they are unique and of some rows only
}

func schemaOf(t testing.TB, url string) map[string]table {
	t.Helper()
	db := database(t, url)
	tables := map[string]table{}
	if strings.HasPrefix(url, "postgres") {
		for _, c := range query(t, db, `SELECT table_name::text, column_name::text, is_nullable::text
			FROM information_schema.columns WHERE table_schema = 'public' ORDER BY ordinal_position`) {
			add := tables[c[0]]
			add.Columns = append(add.Columns, fmt.Sprintf("%s null=%s", c[1], strings.ToLower(c[2])))
			tables[c[0]] = add
		}
		for _, i := range query(t, db, `SELECT t.relname::text, i.indisunique::text, (i.indpred IS NOT NULL)::text,
				(SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(i.indkey::int[]) WITH ORDINALITY AS k (col, n)
				 JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.col)
			FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace s ON s.oid = t.relnamespace
			WHERE s.nspname = 'public' AND t.relkind = 'r'`) {
			add := tables[i[0]]
			add.Indexes = append(add.Indexes, fmt.Sprintf("%s unique=%s partial=%s", i[3], i[1], i[2]))
			tables[i[0]] = add
		}
	} else {
		for _, c := range query(t, db, `SELECT m.name, c.name, CASE WHEN c."notnull" OR lower(c.type) = 'integer' AND c.pk THEN 'no' ELSE 'yes' END, c.type, c.pk
			FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, c.cid`) {
			add := tables[c[0]]
			add.Columns = append(add.Columns, fmt.Sprintf("%s null=%s", c[1], c[2]))
			if strings.EqualFold(c[3], "integer") && c[4] == "1" { // the rowid itself, which needs no index
				add.Indexes = append(add.Indexes, c[1]+" unique=true partial=false")
			}
			tables[c[0]] = add
		}
		for _, i := range query(t, db, `SELECT m.name, CASE WHEN i."unique" THEN 'true' ELSE 'false' END,
				CASE WHEN i.partial THEN 'true' ELSE 'false' END,
				(SELECT group_concat(name, ',') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno))
			FROM sqlite_master m, pragma_index_list(m.name) i WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'`) {
			add := tables[i[0]]
			add.Indexes = append(add.Indexes, fmt.Sprintf("%s unique=%s partial=%s", i[3], i[1], i[2]))
			tables[i[0]] = add
		}
	}
	delete(tables, "goose_db_version") // goose's own
	for _, t := range tables {
		slices.Sort(t.Indexes)
	}
	return tables
}

func TestSchema_SameInBothDialects(t *testing.T) {
	t.Parallel()
	file := sqliteFile(t)
	if _, err := bunstore.Migrate(t.Context(), file, bunstore.Up); err != nil {
		t.Fatal(err)
	}
	postgres := schemaOf(t, pgtest.URL(t))
	if len(postgres) < 8 {
		t.Fatalf("tables %v, want all of them", postgres)
	}
	if diff := gocmp.Diff(postgres, schemaOf(t, file)); diff != "" {
		t.Errorf("schemas differ (-postgres +sqlite):\n%s", diff)
	}
}

// keptTypes are those of the domain but for a choice, which is kept as a flag that says which.
var keptTypes = slices.DeleteFunc(slices.Clone(domain.FeatureTypes), func(t domain.FeatureType) bool { return t == domain.FeatureChoice })

// The sets that the schema allows are those of the domain: every value can be
// kept, and one that is in none of them cannot.
func TestSchema_KnowsTheRules(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url)
		if err := s.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		rules := []rule{
			ruleOf("orders", "status", domain.OrderStatuses), ruleOf("orders", "mode", domain.Modes),
			ruleOf("invoices", "status", domain.InvoiceStatuses), ruleOf("credit_notes", "status", domain.CreditNoteStatuses),
			{"payments", "status", []string{"'paid'", "'failed'"}, []string{"'none of them'", "''", "NULL"}}, // of the program before
			ruleOf("entitlements", "source_kind", domain.SourceKinds), ruleOf("entitlements", "value_type", keptTypes),
			ruleOf("entitlement_changes", "source_kind", domain.SourceKinds),
			ruleOf("entitlement_changes", "value_type", keptTypes), ruleOf("entitlement_changes", "kind", domain.ChangeKinds),
			orNone(ruleOf("entitlement_changes", "cause", domain.Causes)), // none: an event
			ruleOf("processed_events", "outcome", domain.Outcomes),
			ruleOf("grants", "value_type", keptTypes),
			{"grants", "value_choice", []string{"''", "'gold'"}, []string{"NULL"}}, // of a flag, which rows here are
			{"entitlements", "value_choice", []string{"''", "'gold'"}, []string{"NULL"}},
			{"entitlement_changes", "value_choice", []string{"''", "'gold'"}, []string{"NULL"}},
			{"refunds", "status", []string{"'succeeded'", "'a status of tomorrow'"}, []string{"''", "NULL"}},
			{"disputes", "status", []string{"'won'", "'a status of tomorrow'"}, []string{"''", "NULL"}},
			{"invoice_payments", "invoice_id", []string{"'in_1'"}, []string{"''", "NULL"}},
			{"invoices", "lines", []string{"'[]'"}, []string{"NULL"}},
			{"invoices", "total", []string{"0", "-9223372036854775808"}, []string{"NULL"}},
			{"charges", "invoice_id", []string{"''", "'in_1'"}, []string{"NULL"}},
			{"grants", "value_limit", []string{"-1", "0"}, []string{"-2"}},
			{"questions", "id", []string{"'pi_1'"}, []string{"''", "NULL"}},
			{"questions", "since", []string{"NULL"}, nil},
			{"questions", "due", nil, []string{"NULL"}},
			{"questions", "attempts", []string{"0"}, []string{"-1"}},
			{"entitlements", "plan", []string{"''"}, []string{"NULL"}},
			{"entitlements", "later", []string{"''", "'[]'"}, []string{"NULL"}},
			{"entitlement_changes", "part", []string{"0", "7"}, []string{"NULL"}},
			{"subscriptions", "status", []string{"'active'", "'a status of tomorrow'"}, []string{"''"}},
			{"orders", "quantity", []string{"1", "9223372036854775807"}, []string{"0", "-1", "NULL"}},
			{"orders", "trial_days", []string{"0"}, []string{"-1"}},
			{"orders", "attempt", []string{"0"}, []string{"-1"}},
			{"orders", "paid_at", []string{"'2026-01-01 00:00:00+00:00'"}, []string{"NULL"}}, // of a paid order
			{"processed_events", "attempts", []string{"1"}, []string{"0"}},
			{"entitlements", "value_limit", []string{"-1", "0", "9223372036854775807"}, []string{"-2"}},
			{"entitlement_changes", "value_limit", []string{"-1", "0"}, []string{"-2"}},
			{"accounts", "user_id", []string{"'ann'"}, []string{"''", "NULL"}},
			{"refs", "id", []string{"'o_1'"}, []string{"''", "NULL"}},
		}
		db := database(t, url)
		for _, r := range rules {
			for _, value := range r.allowed {
				if err := r.insert(t, db, value); err != nil {
					t.Errorf("%s.%s = %s: %v", r.table, r.column, value, err)
				}
			}
			for _, value := range r.refused {
				if err := r.insert(t, db, value); err == nil {
					t.Errorf("%s.%s = %s was taken", r.table, r.column, value)
				}
			}
		}
	})
}

// rule is what a column may hold, as SQL.
type rule struct {
	table, column    string
	allowed, refused []string
}

func ruleOf[T ~string](table, column string, set []T) rule {
	r := rule{table: table, column: column, refused: []string{"'none of them'", "''", "NULL"}}
	for _, value := range set {
		r.allowed = append(r.allowed, "'"+string(value)+"'")
	}
	return r
}

// orNone is a rule by which a column may be empty, too.
func orNone(r rule) rule {
	r.allowed = append(r.allowed, "''")
	r.refused = slices.DeleteFunc(r.refused, func(value string) bool { return value == "''" })
	return r
}

// validRows is a row of each table that keeps all rules.
var validRows = map[string]map[string]string{
	"accounts": {"user_id": "'ann'"},
	"refs":     {"kind": "'order'", "id": "'o_1'", "user_id": "'ann'"},
	"orders": {
		"id": "'o_1'", "user_id": "'ann'", "plan": "''", "price": "''", "mode": "'payment'", "quantity": "1", "status": "'paid'",
		"price_id": "''", "trial_days": "0", "success_url": "''", "cancel_url": "''", "locale": "''", "attempt": "0",
		"client_key": "''", "fingerprint": "''", "session_id": "''", "session_url": "''", "subscription_id": "''",
		"payment_intent_id": "''", "paid_at": "'2026-01-01 00:00:00+00:00'",
	},
	"subscriptions": {
		"id": "'sub_1'", "user_id": "'ann'", "order_id": "''", "customer_id": "''", "status": "'active'", "items": "'[]'",
		"cancel_at_period_end": "false", "precedence": "0",
	},
	"payments": {
		"id": "'in_1'", "user_id": "'ann'", "order_id": "''", "subscription_id": "''", "status": "'paid'",
		"amount": "0", "currency": "'eur'",
	},
	"invoices": {
		"id": "'in_1'", "user_id": "'ann'", "subscription_id": "'sub_1'", "status": "'paid'", "billing_reason": "''", "collection_method": "''",
		"currency": "'eur'", "total": "0", "amount_due": "0", "amount_paid": "0", "starting_balance": "0", "ending_balance": "0",
		"complete": "false", "lines": "'[]'",
	},
	"credit_notes": {
		"id": "'cn_1'", "user_id": "'ann'", "invoice_id": "''", "status": "'issued'", "kind": "''", "amount": "0", "currency": "''", "lines": "'[]'", "refunds": "''",
	},
	"invoice_payments": {"id": "'pi_1'", "user_id": "'ann'", "invoice_id": "'in_1'"},
	"charges": {
		"id": "'ch_1'", "user_id": "'ann'", "payment_intent_id": "''", "invoice_id": "''", "amount": "0", "refunded": "0", "currency": "''",
	},
	"refunds": {
		"id": "'re_1'", "user_id": "'ann'", "charge_id": "''", "payment_intent_id": "''", "status": "'pending'", "amount": "0", "currency": "''",
	},
	"disputes": {
		"id": "'dp_1'", "user_id": "'ann'", "charge_id": "''", "payment_intent_id": "''", "status": "'lost'", "amount": "0", "currency": "''",
	},
	"grants": {
		"id": "'g_1'", "user_id": "'ann'", "feature": "'sso'", "value_type": "'flag'", "value_limit": "0", "value_choice": "''", "reason": "''", "given_by": "''",
		"revoked_by": "''", "revoked_reason": "''",
	},
	"questions": {"kind": "'charge'", "id": "'ch_1'", "due": "'2026-01-01 00:00:00+00:00'", "attempts": "0"},
	"entitlements": {
		"user_id": "'ann'", "feature": "'sso'", "source_kind": "'order'", "source_id": "'o_1'", "plan": "'pro'",
		"value_type": "'flag'", "value_limit": "0", "value_choice": "''", "later": "''",
	},
	"entitlement_changes": {
		"user_id": "'ann'", "kind": "'granted'", "feature": "'sso'", "source_kind": "'order'", "source_id": "'o_1'", "part": "0", "plan": "'pro'",
		"value_type": "'flag'", "value_limit": "0", "value_choice": "''", "event_id": "''", "cause": "''", "at": "'2026-01-01 00:00:00+00:00'",
	},
	"processed_events": {
		"id": "'evt_1'", "type": "''", "object": "''", "user_id": "''", "received_at": "'2026-01-01 00:00:00+00:00'",
		"api_version": "''", "livemode": "true", "outcome": "'applied'", "reason": "''", "attempts": "1", "payload": "''",
	},
}

// insert keeps a valid row with one column changed, and takes it back.
func (r rule) insert(t *testing.T, db *sql.DB, value string) error {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	var columns, values []string
	for column, valid := range validRows[r.table] {
		columns = append(columns, column)
		values = append(values, cmp.Or(map[bool]string{true: value}[column == r.column], valid))
	}
	_, err = tx.ExecContext(t.Context(), fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)",
		r.table, strings.Join(columns, ", "), strings.Join(values, ", ")))
	return err
}
