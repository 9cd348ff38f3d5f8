package bunstore

import (
	"cmp"
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
	from, with := "named", func() string {
		return fmt.Sprintf(`WITH named AS (SELECT t.kind, t.id, t.user_id, t.purchase FROM %[1]s), keys AS (
				SELECT user_id, purchase FROM named
				UNION SELECT user_id, CASE WHEN purchase LIKE '%%%[2]s' THEN substr(purchase, 1, length(purchase) - length('%[2]s')) ELSE purchase END FROM named
				UNION SELECT user_id, '' FROM named
			) `, s.named(w.refs), apartMark)
	}
	if !s.onPostgres() {
		from = "(SELECT * FROM " + string(s.named(w.refs)) + ")"
		with = func() string {
			return "WITH keys (user_id, purchase) AS (VALUES " + s.tuples(purchasesBehind(*names).columns()) + ") "
		}
	}
	sources := append([]source{{from: from, rows: names}, {where: s.isOneOf("t.id", w.events), without: "payload", rows: receipts}}, b.sources()...)
	kinds, ids := columns(w.refs)
	return s.together("read what is named", with, "t.user_id = keys.user_id AND t.purchase = keys.purchase", sources, kinds, ids, w.events)
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
	with := func() string {
		if !s.onPostgres() && len(names) == 0 {
			return "WITH keys (user_id) AS (VALUES " + s.tuples(users) + ") "
		}
		return fmt.Sprintf(`WITH keys AS (%s UNION SELECT t.user_id FROM %s) `, s.rowsOf("user_id", users), s.named(names))
	}
	kinds, ids := columns(names)
	return s.together("read all of users", with, "t.user_id = keys.user_id", b.sources(), kinds, ids, users)
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

// isOneOf narrows a column to some values, and rowsOf makes rows of them; on Postgres $3 has
// them.
func (s *Store) isOneOf(column string, values []string) string {
	if s.onPostgres() {
		return column + " = ANY ($3)"
	}
	return column + " IN (VALUES " + s.tuples(values) + ")"
}

func (s *Store) rowsOf(column string, values []string) string {
	if s.onPostgres() {
		return "SELECT unnest($3::text[]) AS " + column
	}
	return "SELECT column1 AS " + column + " FROM (VALUES " + s.tuples(values) + ")"
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
// source it is of; on SQLite those of keys follow from what is read before them. One for each table would cost half as much again. (A nested SELECT is planned
// by itself, and so as a search by each key, however little the tables hold.)
func (s *Store) together(does string, with func() string, ofKeys string, sources []source, args ...any) []statement {
	if !s.onPostgres() {
		all := make([]statement, len(sources))
		for i, from := range sources {
			sql := "SELECT " + s.list(from) + " FROM "
			if !from.keyed {
				all[i] = statement{sql: sql + s.rest(from, ofKeys), rows: from.rows}
				continue
			}
			all[i] = statement{rows: from.rows, text: func() string { return with() + sql + "keys CROSS JOIN " + s.rest(from, ofKeys) }}
		}
		return all
	}
	sql := s.fixed(does, func() string {
		var keyed, others []string
		for i, from := range sources {
			part := fmt.Sprintf("SELECT %d, ROW(%s) FROM %s", i, s.list(from), s.rest(from, ofKeys))
			if from.keyed {
				keyed = append(keyed, part)
			} else {
				others = append(others, part)
			}
		}
		keyed = []string{"SELECT belonging.* FROM keys, LATERAL (" + strings.Join(keyed, " UNION ALL ") + ") AS belonging (source, found)"}
		return with() + strings.Join(append(keyed, others...), " UNION ALL ")
	})
	return []statement{{sql: sql, args: args, each: func(found pgx.Rows) error { return s.scanOneOf(sources, found) }}}
}

// rest is what follows FROM.
func (s *Store) rest(from source, ofKeys string) string {
	table, which := cmp.Or(from.from, s.tableOf(from.rows).Name), cmp.Or(from.where, "true")
	if from.keyed {
		which = ofKeys + " AND " + which
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
