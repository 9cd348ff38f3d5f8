package httpapi

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// featureValue is how much of a feature there is, as JSON says it: true, a number
// or "unlimited", or one of a choice's values.
type featureValue domain.Value

const ofValue = `is true for a flag, a whole number from 0 or "unlimited" for a limit, one of its values for a choice`

// MarshalJSON implements [json.Marshaler].
func (v featureValue) MarshalJSON() ([]byte, error) {
	switch {
	case v.Type == domain.FeatureChoice:
		return strconv.AppendQuote(nil, v.Choice), nil
	case v.Type != domain.FeatureLimit:
		return []byte("true"), nil
	case v.Limit == domain.Unlimited:
		return []byte(`"unlimited"`), nil
	default:
		return strconv.AppendInt(nil, v.Limit, 10), nil
	}
}

// UnmarshalJSON implements [json.Unmarshaler]. What else a value may look like is
// checked against the document before.
func (v *featureValue) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case "true":
		*v = featureValue(domain.Flag())
	case `"unlimited"`:
		*v = featureValue(domain.Limit(domain.Unlimited))
	default:
		if choice, is := strings.CutPrefix(string(text), `"`); is {
			*v = featureValue(domain.Choice(strings.TrimSuffix(choice, `"`)))
			return nil
		}
		limit, err := strconv.ParseInt(string(text), 10, 64)
		if err != nil {
			return fmt.Errorf("a value %s", ofValue)
		}
		*v = featureValue(domain.Limit(limit))
	}
	return nil
}

// valueOrNull is null where the domain has no value.
func valueOrNull(v domain.Value) *featureValue {
	if v.Type == "" {
		return nil
	}
	value := featureValue(v)
	return &value
}

// moment is null where the domain has no time.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// orNull is null where the domain has nothing.
func orNull[From ~string](s From) *string {
	if s == "" {
		return nil
	}
	text := string(s)
	return &text
}

// numberOrNull is null for no number.
func numberOrNull[N int | int64](n N) *N {
	if n == 0 {
		return nil
	}
	return &n
}

// orZero is what the domain calls an absent field.
func orZero[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
