package domain

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Unlimited is the limit of a feature that has none.
const Unlimited int64 = -1

// Value is how much of a feature a right gives.
type Value struct {
	Type   FeatureType
	Limit  int64  // of a limit: how many, or Unlimited; else 0
	Choice string // of a choice: one of its feature's values; else empty
}

// Flag is the value of a right to a flag feature.
func Flag() Value { return Value{Type: FeatureFlag} }

// Limit is the value of a right to n of a limit feature; n may be [Unlimited].
func Limit(n int64) Value { return Value{Type: FeatureLimit, Limit: n} }

// Choice is the value of a right to one of a choice feature's values.
func Choice(value string) Value { return Value{Type: FeatureChoice, Choice: value} }

// Less tells whether a value is less of the feature than another one is; one of another
// type is. A choice that the feature does not list (any more) is less than those that it
// lists.
func (f *Feature) Less(v, than Value) bool {
	switch {
	case v.Type != than.Type:
		return true
	case v.Type == FeatureChoice:
		return f.compareChoices(v.Choice, than.Choice) < 0
	case v.Limit == than.Limit || v.Limit == Unlimited:
		return false
	default:
		return than.Limit == Unlimited || v.Limit < than.Limit
	}
}

// AtLeast lists the choices that a value is enough for, the lowest first.
func (f *Feature) AtLeast(v Value) []string {
	return f.Values[:slices.Index(f.Values, v.Choice)+1]
}

// ReadValue reads a value of the feature from a text: how many of a limit, or which of a
// choice. An error says what there is.
func (f *Feature) ReadValue(text string) (Value, error) {
	n, err := strconv.ParseUint(text, 10, 63)
	switch {
	case f.Type == FeatureChoice && slices.Contains(f.Values, text):
		return Choice(text), nil
	case f.Type == FeatureChoice:
		return Value{}, fmt.Errorf("feature %s has no value %q: it has %s", f.Key, text, strings.Join(f.Values, ", "))
	case f.Type == FeatureLimit && text == "unlimited":
		return Limit(Unlimited), nil
	case f.Type == FeatureLimit && err == nil:
		return Limit(int64(n)), nil
	case f.Type == FeatureLimit:
		return Value{}, fmt.Errorf("feature %s is a limit: give a whole number from 0, or unlimited, not %q", f.Key, text)
	default:
		return Value{}, fmt.Errorf("feature %s is a flag, which one has or not: leave it out", f.Key)
	}
}

// compareChoices orders choices as the feature lists them. What it does not list comes
// first.
func (f *Feature) compareChoices(a, b string) int {
	return cmp.Or(cmp.Compare(slices.Index(f.Values, a), slices.Index(f.Values, b)), cmp.Compare(a, b))
}

// merge joins what two sources give of the feature.
func (f *Feature) merge(a, b Value) Value {
	switch {
	case a.Type != b.Type:
		return f.ofItsType(a, b)
	case a.Type == FeatureChoice && f.compareChoices(a.Choice, b.Choice) < 0:
		return b
	case a.Type != FeatureLimit:
		return a
	case a.Limit == Unlimited || b.Limit == Unlimited:
		return Limit(Unlimited)
	case f.Merge == MergeSum:
		return Limit(saturatingAdd(a.Limit, b.Limit))
	default:
		return Limit(max(a.Limit, b.Limit))
	}
}

// ofItsType chooses of two values of different types: one that was given by hand is as
// the feature was then.
func (f *Feature) ofItsType(a, b Value) Value {
	if b.Type == f.Type || a.Type != f.Type && a.Type < b.Type {
		return b
	}
	return a
}
