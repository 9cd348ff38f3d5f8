package domain

import (
	"slices"
	"time"
)

// RightChangeKind says what a line of the feed tells.
type RightChangeKind string

const (
	// RightChanged: a right is another than it was.
	RightChanged RightChangeKind = ""
	// RightEnding: the right is as it was, and its end is near; see [Catalog.AnnounceEnds].
	RightEnding RightChangeKind = "ending"
	// RightEndingWithdrawn: the end that was announced is not that of the right any more.
	RightEndingWithdrawn RightChangeKind = "ending_withdrawn"
)

// AnnouncedEnd is an end of a right that was announced, and has not come.
type AnnouncedEnd struct {
	Feature FeatureKey
	EndsAt  time.Time // UTC
}

// announce says which ends have come near since a moment as of which the rights were others,
// and which that were announced do not stand. An end is announced at its lead times that
// passed since it was known: of one that became known later, the change itself has told. So
// each is announced once for each lead time, and an end that is over by now not at all.
func (t *Told) announce(before []Right, since time.Time, c Catalog, now time.Time) []RightChange {
	if len(c.AnnounceEnds)+len(t.Announced) == 0 {
		return nil
	}
	var lines []RightChange
	var standing []AnnouncedEnd
	for _, right := range t.rights(c) {
		end, announced := t.announcedEnd(right.Feature)
		if announced && !end.Equal(right.EndsAt) {
			announced = false
			if end.After(t.AsOf) {
				lines = append(lines, RightChange{Kind: RightEndingWithdrawn, Feature: right.Feature, Before: &right, After: &right, EndsAt: end, At: t.AsOf})
			}
		}
		if right.EndsAt.After(now) && right.EndsAt.Equal(endOf(before, right.Feature)) {
			for _, lead := range c.AnnounceEnds {
				at := right.EndsAt.Add(-lead)
				if !at.After(since) || at.After(t.AsOf) {
					continue
				}
				announced = true
				lines = append(lines, RightChange{
					Kind: RightEnding, Feature: right.Feature, Before: &right, After: &right, EndsAt: right.EndsAt, Lead: lead, Cause: CauseTime, At: at,
				})
			}
		}
		if announced {
			standing = append(standing, AnnouncedEnd{right.Feature, right.EndsAt})
		}
	}
	t.Announced = standing
	return lines
}

func (t *Told) announcedEnd(feature FeatureKey) (time.Time, bool) {
	for _, one := range t.Announced {
		if one.Feature == feature {
			return one.EndsAt, true
		}
	}
	return time.Time{}, false
}

// endOf is when one of the rights ends; zero: it is not there, or no end is known.
func endOf(rights []Right, feature FeatureKey) time.Time {
	at := slices.IndexFunc(rights, func(r Right) bool { return r.Feature == feature })
	if at < 0 {
		return time.Time{}
	}
	return rights[at].EndsAt
}

// nextMoment is the first at which there may be something to tell of what time changes; zero:
// there is none.
func (t *Told) nextMoment(c Catalog) time.Time {
	next := nextBoundary(t.Entitlements, t.AsOf)
	if len(c.AnnounceEnds) == 0 {
		return next
	}
	for _, right := range t.rights(c) {
		for _, lead := range c.AnnounceEnds {
			if at := right.EndsAt.Add(-lead); !right.EndsAt.IsZero() && at.After(t.AsOf) {
				next = earlier(next, at)
			}
		}
	}
	return next
}
