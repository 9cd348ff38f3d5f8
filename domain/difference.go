package domain

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Difference is something that is kept otherwise than it follows from what else is kept.
type Difference struct {
	Table string // which one, in the database's words
	ID    string // what it is about: which row
	Field string // empty: the whole row
	Got   string // as it is kept; empty: it is not there
	Want  string // as it follows; empty: there should be none
}

// String says it in a line.
func (d Difference) String() string {
	row := d.Table + " " + d.ID
	if d.Field != "" {
		row += ", " + d.Field
	}
	return fmt.Sprintf("%s: got %s, want %s", row, cmp.Or(d.Got, "nothing"), cmp.Or(d.Want, "nothing"))
}

// there stands for a row in a difference about all of it.
const there = "a row"

// differences compares rows by their names, and of those that are on both sides each field.
func differences[Row any](table string, got, want map[string]Row) []Difference {
	names := maps.Clone(got)
	if names == nil {
		names = map[string]Row{}
	}
	maps.Copy(names, want)
	var all []Difference
	for _, name := range slices.Sorted(maps.Keys(names)) {
		g, kept := got[name]
		w, follows := want[name]
		switch {
		case !kept:
			all = append(all, Difference{Table: table, ID: name, Want: there})
		case !follows:
			all = append(all, Difference{Table: table, ID: name, Got: there})
		case !reflect.DeepEqual(g, w): // as nearly all are equal, and their text takes long to make
			all = append(all, fieldDifferences(table, name, reflect.ValueOf(g), reflect.ValueOf(w))...)
		}
	}
	return all
}

// fieldDifferences compares two values of one type field by field, and what is no struct as
// one field.
func fieldDifferences(table, id string, got, want reflect.Value) []Difference {
	gotFields, wantFields := fieldsOf("", got), fieldsOf("", want)
	var all []Difference
	for n, field := range gotFields {
		if g, w := field.text, wantFields[n].text; g != w {
			all = append(all, Difference{Table: table, ID: id, Field: cmp.Or(field.name, "value"), Got: cmp.Or(g, `""`), Want: cmp.Or(w, `""`)})
		}
	}
	return all
}

type fieldText struct{ name, text string }

// fieldsOf are the fields of a value as text; those of structs within it have both names.
func fieldsOf(prefix string, v reflect.Value) []fieldText {
	if _, isTime := v.Interface().(time.Time); isTime || v.Kind() != reflect.Struct {
		return []fieldText{{prefix, textOf(v)}}
	}
	var all []fieldText
	for n := range v.NumField() {
		field := v.Type().Field(n)
		name := columnName(field.Name)
		switch {
		case field.Anonymous:
			name = prefix
		case prefix != "":
			name = prefix + "." + name
		}
		all = append(all, fieldsOf(name, v.Field(n))...)
	}
	return all
}

// textOf says a value so that two that are equal say the same.
func textOf(v reflect.Value) string {
	switch value := v.Interface().(type) {
	case time.Time:
		if value.IsZero() {
			return ""
		}
		return value.UTC().Format(time.RFC3339Nano)
	default:
		if v.Kind() == reflect.Slice {
			return sliceText(v)
		}
		return fmt.Sprint(value)
	}
}

func sliceText(v reflect.Value) string {
	elements := make([]string, v.Len())
	for n := range elements {
		var parts []string
		for _, field := range fieldsOf("", v.Index(n)) {
			if field.name != "" && field.text != "" {
				parts = append(parts, field.name+"="+field.text)
			} else if field.name == "" {
				parts = append(parts, field.text)
			}
		}
		elements[n] = "{" + strings.Join(parts, " ") + "}"
	}
	return strings.Join(elements, " ")
}

// columnName is a Go field's name as a column is called.
func columnName(field string) string {
	var name strings.Builder
	letters := []rune(field)
	for n, letter := range letters {
		if unicode.IsUpper(letter) && n > 0 && (unicode.IsLower(letters[n-1]) || n+1 < len(letters) && unicode.IsLower(letters[n+1])) {
			name.WriteByte('_')
		}
		name.WriteRune(unicode.ToLower(letter))
	}
	return name.String()
}
