package domain

import (
	"maps"
	"slices"
	"time"
)

// EntitlementsAt is what was kept of one user at a moment, by the user's changes,
// oldest first. They are taken up to the first that is later: what comes out is
// always a state that truly was, even if two processes' clocks disagree.
func EntitlementsAt(changes []Change, at time.Time) []Entitlement {
	held := map[stretchKey]Entitlement{}
	for key, last := range lastChanges(upTo(changes, at)) {
		if last.Kind != ChangeRevoked {
			held[key] = last.Entitlement
		}
	}
	return slices.SortedFunc(maps.Values(held), CompareEntitlements)
}

// upTo are the changes before the first that was made after a moment.
func upTo(changes []Change, at time.Time) []Change {
	later := slices.IndexFunc(changes, func(c Change) bool { return c.At.After(at) })
	if later < 0 {
		return changes
	}
	return changes[:later]
}

// stretchKey is what identifies an entitlement of one user.
type stretchKey struct {
	claim
	part int
}

// lastChanges finds the last change of each entitlement.
func lastChanges(changes []Change) map[stretchKey]Change {
	last := make(map[stretchKey]Change, len(changes))
	for _, c := range changes {
		last[c.Entitlement.key()] = c
	}
	return last
}

// lastOfClaims finds the last change of each feature and source.
func lastOfClaims(changes []Change) map[claim]Change {
	last := make(map[claim]Change, len(changes))
	for _, c := range changes {
		last[claim{c.Entitlement.Feature, c.Entitlement.Source}] = c
	}
	return last
}
