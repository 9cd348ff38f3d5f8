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
	held := map[claim]Entitlement{}
	for claim, last := range lastChanges(upTo(changes, at)) {
		if last.Kind != ChangeRevoked {
			held[claim] = last.Entitlement
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

// lastChanges finds the last change of each feature and source.
func lastChanges(changes []Change) map[claim]Change {
	last := make(map[claim]Change, len(changes))
	for _, c := range changes {
		last[claim{c.Entitlement.Feature, c.Entitlement.Source}] = c
	}
	return last
}
