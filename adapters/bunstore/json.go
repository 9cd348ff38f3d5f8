package bunstore

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// What has no column of its own is kept as JSON: lists that belong to one row and are
// only ever read with it. The shapes are ours.

// jsonText is a value of strings, numbers and [moment]s as JSON.
func jsonText(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // such values cannot fail
	}
	return string(text)
}

// moment is a time within JSON; empty: none. It is written as SQLite keeps times and as
// Postgres reads them, so that SQL can compare it with a column.
type moment string

const momentLayout = "2006-01-02 15:04:05.999999-07:00"

func momentOf(t time.Time) moment {
	if t = stamp(t); t.IsZero() {
		return ""
	}
	return moment(t.Format(momentLayout))
}

func (m moment) time() time.Time {
	t, err := time.Parse(momentLayout, string(m))
	if err != nil {
		return time.Time{} // it was looked at when it was decoded
	}
	return stamp(t)
}

// UnmarshalJSON implements [json.Unmarshaler].
func (m *moment) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return err
	}
	if _, err := time.Parse(momentLayout, text); text != "" && err != nil {
		return fmt.Errorf("time %q: %w", text, err)
	}
	*m = moment(text)
	return nil
}

// joinIDs is ids with a space between: they have none inside.
func joinIDs[ID ~string](ids []ID) string {
	all := make([]string, len(ids))
	for i, id := range ids {
		all[i] = clean(id)
	}
	return strings.Join(all, " ")
}

// splitIDs is the ids sorted, each once.
func splitIDs[ID ~string](text string) []ID {
	var ids []ID
	for _, id := range strings.Fields(text) {
		ids = append(ids, ID(id))
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
