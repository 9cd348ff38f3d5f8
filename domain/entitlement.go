package domain

import (
	"cmp"
	"slices"
	"time"
)

// Unlimited is the limit of a feature that has none.
const Unlimited int64 = -1

// Value is how much of a feature a right gives.
type Value struct {
	Type  FeatureType
	Limit int64 // of a limit: how many, or Unlimited; 0 for a flag
}

// Flag is the value of a right to a flag feature.
func Flag() Value { return Value{Type: FeatureFlag} }

// Limit is the value of a right to n of a limit feature; n may be [Unlimited].
func Limit(n int64) Value { return Value{Type: FeatureLimit, Limit: n} }

// SourceKind says what a right comes from.
type SourceKind string

const (
	SourceOrder        SourceKind = "order"
	SourceSubscription SourceKind = "subscription"
	SourceGrant        SourceKind = "grant" // given by a person, see [Grant]
)

// SourceKinds lists every kind of source.
var SourceKinds = []SourceKind{SourceOrder, SourceSubscription, SourceGrant}

// Source is the purchase or grant that a right comes from.
type Source struct {
	Kind SourceKind
	ID   string
}

// Entitlement is the right of one user to one feature from one source. Source
// and Feature identify it: there is no other id.
type Entitlement struct {
	Feature FeatureKey
	Source  Source
	Plan    PlanKey // empty: of a grant
	Value   Value
	Since   time.Time // UTC
	Until   time.Time // UTC, exclusive; zero: no end
}

// LiveAt tells whether the right holds at t.
func (e Entitlement) LiveAt(t time.Time) bool {
	return !t.Before(e.Since) && (e.Until.IsZero() || t.Before(e.Until))
}

// CompareEntitlements orders by what identifies an entitlement of one user.
func CompareEntitlements(a, b Entitlement) int {
	return cmp.Or(
		cmp.Compare(a.Feature, b.Feature),
		cmp.Compare(a.Source.Kind, b.Source.Kind),
		cmp.Compare(a.Source.ID, b.Source.ID),
	)
}

// Right is what all live sources of a user together give of one feature.
type Right struct {
	Feature FeatureKey
	Value   Value
	Since   time.Time     // the earliest start among the live sources
	Until   time.Time     // when it is no longer as much as Value; zero: no end
	Sources []Entitlement // the live sources, sorted
}

// Rights merges entitlements into what holds at t, sorted by feature: a union
// over live sources, so that the end of one never takes what another gives.
func Rights(entitlements []Entitlement, c Catalog, t time.Time) []Right {
	live := slices.DeleteFunc(slices.Clone(entitlements), func(e Entitlement) bool { return !e.LiveAt(t) })
	slices.SortFunc(live, CompareEntitlements)

	var rights []Right
	for len(live) > 0 {
		n := 1
		for n < len(live) && live[n].Feature == live[0].Feature {
			n++
		}
		rights = append(rights, mergeSources(live[:n:n], c.Features[live[0].Feature].Merge))
		live = live[n:]
	}
	return rights
}

// mergeSources makes one right of the live sources of one feature, at least one.
func mergeSources(sources []Entitlement, rule MergeRule) Right {
	r := Right{Feature: sources[0].Feature, Value: sources[0].Value, Since: sources[0].Since, Sources: sources}
	for _, e := range sources[1:] {
		r.Value = mergeValues(r.Value, e.Value, rule)
		if e.Since.Before(r.Since) {
			r.Since = e.Since
		}
	}
	// The value lasts as long as any source gives it alone; a sum only as long as
	// all of its parts do.
	alone := false
	for _, e := range sources {
		switch {
		case e.Value != r.Value:
		case !alone:
			r.Until, alone = e.Until, true
		default:
			r.Until = laterEnd(r.Until, e.Until)
		}
	}
	if !alone {
		for _, e := range sources {
			r.Until = earlier(r.Until, e.Until)
		}
	}
	return r
}

// mergeValues joins what two sources give of one feature.
func mergeValues(a, b Value, rule MergeRule) Value {
	switch {
	case a.Type != FeatureLimit:
		return a
	case a.Limit == Unlimited || b.Limit == Unlimited:
		return Limit(Unlimited)
	case rule == MergeSum:
		return Limit(saturatingAdd(a.Limit, b.Limit))
	default:
		return Limit(max(a.Limit, b.Limit))
	}
}

// laterEnd compares two ends; the zero time means that there is none.
func laterEnd(a, b time.Time) time.Time {
	if a.IsZero() || b.IsZero() {
		return time.Time{}
	}
	return later(a, b)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// earlier returns the earlier of two times, where zero means unknown.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
