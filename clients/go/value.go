package entitled

import (
	"bytes"
	"encoding/json"
	"math"
)

// Value is how much of a feature somebody has: a flag, a limit, or one of the choices of the
// catalog. The zero value is nothing.
type Value struct{ json string }

// Int is a limit. [math.MaxInt64] is one without an end.
func (v Value) Int() (limit int64, is bool) {
	if v.Unlimited() {
		return math.MaxInt64, true
	}
	err := json.Unmarshal([]byte(v.json), &limit)
	return limit, err == nil && v.json != ""
}

// Unlimited tells a limit without an end.
func (v Value) Unlimited() bool { return v.json == `"unlimited"` }

// Text is a choice, such as gold; empty if it is none.
func (v Value) Text() string {
	var text string
	if json.Unmarshal([]byte(v.json), &text) != nil {
		return ""
	}
	return text
}

// IsZero tells that nothing is held.
func (v Value) IsZero() bool { return v.json == "" }

// String is the value as it is in JSON.
func (v Value) String() string { return v.json }

// MarshalJSON implements [json.Marshaler].
func (v Value) MarshalJSON() ([]byte, error) {
	if v.IsZero() {
		return []byte("null"), nil
	}
	return []byte(v.json), nil
}

// UnmarshalJSON implements [json.Unmarshaler].
func (v *Value) UnmarshalJSON(text []byte) error {
	v.json = ""
	if !bytes.Equal(text, []byte("null")) {
		v.json = string(text)
	}
	return nil
}
