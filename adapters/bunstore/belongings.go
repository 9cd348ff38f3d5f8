package bunstore

import (
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"

	"github.com/entitled-dev/entitled/domain"
)

// belongings are the rows of some accounts.
type belongings struct {
	whole        bool // all of these accounts, and not what is kept under some keys
	facts        []factTable
	entitlements []entitlementRow
}

// sources are the tables that they are in.
func (b *belongings) sources() []source {
	b.facts = factTables()
	all := []source{{keyed: true, rows: &b.entitlements}}
	for _, table := range b.facts {
		all = append(all, table.source())
	}
	return all
}

// into puts rows where they belong. Of an account that is not whole, a right that is kept
// with no purchase and comes from nothing of what was read stays as it is.
func (b *belongings) into(h *held) error {
	for _, table := range b.facts {
		if err := table.into(h, b.whole); err != nil {
			return err
		}
	}
	sortEntitlements(b.entitlements)
	for _, row := range b.entitlements {
		state, err := h.userOf(row.UserID)
		if err != nil {
			return err
		}
		if whole := h.whole[state.Account.User]; whole != b.whole || !whole && row.Purchase == "" && !state.Account.Gives(row.source()) {
			continue
		}
		stretches, err := row.stretches()
		if err != nil {
			return err
		}
		h.rights[row.key()] = row.Purchase
		state.Entitlements = append(state.Entitlements, stretches...)
	}
	return nil
}

// readNamed reads what is kept with the purchases of some names, or with none, and the names
// themselves, and receipts.
func (s *Store) readNamed(w wanted, b *belongings, names *[]refRow, receipts *[]receiptRow) []statement {
	kinds, ids := columns(w.refs)
	sources := append([]source{{from: "named", rows: names}, {where: s.isOneOf("t.id", w.events), without: "payload", rows: receipts}}, b.sources()...)
	by := keys{on: "t.user_id = keys.user_id AND t.purchase = keys.purchase", args: []any{kinds, ids, w.events}, with: func() string {
		return fmt.Sprintf(`WITH named AS (SELECT t.kind, t.id, t.user_id, t.purchase FROM %[1]s), keys AS (
				SELECT user_id, purchase FROM named
				UNION SELECT user_id, CASE WHEN purchase LIKE '%%%[2]s' THEN substr(purchase, 1, length(purchase) - length('%[2]s')) ELSE purchase END FROM named
				UNION SELECT user_id, '' FROM named
			) `, s.named(w.refs), apartMark)
	}}
	if !s.onPostgres() {
		sources[0].from = "(SELECT * FROM " + string(s.named(w.refs)) + ")"
		by.with = func() string {
			return "WITH keys (user_id, purchase) AS (SELECT value->>0, value->>1 FROM json_each(?)) "
		}
		by.late = func() []any { return []any{inJSON(purchasesBehind(*names).columns())} }
	}
	return s.together("read what is named", by, sources)
}

// purchasesBehind are those that readNamed has Postgres look for.
func purchasesBehind(names []refRow) purchases {
	all := purchases{}
	for _, row := range names {
		for _, key := range []string{row.Purchase, partKey(row.Purchase), ""} {
			all[purchase{row.UserID, key}] = true
		}
	}
	return all
}

// readWhole reads all that belongs to some users, and to those who have some names.
func (s *Store) readWhole(users []string, names []domain.Ref, b *belongings) []statement {
	b.whole = true
	kinds, ids := columns(names)
	by := keys{on: "t.user_id = keys.user_id", args: []any{kinds, ids, users}, with: func() string {
		return fmt.Sprintf(`WITH keys AS (SELECT unnest($3::text[]) AS user_id UNION SELECT t.user_id FROM %s) `, s.named(names))
	}}
	if !s.onPostgres() {
		by.with = func() string {
			return `WITH keys (user_id) AS (SELECT value FROM json_each(?1) UNION
				SELECT t.user_id FROM refs AS t WHERE (t.kind, t.id) IN (SELECT value->>0, value->>1 FROM json_each(?2))) `
		}
		by.late = func() []any { return []any{inJSON(users), inJSON(kinds, ids)} }
	}
	return s.together("read all of users", by, b.sources())
}

