package bunstore

import (
	"strings"
	"time"
	"unicode/utf8"
)

// longestID keeps the longest index row below what a Postgres index page takes.
const longestID = 512

// storable tells whether an id can be kept to the byte in both databases. One
// that cannot names nothing that was ever kept, and is never mended instead: two
// ids must not become one.
func storable[ID ~string](id ID) bool {
	s := string(id)
	return s != "" && len(s) <= longestID && utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}

// clean is text as a database takes it. Postgres refuses NUL and invalid UTF-8,
// and a character that somebody put into a name must not fail an event for ever.
// Every text column that is not a key goes through here, and through nothing else.
func clean[Text ~string](text Text) string {
	s := strings.ToValidUTF8(string(text), "\uFFFD")
	return strings.ReplaceAll(s, "\x00", "\uFFFD")
}

// stamp is a time as both databases keep it, so that what is compared before it
// is written equals what will be read.
func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
