package httpapi

import (
	"strconv"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// featureValue is how much of a feature there is, as JSON says it: true, a number
// or "unlimited".
type featureValue domain.Value

// MarshalJSON implements [json.Marshaler].
func (v featureValue) MarshalJSON() ([]byte, error) {
	switch {
	case v.Type != domain.FeatureLimit:
		return []byte("true"), nil
	case v.Limit == domain.Unlimited:
		return []byte(`"unlimited"`), nil
	default:
		return strconv.AppendInt(nil, v.Limit, 10), nil
	}
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

// orZero is what the domain calls an absent field.
func orZero[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
