package stripe

import (
	"strings"
	"unicode"
)

// maxID bounds every id and word that is read: the longest of Stripe's is 255.
const maxID = 255

// maxURL is Stripe's own bound of the addresses in a session.
const maxURL = 5000

// storable returns a text that a database can keep, or nothing if this one has
// control characters (Postgres refuses a NUL in a text) or is too long.
func storable(s string, limit int) string {
	if len(s) > limit || strings.ContainsFunc(s, unicode.IsControl) {
		return ""
	}
	return s
}

// isID tells whether a text can be the id of one of Stripe's objects. It is asked
// before an id becomes part of a path: an empty one would turn the question for
// one object into one for the list of all, which succeeds.
func isID(s, prefix string) bool {
	rest, ok := strings.CutPrefix(s, prefix)
	if !ok || rest == "" || len(s) > maxID {
		return false
	}
	return !strings.ContainsFunc(rest, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-')
	})
}
