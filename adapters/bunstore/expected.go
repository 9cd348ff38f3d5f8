package bunstore

import (
	"maps"
	"slices"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Expected news are rows among the questions. Since is when they were expected: whoever
// keeps the same again changes nothing, though the row's due time has moved on with
// every attempt. It is never NULL, and that is what keeps the program before, which does
// not know what to ask about them, from forgetting them.

// keepExpected takes over what is expected and what no longer is. They are of accounts
// that are locked, so no two updates meet at them.
func (c *changed) keepExpected(expected []domain.Expectation) error {
	rows := map[domain.Ref]questionRow{}
	for _, e := range expected {
		rows[e.Subject] = questionRowOf(ports.Question{Doubt: domain.Doubt{Subject: e.Subject, Since: e.Due}, Due: e.Due})
	}
	for _, row := range slices.SortedFunc(maps.Values(rows), questionRow.compare) {
		if row.Due.IsZero() {
			c.unexpected = append(c.unexpected, row)
			continue
		}
		if err := checkIDs([]string{row.Kind, row.ID}); err != nil {
			return err
		}
		c.expected = append(c.expected, row)
	}
	c.unexpected = slices.DeleteFunc(c.unexpected, func(r questionRow) bool { return !storable(r.Kind) || !storable(r.ID) }) // never kept
	return nil
}

// newDue replaces what was expected of another time, attempts and all.
const newDue = `CONFLICT (kind, id) DO UPDATE SET since = EXCLUDED.since, due = EXCLUDED.due, attempts = 0
	WHERE t.since IS DISTINCT FROM EXCLUDED.since`
