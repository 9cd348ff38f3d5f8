package domain

import (
	"cmp"
	"slices"
	"time"
)

// CauseTime is why a right changed when nothing but time passed: a trial, a grace or a
// period was over, or a grant began. No entitlement changed, so it is not among [Causes].
const CauseTime Cause = "time"

// RightChange is one line of the feed: what a user may do with one feature was another
// before it than it is after it; or it is as it was, and something is to be said of its end.
type RightChange struct {
	Position int64 // given by the store: 1 is the first, and there is no gap
	Kind     RightChangeKind
	User     UserID
	Version  int64 // of the user's rights from then on; 0: of a change before versions were counted
	Feature  FeatureKey
	Before   *Right // without Sources; nil: the user did not have the feature
	After    *Right // without Sources; nil: the user does not have the feature
	Event    EventID
	Cause    Cause     // empty: the event
	At       time.Time // UTC, when the change was made, or the moment that passed

	// Of an announcement and its withdrawal.
	EndsAt time.Time     // UTC, the end that is meant
	Lead   time.Duration // how long before it the announcement was due; 0: of a withdrawal
}

// Told is what the feed has said of one user so far.
type Told struct {
	Entitlements []Entitlement
	AsOf         time.Time      // UTC, the moment up to which it was said
	Due          time.Time      // UTC, the next moment at which time alone may give something to tell; zero: never
	Announced    []AnnouncedEnd // of rights that go on until then, by feature
}

// Tell says what changes of entitlements, in their order, made of the user's rights. The
// changes of one version are one step: a plan that takes the place of another is no loss.
// What time has changed by then is said in the same step, and so are announcements that still
// hold after it. An end that is over by now is not announced any more.
func (t Told) Tell(user UserID, changes []Change, now time.Time, c Catalog) ([]RightChange, Told) {
	var all []RightChange
	for len(changes) > 0 {
		n := 1
		for n < len(changes) && changes[n].sameStep(changes[0]) {
			n++
		}
		step := t.step(changes[:n], now, c)
		for i := range step {
			step[i].User = user
		}
		all = append(all, step...)
		changes = changes[n:]
	}
	t.Due = t.nextMoment(c)
	return all, t
}

// sameStep tells whether two changes of one user were made in one transaction.
func (c Change) sameStep(d Change) bool {
	if c.Version != 0 || d.Version != 0 {
		return c.Version == d.Version
	}
	return c.At.Equal(d.At) && c.Event == d.Event && c.Cause == d.Cause
}

// step goes through the changes of one transaction. A clock may be behind another: what was
// said as of a moment is not taken back.
func (t *Told) step(changes []Change, now time.Time, c Catalog) []RightChange {
	before, since := t.rights(c), t.AsOf
	causes := make(map[FeatureKey]Change, len(changes))
	for _, change := range changes {
		t.Entitlements = applyChange(t.Entitlements, change)
		causes[change.Entitlement.Feature] = change
		t.AsOf = later(t.AsOf, change.At)
	}
	lines := append(rightChanges(before, t.rights(c)), t.announce(before, since, c, now)...)
	for i := range lines {
		line := &lines[i]
		line.Version = changes[0].Version
		change, made := causes[line.Feature]
		switch {
		case line.Kind == RightEnding: // whose cause is time
		case made:
			line.Event, line.Cause, line.At = change.Event, change.Cause, t.AsOf
		default:
			line.Cause, line.At = CauseTime, cmp.Or(lastBoundary(t.ofFeature(line.Feature), t.AsOf), t.AsOf)
		}
	}
	return lines
}

