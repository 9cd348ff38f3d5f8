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
func onConflict(table *schema.Table, stay ...string) string {
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

// upsert writes rows, a pointer to a slice of them, whether they exist or not.
func (s *Store) upsert(rows any) statement {
	table := s.tableOf(rows)
	return s.insert(rows, s.fixed(table, func() string { return onConflict(table) }), nil)
}

// overwrite writes rows that were found. One row alone is updated in place: an INSERT that
// meets it would ask the rules of the table twice, and every unique index before that.
func (s *Store) overwrite(rows any) statement {
	i := s.insertion(rows, "", nil)
	if !s.onPostgres() || !i.one {
		return s.upsert(rows)
	}
	return statement{sql: s.fixed(overwriting{i.table}, overwriting{i.table}.text), args: i.args(rows)}
}

// overwriting is what the text of an UPDATE follows from.
type overwriting struct{ table *schema.Table }

func (o overwriting) text() string {
	var set, key []string
	for i, field := range o.table.Fields {
		value := fmt.Sprintf("$%d::%s", i+1, kindOf(field))
		switch {
		case field.IsPK:
			key = append(key, "t."+field.Name+" = "+value)
		case field.Name == "user_id":
			set = append(set, strings.ReplaceAll(keepOwner, "EXCLUDED.user_id", value))
		default:
			set = append(set, field.Name+" = "+value)
		}
	}
	return fmt.Sprintf("UPDATE %s AS t SET %s WHERE %s", o.table.Name, strings.Join(set, ", "), strings.Join(key, " AND "))
}

// fixed is SQL that is always the same for one thing that it does: it is put together once.
func (s *Store) fixed(does any, text func() string) string {
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
	i := s.insertion(rows, conflict, into)
	return statement{sql: s.fixed(i, i.text), args: i.args(rows), rows: into}
}

func (s *Store) insertion(rows any, conflict string, into any) insertion {
	return insertion{s.tableOf(rows), reflect.ValueOf(rows).Elem().Len() == 1, conflict, into != nil}
}

// insertion is what the text of an INSERT follows from.
type insertion struct {
	table     *schema.Table
	one       bool // row alone
	conflict  string
	returning bool // the first column
}

// args are the columns of rows that are written.
func (i insertion) args(rows any) []any {
	args := make([]any, 0, len(i.table.Fields))
	for _, field := range i.table.Fields {
		if !field.AutoIncrement {
			args = append(args, columnOf(field, reflect.ValueOf(rows).Elem(), i.one))
		}
	}
	return args
}

func (i insertion) text() string {
	var names, from []string
	for _, field := range i.table.Fields {
		if field.AutoIncrement {
			continue
		}
		names = append(names, field.Name)
		value := fmt.Sprintf("$%d::%s", len(names), kindOf(field))
		if !i.one {
			value = "unnest(" + value + "[])"
		}
		from = append(from, value)
	}
	sql := fmt.Sprintf("INSERT INTO %s AS t (%s) SELECT %s", i.table.Name, strings.Join(names, ", "), strings.Join(from, ", "))
	if i.conflict != "" {
		sql += " ON " + i.conflict
	}
	if i.returning {
		sql += " RETURNING " + names[0]
	}
	return sql
}

// columns are the first columns of rows, one array each; or, of one row alone, its values.
func (s *Store) columns(rows any, n int, one bool) []any {
	args := make([]any, n)
	for i, field := range s.tableOf(rows).Fields[:n] {
		args[i] = columnOf(field, reflect.ValueOf(rows).Elem(), one)
	}
	return args
}

// kindOf is the type of a column in SQL.
func kindOf(field *schema.Field) string {
	switch reflect.Zero(field.IndirectType).Interface().(type) {
	case string:
		return "text"
	case int64:
		return "bigint"
	case bool:
		return "boolean"
	case []byte:
		return "bytea"
	case time.Time:
		return "timestamptz"
	default:
		panic(fmt.Sprintf("rows have no columns of type %v", field.IndirectType)) // fixed in the code
	}
}

// columnOf is one field of all rows, or of one alone.
func columnOf(field *schema.Field, rows reflect.Value, one bool) any {
	switch field.IndirectType.Kind() {
	case reflect.String:
		return valuesOf(rows, field, one, reflect.Value.String)
	case reflect.Int64:
		return valuesOf(rows, field, one, reflect.Value.Int)
	case reflect.Bool:
		return valuesOf(rows, field, one, reflect.Value.Bool)
	case reflect.Slice:
		return valuesOf(rows, field, one, reflect.Value.Bytes)
	default:
		return valuesOf(rows, field, one, func(v reflect.Value) *time.Time {
			if t := v.Addr().Interface().(*time.Time); !field.NullZero || !t.IsZero() {
				return t
			}
			return nil
		})
	}
}

func valuesOf[V any](rows reflect.Value, field *schema.Field, one bool, value func(reflect.Value) V) any {
	if one {
		return value(rows.Index(0).FieldByIndex(field.Index))
	}
	all := make([]V, rows.Len())
	for i := range all {
		all[i] = value(rows.Index(i).FieldByIndex(field.Index))
	}
	return all
}

// remove removes rows by their first columns, which are the key.
func (s *Store) remove(rows any, columns int) statement {
	r := removal{s.tableOf(rows), columns, s.onPostgres() && reflect.ValueOf(rows).Elem().Len() == 1}
	args := s.columns(rows, columns, r.one)
	if s.onPostgres() {
		return statement{sql: s.fixed(r, r.text), args: args}
	}
	keys, names := make([][]string, columns), make([]string, columns)
	for i, column := range args {
		keys[i], names[i] = column.([]string), r.table.Fields[i].Name
	}
	return statement{sql: fmt.Sprintf("DELETE FROM %s WHERE (%s) IN (VALUES %s)", r.table.Name, strings.Join(names, ", "), s.tuples(keys...))}
}

// removal is what the text of a DELETE follows from.
type removal struct {
	table   *schema.Table
	columns int
	one     bool // row alone
}

func (r removal) text() string {
	var names, arrays, same, is []string
	for i, field := range r.table.Fields[:r.columns] {
		names = append(names, field.Name)
		arrays = append(arrays, fmt.Sprintf("$%d::text[]", i+1))
		same = append(same, fmt.Sprintf("t.%[1]s = gone.%[1]s", field.Name))
		is = append(is, fmt.Sprintf("%s = $%d", field.Name, i+1))
	}
	if r.one {
		return fmt.Sprintf("DELETE FROM %s WHERE %s", r.table.Name, strings.Join(is, " AND "))
	}
	return fmt.Sprintf("DELETE FROM %s AS t USING unnest(%s) AS gone (%s) WHERE %s",
		r.table.Name, strings.Join(arrays, ", "), strings.Join(names, ", "), strings.Join(same, " AND "))
}

func (s *Store) deleteAccounts(ids []string) statement {
	query := s.db.NewDelete().Model((*accountRow)(nil))
	if s.onPostgres() {
		return s.statement(query.Where("user_id = ANY ($1)"), nil, ids)
	}
	return s.statement(query.Where("user_id IN (?)", bun.List(ids)), nil)
}
