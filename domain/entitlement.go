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

func (s Source) compare(o Source) int {
	if by := cmp.Compare(s.Kind, o.Kind); by != 0 {
		return by
	}
	return cmp.Compare(s.ID, o.ID)
}

// Entitlement is the right of one user to one feature from one source, for a stretch
// of time. Feature, Source and Part identify it: there is no other id.
type Entitlement struct {
	Feature FeatureKey
	Source  Source
	// Part counts the stretches of one source and feature, which follow each other
	// without overlapping: an unpaid upgrade until grace is over is part 0, what was
	// paid for before it is part 1.
	Part  int
	Plan  PlanKey // empty: of a grant
	Value Value
	Since time.Time // UTC
	Until time.Time // UTC, exclusive; zero: no end
}

// ClockTolerance is how far Stripe's clock may be ahead of ours: what begins now by
// Stripe's clock has begun. It is that of the signatures of webhooks.
const ClockTolerance = 5 * time.Minute

// LiveAt tells whether the right holds at t.
func (e Entitlement) LiveAt(t time.Time) bool {
	return !t.Before(e.begins()) && (e.Until.IsZero() || t.Before(e.Until))
}

// begins is from when the right holds: what a purchase begins with, at once, even if
// our clock is somewhat behind Stripe's.
func (e Entitlement) begins() time.Time {
	if e.Part > 0 || e.Source.Kind == SourceGrant {
		return e.Since
	}
	return e.Since.Add(-ClockTolerance)
}

// CompareEntitlements orders by what identifies an entitlement of one user.
func CompareEntitlements(a, b Entitlement) int { return compareEntitlements(&a, &b) }

func compareEntitlements(a, b *Entitlement) int {
	if by := cmp.Compare(a.Feature, b.Feature); by != 0 {
		return by
	}
	if by := a.Source.compare(b.Source); by != 0 {
		return by
	}
	return cmp.Compare(a.Part, b.Part)
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
	sorted := slices.SortedFunc(slices.Values(entitlements), CompareEntitlements)
	var rights []Right
	for len(sorted) > 0 {
		n := 1
		for n < len(sorted) && sorted[n].Feature == sorted[0].Feature {
			n++
		}
		if right, holds := rightAt(sorted[:n], c.Features[sorted[0].Feature].Merge, t); holds {
			rights = append(rights, right)
		}
		sorted = sorted[n:]
	}
	return rights
}

// rightAt makes one right of the entitlements to one feature.
func rightAt(all []Entitlement, rule MergeRule, t time.Time) (Right, bool) {
	r, holds := valueAt(all, rule, t)
	if !holds {
		return Right{}, false
	}
	// It holds until the first moment at which it is less: whatever begins before then
	// counts, too.
	var ends []time.Time
	for _, e := range all {
		if e.Until.After(t) {
			ends = append(ends, e.Until)
		}
	}
	slices.SortFunc(ends, time.Time.Compare)
	for _, end := range ends {
		if later, still := valueAt(all, rule, end); !still || later.Value.lessThan(r.Value) {
			r.Until = end
			break
		}
	}
	return r, true
}

// valueAt is what holds at t, without an end.
func valueAt(all []Entitlement, rule MergeRule, t time.Time) (r Right, holds bool) {
	for _, e := range all {
		switch {
		case !e.LiveAt(t):
			continue
		case !holds:
			r = Right{Feature: e.Feature, Value: e.Value, Since: e.Since}
		default:
			r.Value = mergeValues(r.Value, e.Value, rule)
			r.Since = earliest(r.Since, e.Since)
		}
		holds = true
		r.Sources = append(r.Sources, e)
	}
	return r, holds
}

func (v Value) lessThan(w Value) bool {
	switch {
	case v.Type != w.Type:
		return true
	case v.Limit == w.Limit || v.Limit == Unlimited:
		return false
	default:
		return w.Limit == Unlimited || v.Limit < w.Limit
	}
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
