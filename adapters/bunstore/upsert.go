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
	table := s.tableOf(rows)
	conflict := s.fixed("conflict of "+table.Name+" without "+strings.Join(stay, ", "), func() string { return onConflict(table, stay) })
	return s.insert(rows, conflict, nil)
}

// fixed is SQL that is always the same for one thing that it does: it is put together once.
func (s *Store) fixed(does string, text func() string) string {
	if known, have := s.known.Load(does); have {
		return known.(string)
	}
	made := text()
	s.known.Store(does, made)
	return made
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
// each of them first, at twice the cost of a row.) One row alone, as of most updates, has
// a statement of its own: arrays of one would take half as long again.
func (s *Store) insertColumns(rows any, conflict string, into any) statement {
	table := s.tableOf(rows)
	values := reflect.ValueOf(rows).Elem()
	args := make([]any, 0, len(table.Fields))
	kinds := make([]string, 0, len(table.Fields))
	one := values.Len() == 1
	for _, field := range table.Fields {
		if field.AutoIncrement {
			continue
		}
		kind, column := columnOf(field, values)
		kinds = append(kinds, kind)
		if one {
			args = append(args, column.Index(0).Interface())
		} else {
			args = append(args, column.Interface())
		}
	}
	does := fmt.Sprintf("insert into %s, one %t, returning %t, on %s", table.Name, one, into != nil, conflict)
	sql := s.fixed(does, func() string { return insertText(table, kinds, one, conflict, into != nil) })
	return statement{sql: sql, args: args, rows: into}
}

func insertText(table *schema.Table, kinds []string, one bool, conflict string, returning bool) string {
	var names, from []string
	for _, field := range table.Fields {
		if field.AutoIncrement {
			continue
		}
		names = append(names, field.Name)
		value := fmt.Sprintf("$%d::%s", len(names), kinds[len(names)-1])
		if !one {
			value = "unnest(" + value + "[])"
		}
		from = append(from, value)
	}
	sql := fmt.Sprintf("INSERT INTO %s AS t (%s) SELECT %s", table.Name, strings.Join(names, ", "), strings.Join(from, ", "))
	if conflict != "" {
		sql += " ON " + conflict
	}
	if returning {
		sql += " RETURNING " + names[0]
	}
	return sql
}

// columns are the first columns of rows, one array each.
func (s *Store) columns(rows any, n int) []any {
	values := reflect.ValueOf(rows).Elem()
	args := make([]any, n)
	for i, field := range s.tableOf(rows).Fields[:n] {
		_, column := columnOf(field, values)
		args[i] = column.Interface()
	}
	return args
}

// columnOf is one field of all rows, and its type in SQL.
func columnOf(field *schema.Field, rows reflect.Value) (kind string, column reflect.Value) {
	switch reflect.Zero(field.IndirectType).Interface().(type) {
	case string:
		return "text", valuesOf(rows, field, reflect.Value.String)
	case int64:
		return "bigint", valuesOf(rows, field, reflect.Value.Int)
	case bool:
		return "boolean", valuesOf(rows, field, reflect.Value.Bool)
	case []byte:
		return "bytea", valuesOf(rows, field, reflect.Value.Bytes)
	case time.Time:
		return "timestamptz", valuesOf(rows, field, func(v reflect.Value) *time.Time {
			if t := v.Addr().Interface().(*time.Time); !field.NullZero || !t.IsZero() {
				return t
			}
			return nil
		})
	default:
		panic(fmt.Sprintf("rows have no columns of type %v", field.IndirectType)) // fixed in the code
	}
}

func valuesOf[V any](rows reflect.Value, field *schema.Field, value func(reflect.Value) V) reflect.Value {
	all := make([]V, rows.Len())
	for i := range all {
		all[i] = value(rows.Index(i).FieldByIndex(field.Index))
	}
	return reflect.ValueOf(all)
}

func (s *Store) deleteEntitlements(rows []entitlementRow) statement {
	if s.onPostgres() {
		return statement{args: s.columns(&rows, 4), sql: `DELETE FROM entitlements AS t
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
