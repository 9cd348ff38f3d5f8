package main

import (
	"strconv"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// valueJSON is how much of a feature there is, as the API says it: true, a number
// or "unlimited", or one of a choice's values.
type valueJSON domain.Value

// MarshalJSON implements [json.Marshaler].
func (v valueJSON) MarshalJSON() ([]byte, error) {
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

// String is the value in a table.
func (v valueJSON) String() string {
	switch {
	case v.Type == domain.FeatureChoice:
		return v.Choice
	case v.Type != domain.FeatureLimit:
		return "true"
	case v.Limit == domain.Unlimited:
		return "unlimited"
	default:
		return strconv.FormatInt(v.Limit, 10)
	}
}

// instant is a time in a table: a dash where there is none.
func instant(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}
