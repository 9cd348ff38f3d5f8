package bunstore

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"
)

// keepOwner makes an upsert fail that would write a row of another user: the
// owner becomes NULL, which the column refuses, and natureOf calls that a
// conflict. It needs no look beforehand, and no race can get past it.
const keepOwner = "user_id = CASE WHEN t.user_id = EXCLUDED.user_id THEN t.user_id END"

// doNothing is a conflict that is none.
const doNothing = "CONFLICT DO NOTHING"

// onConflict says what becomes of a row that exists: all its columns are
// replaced but those that stay.
func onConflict(table *schema.Table, stay []string) string {
	var key, set []string
	for _, field := range table.PKs {
		key = append(key, field.Name)
	}
	for _, field := range table.DataFields {
		switch {
		case slices.Contains(stay, field.Name):
		case field.Name == "user_id" && table.Name != "processed_events":
			set = append(set, keepOwner)
		default:
			set = append(set, field.Name+" = EXCLUDED."+field.Name)
		}
	}
	return "CONFLICT (" + strings.Join(key, ", ") + ") DO UPDATE SET " + strings.Join(set, ", ")
}

// upsert writes rows, a pointer to a slice of them, whether they exist or not. Of
// one that exists, the columns named stay.
func (s *Store) upsert(rows any, stay ...string) statement {
	return s.insert(rows, onConflict(s.tableOf(rows), stay), nil)
}

// insert writes rows. Where it returns something, that is the first column of
// those that were new.
func (s *Store) insert(rows any, conflict string, into any) statement {
	if s.onPostgres() {
		return s.insertColumns(rows, conflict, into)
	}
	returning := "NULL" // which is how Bun is told to return nothing
	if into != nil {
		returning = s.tableOf(rows).Fields[0].Name
	}
	query := s.db.NewInsert().Model(rows).Returning(returning)
	if conflict != "" {
		query = query.On(conflict)
	}
	return s.statement(query, into)
}

func (s *Store) tableOf(rows any) *schema.Table {
	return s.db.Table(reflect.TypeOf(rows).Elem().Elem())
}

// insertColumns hands rows over column by column, one array each. The statement
// is then the same for any number of rows and is prepared once; as text with all
// values in it, the server spends more time reading it than writing the rows. (In the
// list of what is selected, arrays are read side by side; in FROM, the server would copy
// each of them first, at twice the cost of a row.)
func (s *Store) insertColumns(rows any, conflict string, into any) statement {
	table := s.tableOf(rows)
	values := reflect.ValueOf(rows).Elem()
	var names, arrays []string
	var args []any
	for _, field := range table.Fields {
		if field.AutoIncrement {
			continue
		}
		kind, column := columnOf(field, values)
		args = append(args, column)
		names = append(names, field.Name)
		arrays = append(arrays, fmt.Sprintf("unnest($%d::%s[])", len(args), kind))
	}
	sql := fmt.Sprintf("INSERT INTO %s AS t (%s) SELECT %s", table.Name, strings.Join(names, ", "), strings.Join(arrays, ", "))
	if conflict != "" {
		sql += " ON " + conflict
	}
	if into != nil {
		sql += " RETURNING " + names[0]
	}
	return statement{sql: sql, args: args, rows: into}
}

// columnOf is one field of all rows, and its type in SQL.
func columnOf(field *schema.Field, rows reflect.Value) (kind string, column any) {
	n := rows.Len()
	at := func(i int) reflect.Value { return rows.Index(i).FieldByIndex(field.Index) }
	switch reflect.Zero(field.IndirectType).Interface().(type) {
	case string:
		all := make([]string, n)
		for i := range all {
			all[i] = at(i).String()
		}
		return "text", all
	case int64:
		all := make([]int64, n)
		for i := range all {
			all[i] = at(i).Int()
		}
		return "bigint", all
	case bool:
		all := make([]bool, n)
		for i := range all {
			all[i] = at(i).Bool()
		}
		return "boolean", all
	case []byte:
		all := make([][]byte, n)
		for i := range all {
			all[i] = at(i).Bytes()
		}
		return "bytea", all
	case time.Time:
		all := make([]*time.Time, n)
		for i := range all {
			if t := at(i).Addr().Interface().(*time.Time); !field.NullZero || !t.IsZero() {
				all[i] = t
			}
		}
		return "timestamptz", all
	default:
		panic(fmt.Sprintf("rows have no columns of type %v", field.IndirectType)) // fixed in the code
	}
}

func (s *Store) deleteEntitlements(rows []entitlementRow) statement {
	if s.onPostgres() {
		keys := s.insertColumns(&rows, "", nil).args[:4]
		return statement{args: keys, sql: `DELETE FROM entitlements AS t
			USING unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS gone (user_id, feature, source_kind, source_id)
			WHERE t.user_id = gone.user_id AND t.feature = gone.feature
			AND t.source_kind = gone.source_kind AND t.source_id = gone.source_id`}
	}
	keys := make([]string, len(rows))
	for i, r := range rows {
		keys[i] = s.db.QueryGen().FormatQuery("(?, ?, ?, ?)", r.UserID, r.Feature, r.SourceKind, r.SourceID)
	}
	return s.statement(s.db.NewDelete().Model((*entitlementRow)(nil)).
		Where("(user_id, feature, source_kind, source_id) IN (VALUES ?)", bun.Safe(strings.Join(keys, ", "))), nil)
}

func (s *Store) deleteAccounts(ids []string) statement {
	query := s.db.NewDelete().Model((*accountRow)(nil))
	if s.onPostgres() {
		return s.statement(query.Where("user_id = ANY ($1)"), nil, ids)
	}
	return s.statement(query.Where("user_id IN (?)", bun.List(ids)), nil)
}