// Cross says what time alone has changed up to now, moment by moment, and which ends it has
// brought near. Each moment that changes something is a version of its own, counted on from
// the one that is given; the last one is returned. An announcement changes nothing.
func (t Told) Cross(user UserID, version int64, now time.Time, c Catalog) ([]RightChange, Told, int64) {
	var all []RightChange
	for {
		moment := t.nextMoment(c)
		if moment.IsZero() || moment.After(now) {
			break
		}
		before, since := t.rights(c), t.AsOf
		t.AsOf = moment
		lines := rightChanges(before, t.rights(c))
		if len(lines) > 0 {
			version++
		}
		for _, line := range append(lines, t.announce(before, since, c, now)...) {
			line.User, line.Version, line.Cause, line.At = user, version, CauseTime, moment
			all = append(all, line)
		}
	}
	t.AsOf = later(t.AsOf, now)
	t.Due = t.nextMoment(c)
	return all, t, version
}

// rights are those that were told of last, by feature.
func (t *Told) rights(c Catalog) []Right {
	rights := Rights(t.Entitlements, c, t.AsOf)
	for i := range rights {
		rights[i].Sources = nil
	}
	return rights
}

func (t *Told) ofFeature(feature FeatureKey) []Entitlement {
	return slices.DeleteFunc(slices.Clone(t.Entitlements), func(e Entitlement) bool { return e.Feature != feature })
}

// rightChanges compares rights, sorted by feature.
func rightChanges(before, after []Right) []RightChange {
	var all []RightChange
	for len(before)+len(after) > 0 {
		var d RightChange
		switch {
		case len(after) == 0 || len(before) > 0 && before[0].Feature < after[0].Feature:
			d.Feature, d.Before, before = before[0].Feature, &before[0], before[1:]
		case len(before) == 0 || after[0].Feature < before[0].Feature:
			d.Feature, d.After, after = after[0].Feature, &after[0], after[1:]
		default:
			d.Feature, d.Before, d.After, before, after = before[0].Feature, &before[0], &after[0], before[1:], after[1:]
		}
		if d.Before == nil || d.After == nil || !d.Before.saysTheSameAs(*d.After) {
			all = append(all, d)
		}
	}
	return all
}

// saysTheSameAs tells whether two rights to one feature are the same to who has them.
// Since when is not looked at: what has ended since then says nothing of what there is.
func (r Right) saysTheSameAs(o Right) bool {
	return r.Value == o.Value && r.Until.Equal(o.Until) && r.Renews == o.Renews && r.EndsAt.Equal(o.EndsAt) && r.InGrace == o.InGrace
}

// applyChange is a list of entitlements after a change. The list itself stays as it is.
func applyChange(all []Entitlement, change Change) []Entitlement {
	key := change.Entitlement.key()
	all = slices.DeleteFunc(slices.Clone(all), func(e Entitlement) bool { return e.key() == key })
	if change.Kind != ChangeRevoked {
		all = append(all, change.Entitlement)
	}
	slices.SortFunc(all, CompareEntitlements)
	return all
}

// boundaries are the moments at which entitlements begin or end, in order and each once.
func boundaries(entitlements []Entitlement) []time.Time {
	sorted := slices.SortedFunc(slices.Values(entitlements), CompareEntitlements)
	var moments []time.Time
	for len(sorted) > 0 {
		n := 1
		for n < len(sorted) && sorted[n].Feature == sorted[0].Feature {
			n++
		}
		for _, e := range passesInARow(sorted[:n]) {
			moments = append(moments, e.begins())
			if !e.Until.IsZero() {
				moments = append(moments, e.Until)
			}
		}
		sorted = sorted[n:]
	}
	slices.SortFunc(moments, time.Time.Compare)
	return slices.CompactFunc(moments, time.Time.Equal)
}

// nextBoundary is the first after a moment; zero: there is none.
func nextBoundary(entitlements []Entitlement, after time.Time) time.Time {
	for _, moment := range boundaries(entitlements) {
		if moment.After(after) {
			return moment
		}
	}
	return time.Time{}
}

// lastBoundary is the last up to a moment; zero: there is none.
func lastBoundary(entitlements []Entitlement, until time.Time) (last time.Time) {
	for _, moment := range boundaries(entitlements) {
		if moment.After(until) {
			break
		}
		last = moment
	}
	return last
}
