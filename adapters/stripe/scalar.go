package stripe

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"time"
)

// word is an id, a status or another short text. One that a database could not
// keep, or that is not a text, counts as absent.
type word string

// UnmarshalJSON implements [json.Unmarshaler]. It never fails.
func (w *word) UnmarshalJSON(b []byte) error {
	*w = word(text(b, maxID))
	return nil
}

// address is a URL.
type address string

// UnmarshalJSON implements [json.Unmarshaler]. It never fails.
func (a *address) UnmarshalJSON(b []byte) error {
	*a = address(text(b, maxURL))
	return nil
}

// text reads a JSON string, the plain ones without a decoder.
func text(b []byte, limit int) string {
	if len(b) < 2 || b[0] != '"' {
		return ""
	}
	inner := b[1 : len(b)-1]
	plain := !bytes.ContainsFunc(inner, func(r rune) bool { return r < ' ' || r > '~' || r == '\\' })
	if plain {
		if len(inner) > limit {
			return ""
		}
		return string(inner)
	}
	var s string
	if json.Unmarshal(b, &s) != nil {
		return ""
	}
	return storable(s, limit)
}

// number is a whole number: an amount, a quantity or a time. It may be written
// as a float or as a text; anything else counts as absent.
type number struct {
	value int64
	given bool
}

// UnmarshalJSON implements [json.Unmarshaler]. It never fails.
func (n *number) UnmarshalJSON(b []byte) error {
	*n = number{}
	if len(b) >= 2 && b[0] == '"' {
		b = b[1 : len(b)-1]
	}
	if len(b) == 0 || len(b) > 40 || b[0] != '-' && (b[0] < '0' || b[0] > '9') {
		return nil
	}
	if v, err := strconv.ParseInt(string(b), 10, 64); err == nil {
		*n = number{v, true}
		return nil
	}
	// Beyond 2^53 a float does not say which whole number is meant.
	if f, err := strconv.ParseFloat(string(b), 64); err == nil && math.Abs(f) <= 1<<53 {
		*n = number{int64(f), true}
	}
	return nil
}

// truth is true or false; anything else counts as absent.
type truth struct{ value, given bool }

// UnmarshalJSON implements [json.Unmarshaler]. It never fails.
func (t *truth) UnmarshalJSON(b []byte) error {
	yes, no := string(b) == "true", string(b) == "false"
	*t = truth{yes, yes || no}
	return nil
}

// The seconds at which the years 2000 and 2201 begin. No purchase knows of a time
// outside, and databases have trouble with some that are far away: SQLite's driver
// cannot read back the end of the year 9999.
const (
	beginOfTime = 946684800
	endOfTime   = 7289654400
)

func isPlausible(seconds int64) bool { return seconds >= beginOfTime && seconds < endOfTime }

// time is the moment that the number stands for, zero for none.
func (n number) time() time.Time {
	if !isPlausible(n.value) {
		return time.Time{}
	}
	return time.Unix(n.value, 0).UTC()
}

// or is the first number that was given.
func (n number) or(m number) number {
	if n.given {
		return n
	}
	return m
}
