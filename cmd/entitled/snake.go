package main

import (
	"maps"
	"reflect"
	"strings"
	"time"
	"unicode"

	"github.com/entitled-dev/entitled/domain"
)

// snaked is a value of package domain as JSON is to have it: the names of fields as in the
// HTTP API, so that nobody reads two styles in one line; keys of maps, which are ids, as
// they are; no time and no list as null and []. The domain itself has no tags.
func snaked(value any) any { return snakedValue(reflect.ValueOf(value)) }

func snakedValue(v reflect.Value) any {
	switch value := v.Interface().(type) {
	case time.Time:
		if value.IsZero() {
			return nil
		}
		return value
	case domain.Value:
		return valueJSON(value)
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return snakedValue(v.Elem())
	case reflect.Struct:
		fields := map[string]any{}
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				said := snakedValue(v.Field(i))
				if within, is := said.(map[string]any); is && field.Anonymous {
					maps.Copy(fields, within)
					continue
				}
				fields[snakeCase(field.Name)] = said
			}
		}
		return fields
	case reflect.Map:
		entries := map[string]any{}
		for each := v.MapRange(); each.Next(); {
			entries[each.Key().String()] = snakedValue(each.Value())
		}
		return entries
	case reflect.Slice:
		items := make([]any, v.Len())
		for i := range items {
			items[i] = snakedValue(v.Index(i))
		}
		return items
	default:
		return v.Interface()
	}
}

// snakeCase is the name of a field in JSON: SessionURL is session_url. A user is named by
// its id, everywhere.
func snakeCase(name string) string {
	if name == "User" {
		return "user_id"
	}
	var snake strings.Builder
	letters := []rune(name)
	for i, letter := range letters {
		begins := i > 0 && unicode.IsUpper(letter) &&
			(unicode.IsLower(letters[i-1]) || i+1 < len(letters) && unicode.IsLower(letters[i+1]))
		if begins {
			snake.WriteByte('_')
		}
		snake.WriteRune(unicode.ToLower(letter))
	}
	return snake.String()
}
