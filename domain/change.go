package domain

import (
	"slices"
	"time"
)

// ChangeKind says what happened to an entitlement.
type ChangeKind string

const (
	ChangeGranted ChangeKind = "granted"
	ChangeUpdated ChangeKind = "updated" // another value, plan, since or until
	ChangeRevoked ChangeKind = "revoked"
)

// ChangeKinds lists every kind of change.
var ChangeKinds = []ChangeKind{ChangeGranted, ChangeUpdated, ChangeRevoked}

// Change is one line of the append-only history of a user's entitlements.
type Change struct {
	Seq         int64 // given by the store
	User        UserID
	Kind        ChangeKind
	Entitlement Entitlement // as it is now; of a revoked one: as it last was
	Event       EventID     // what brought it about; empty: not an event (catalog, sync)
	At          time.Time   // UTC, when we made the change
}

// Diff lists what leads from one set of entitlements to another: revocations
// first, so that a reader never sees two plans' rights at once.
func Diff(before, after []Entitlement) []Change {
	type key struct {
		feature FeatureKey
		source  Source
	}
	old := make(map[key]Entitlement, len(before))
	for _, e := range before {
		old[key{e.Feature, e.Source}] = e
	}
	var changes []Change
	for _, e := range after {
		k := key{e.Feature, e.Source}
		was, had := old[k]
		delete(old, k)
		switch {
		case !had:
			changes = append(changes, Change{Kind: ChangeGranted, Entitlement: e})
		case was != e:
			changes = append(changes, Change{Kind: ChangeUpdated, Entitlement: e})
		}
	}
	var revoked []Change
	for _, e := range before {
		if _, gone := old[key{e.Feature, e.Source}]; gone {
			revoked = append(revoked, Change{Kind: ChangeRevoked, Entitlement: e})
		}
	}
	return slices.Concat(revoked, changes)
}
