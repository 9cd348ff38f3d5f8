package domain

import (
	"cmp"
	"slices"
	"time"
)

// SourceKind says what a right comes from.
type SourceKind string

const (
	SourceOrder        SourceKind = "order"
	SourceSubscription SourceKind = "subscription"
	SourceGrant        SourceKind = "grant" // given by a person, see [Grant]
)

// SourceKinds lists every kind of source that is kept. Beside them there is
// [SourceDefault].
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
	Ending
}

// ClockTolerance is how far Stripe's clock may be ahead of ours: what begins now by
// Stripe's clock has begun. It is that of the signatures of webhooks.
const ClockTolerance = 5 * time.Minute

// goesOn is the right as it will be if what renews is renewed.
func (e Entitlement) goesOn() Entitlement {
	e.Until = e.Ending.after(e.Until)
	return e
}

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
	Since   time.Time     // the earliest start among the live sources; zero: of a default plan, which has none
	Until   time.Time     // when it is no longer as much as Value, unless renewed; zero: no end
	Sources []Entitlement // the live sources, sorted

	Renews  bool      // Until is not the end: something that goes on by itself gives it
	EndsAt  time.Time // when it is no longer as much as Value, if what renews is renewed; zero: no end is known
	InGrace bool      // as much as Value is given for a while only, as something is overdue
}

// Rights merges entitlements, and what every user has, into what holds at t, sorted by
// feature: a union over live sources, so that the end of one never takes what another
// gives.
func Rights(entitlements []Entitlement, c Catalog, t time.Time) []Right {
	sorted := slices.Concat(entitlements, c.defaultRights())
	slices.SortFunc(sorted, CompareEntitlements)
	var rights []Right
	for len(sorted) > 0 {
		n := 1
		for n < len(sorted) && sorted[n].Feature == sorted[0].Feature {
			n++
		}
		feature := c.Features[sorted[0].Feature]
		if right, holds := rightAt(passesInARow(sorted[:n]), &feature, t); holds {
			rights = append(rights, right)
		}
		sorted = sorted[n:]
	}
	return rights
}

// rightAt makes one right of the entitlements to one feature, sorted.
func rightAt(all []Entitlement, of *Feature, t time.Time) (Right, bool) {
	r, holds := valueAt(all, of, t)
	if !holds {
		return Right{}, false
	}
	r.Until = lessFrom(all, of, t, r.Value)
	r.EndsAt = r.Until
	if slices.ContainsFunc(r.Sources, func(e Entitlement) bool { return e.Renews }) {
		r.EndsAt = lessFrom(goingOn(all, t), of, t, r.Value)
	}
	r.Renews = !r.EndsAt.Equal(r.Until)
	if slices.ContainsFunc(r.Sources, func(e Entitlement) bool { return e.InGrace }) {
		settled := slices.DeleteFunc(slices.Clone(r.Sources), func(e Entitlement) bool { return e.InGrace })
		without, still := valueAt(settled, of, t)
		r.InGrace = !still || of.Less(without.Value, r.Value)
	}
	return r, true
}

// lessFrom is the first moment after t at which entitlements give less than a value:
// whatever begins before then counts, too. Zero: they never do.
func lessFrom(all []Entitlement, of *Feature, t time.Time, value Value) time.Time {
	var room [8]time.Time
	ends := room[:0]
	for _, e := range all {
		if e.Until.After(t) {
			ends = append(ends, e.Until)
		}
	}
	slices.SortFunc(ends, time.Time.Compare)
	for _, end := range ends {
		if later, still := valueAt(all, of, end); !still || of.Less(later.Value, value) {
			return end
		}
	}
	return time.Time{}
}

// goingOn are the entitlements to one feature that are not over at t, sorted, as they will
// be if what renews is renewed: what would come after it then does not.
func goingOn(all []Entitlement, t time.Time) []Entitlement {
	on := make([]Entitlement, 0, len(all))
	for _, e := range all {
		last := len(on) - 1
		followsRenewed := last >= 0 && on[last].Renews && on[last].Source == e.Source
		if !followsRenewed && (e.Until.IsZero() || e.Until.After(t)) {
			on = append(on, e.goesOn())
		}
	}
	return on
}

// valueAt is what holds at t, without an end.
func valueAt(all []Entitlement, of *Feature, t time.Time) (r Right, holds bool) {
	for _, e := range all {
		switch {
		case !e.LiveAt(t):
			continue
		case !holds:
			r = Right{Feature: e.Feature, Value: e.Value, Since: e.Since}
		default:
			r.Value = of.merge(r.Value, e.Value)
			r.Since = earliest(r.Since, e.Since)
		}
		holds = true
		r.Sources = append(r.Sources, e)
	}
	return r, holds
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
