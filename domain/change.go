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

// Cause is why entitlements changed without an event.
type Cause string

const (
	CauseAsked    Cause = "asked"    // what Stripe said when it was asked
	CauseCatalog  Cause = "catalog"  // the catalog or the rules are others than before
	CauseByHand   Cause = "by_hand"  // a grant, or the end of one
	CauseCheckout Cause = "checkout" // a checkout that was begun, or looked at again
)

// Causes lists every cause.
var Causes = []Cause{CauseAsked, CauseCatalog, CauseByHand, CauseCheckout}

// Change is one line of the append-only history of a user's entitlements.
type Change struct {
	Seq         int64 // given by the store
	Version     int64 // of the user's rights, given by the store; 0: of before versions were counted
	User        UserID
	Kind        ChangeKind
	Entitlement Entitlement // as it is now; of a revoked one: as it last was
	Event       EventID     // what brought it about; empty: not an event
	Cause       Cause       // what else brought it about; empty: an event
	At          time.Time   // UTC, when we made the change
}

// Diff lists what leads from one set of entitlements to another: revocations
// first, so that a reader never sees two plans' rights at once.
func Diff(before, after []Entitlement) []Change {
	old := make(map[stretchKey]Entitlement, len(before))
	for _, e := range before {
		old[e.key()] = e
	}
	var changes []Change
	for _, e := range after {
		k := e.key()
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
		if _, gone := old[e.key()]; gone {
			revoked = append(revoked, Change{Kind: ChangeRevoked, Entitlement: e})
		}
	}
	return slices.Concat(revoked, changes)
}

func (e Entitlement) key() stretchKey { return stretchKey{claim{e.Feature, e.Source}, e.Part} }