// named are the rows of names, as t. On Postgres $1 has their kinds and $2 their ids, and
// each is one search of the index. As a plain join it would be planned by what the table was
// like when it was last looked at: while it was empty, that is to read all of it, and the
// plan stays while it grows.
func (s *Store) named(names []domain.Ref) bun.Safe {
	if s.onPostgres() {
		return `unnest($1::text[], $2::text[]) AS wanted (kind, id),
			LATERAL (SELECT * FROM refs AS r WHERE r.kind = wanted.kind AND r.id = wanted.id OFFSET 0) AS t`
	}
	return bun.Safe("refs AS t WHERE (t.kind, t.id) IN (VALUES " + s.tuples(columns(names)) + ")")
}

// isOneOf narrows a column to some values; on Postgres $3 has them.
func (s *Store) isOneOf(column string, values []string) string {
	if s.onPostgres() {
		return column + " = ANY ($3)"
	}
	return column + " IN (VALUES " + s.tuples(values) + ")"
}

// keys are what tables are read by.
type keys struct {
	with func() string // defines them for a statement
	on   string        // joins a table with them
	args []any         // on Postgres
	late func() []any  // on SQLite, once what comes before has been read
}

// inJSON are columns as a list of rows, or one column as a list of values: SQLite takes no
// other list for an argument.
func inJSON(columns ...[]string) string {
	rows := make([]any, len(columns[0]))
	for i := range rows {
		row := make([]string, len(columns))
		for n, column := range columns {
			row[n] = column[i]
		}
		if rows[i] = row; len(columns) == 1 {
			rows[i] = row[0]
		}
	}
	text, _ := json.Marshal(rows) // texts always can be
	return string(text)
}

// source is a table that is read together with others.
type source struct {
	from    string // what is read, as t; empty: the table of the rows
	where   string // which rows; empty: all
	keyed   bool   // of them, those of keys
	without string // a column that is not read
	rows    any    // pointer to the slice that they are put in
}

// together reads several tables: on Postgres by one statement, each row of which says which
// source it is of, as one for each table would cost half as much again; on SQLite by one each,
// whose keys follow from what is read before them. (A nested SELECT is planned by itself, and
// so as a search by each key, however little the tables hold.)
func (s *Store) together(does string, by keys, sources []source) []statement {
	if !s.onPostgres() {
		all := make([]statement, len(sources))
		for i, from := range sources {
			if !from.keyed {
				all[i] = statement{sql: "SELECT " + s.list(from) + " FROM " + s.rest(from, by), rows: from.rows}
				continue
			}
			sql := s.fixed(part{does, i}, func() string {
				return by.with() + "SELECT " + s.list(from) + " FROM keys CROSS JOIN " + s.rest(from, by)
			})
			all[i] = statement{sql: sql, late: by.late, rows: from.rows}
		}
		return all
	}
	sql := s.fixed(does, func() string {
		var keyed, others []string
		for i, from := range sources {
			part := fmt.Sprintf("SELECT %d, ROW(%s) FROM %s", i, s.list(from), s.rest(from, by))
			if from.keyed {
				keyed = append(keyed, part)
			} else {
				others = append(others, part)
			}
		}
		keyed = []string{"SELECT belonging.* FROM keys, LATERAL (" + strings.Join(keyed, " UNION ALL ") + ") AS belonging (source, found)"}
		return by.with() + strings.Join(append(keyed, others...), " UNION ALL ")
	})
	return []statement{{sql: sql, args: by.args, each: func(found pgx.Rows) error { return s.scanOneOf(sources, found) }}}
}

// part is one of what is read together.
type part struct {
	does string
	n    int
}

// rest is what follows FROM.
func (s *Store) rest(from source, by keys) string {
	table, which := cmp.Or(from.from, s.tableOf(from.rows).Name), cmp.Or(from.where, "true")
	if from.keyed {
		which = by.on + " AND " + which
	}
	return table + " AS t WHERE " + which
}

// fields are those that are read, in their order.
func (s *Store) fields(from source) []*schema.Field {
	all := s.tableOf(from.rows).Fields
	if from.without == "" {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(f *schema.Field) bool { return f.Name == from.without })
}

func (s *Store) list(from source) string {
	var names []string
	for _, field := range s.fields(from) {
		names = append(names, "t."+field.Name)
	}
	return strings.Join(names, ", ")
}

func (s *Store) scanOneOf(sources []source, found pgx.Rows) error {
	var n int
	if err := found.Scan(&n, nil); err != nil {
		return err
	}
	from := sources[n]
	return found.Scan(nil, grow(reflect.ValueOf(from.rows).Elem(), s.fields(from)))
}
