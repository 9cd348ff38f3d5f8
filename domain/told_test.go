package domain_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/domain"
)

// teller tells one user's rights as the feed does.
type teller struct {
	told    domain.Told
	held    []domain.Entitlement
	version int64
	said    []string
}

var tellCatalog = domain.Catalog{
	Features: map[domain.FeatureKey]domain.Feature{
		"projects": {Key: "projects", Type: domain.FeatureLimit}, "sso": {Key: "sso", Type: domain.FeatureFlag},
	},
	Plans: map[domain.PlanKey]domain.Plan{"free": {Key: "free", Default: true, Grants: map[domain.FeatureKey]domain.Value{"projects": domain.Limit(3)}}},
}

var tellStart = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

// onDay is so many days after the start.
func onDay(n float64) time.Time { return tellStart.Add(time.Duration(n * 24 * float64(time.Hour))) }

// limit is a right to projects of one source.
func limit(source string, n int64, since, until time.Time) domain.Entitlement {
	return domain.Entitlement{
		Feature: "projects", Source: domain.Source{Kind: domain.SourceGrant, ID: source}, Value: domain.Limit(n), Since: since, Until: until,
	}
}

// has is what is kept from a moment on, in one transaction that is told later.
func (w *teller) has(at time.Time, held ...domain.Entitlement) []domain.Change {
	changes := domain.Diff(w.held, held)
	w.version++
	for i := range changes {
		changes[i].Version, changes[i].At, changes[i].Event = w.version, at, "evt"
	}
	w.held = held
	return changes
}

func (w *teller) tell(changes ...domain.Change) {
	said, told := w.told.Tell("ann", changes, tellCatalog)
	w.told = told
	w.say(said)
}

func (w *teller) cross(now time.Time) {
	said, told, version := w.told.Cross("ann", w.version, now, tellCatalog)
	w.told, w.version = told, version
	w.say(said)
}

func (w *teller) say(changes []domain.RightChange) {
	for _, c := range changes {
		w.said = append(w.said, fmt.Sprintf("v%d %s %s: %s -> %s by %s%s", c.Version, c.At.Format("Jan 2 15:04"), c.Feature, rightWords(c.Before), rightWords(c.After), c.Event, c.Cause))
	}
}

func rightWords(r *domain.Right) string {
	if r == nil {
		return "none"
	}
	if r.Until.IsZero() {
		return fmt.Sprint(r.Value.Limit)
	}
	return fmt.Sprintf("%d until %s", r.Value.Limit, r.Until.Format("Jan 2"))
}

func TestTold(t *testing.T) {
	t.Parallel()
	sso := domain.Entitlement{Feature: "sso", Source: domain.Source{Kind: domain.SourceGrant, ID: "b"}, Value: domain.Flag(), Since: onDay(0), Until: onDay(9)}
	for name, c := range map[string]struct {
		happens func(w *teller)
		want    []string
		due     time.Time
	}{
		"a right begins with what everybody has": {
			func(w *teller) { w.tell(w.has(onDay(0), limit("a", 10, onDay(0), onDay(30)))...) },
			[]string{"v1 Mar 1 12:00 projects: 3 -> 10 until Mar 31 by evt"}, onDay(30),
		},
		"one plan takes the place of another in one step": {
			func(w *teller) {
				w.tell(w.has(onDay(0), limit("a", 10, onDay(0), onDay(30)))...)
				w.tell(w.has(onDay(1), limit("b", 20, onDay(1), onDay(30)))...)
			},
			[]string{
				"v1 Mar 1 12:00 projects: 3 -> 10 until Mar 31 by evt",
				"v2 Mar 2 12:00 projects: 10 until Mar 31 -> 20 until Mar 31 by evt",
			}, onDay(30),
		},
		"a source that gives no more is no change": {
			func(w *teller) {
				w.tell(w.has(onDay(0), limit("a", 10, onDay(0), time.Time{}))...)
				w.tell(w.has(onDay(1), limit("a", 10, onDay(0), time.Time{}), limit("b", 5, onDay(1), onDay(2)))...)
				w.cross(onDay(3))
			},
			[]string{"v1 Mar 1 12:00 projects: 3 -> 10 by evt"}, time.Time{},
		},
		"two changes that are told together are two": {
			func(w *teller) {
				w.tell(append(w.has(onDay(0), limit("a", 10, onDay(0), time.Time{})), w.has(onDay(1), limit("a", 11, onDay(0), time.Time{}))...)...)
			},
			[]string{"v1 Mar 1 12:00 projects: 3 -> 10 by evt", "v2 Mar 2 12:00 projects: 10 -> 11 by evt"}, time.Time{},
		},
		"an end is told once, at its moment": {
			func(w *teller) {
				w.tell(w.has(onDay(0), limit("a", 10, onDay(0), onDay(30)))...)
				w.cross(onDay(30).Add(-time.Nanosecond))
				w.cross(onDay(30.5))
				w.cross(onDay(31))
			},
			[]string{"v1 Mar 1 12:00 projects: 3 -> 10 until Mar 31 by evt", "v2 Mar 31 12:00 projects: 10 until Mar 31 -> 3 by time"}, time.Time{},
		},
		"a grant that begins later": {
			func(w *teller) {
				w.tell(w.has(onDay(0), limit("a", 10, onDay(5), onDay(6)))...)
				w.cross(onDay(20))
			},
			[]string{"v2 Mar 6 12:00 projects: 3 -> 10 until Mar 7 by time", "v3 Mar 7 12:00 projects: 10 until Mar 7 -> 3 by time"}, time.Time{},
		},
		"two features end at one moment, as one version": {
			func(w *teller) {
				w.tell(w.has(onDay(0), limit("a", 10, onDay(0), onDay(9)), sso)...)
				w.cross(onDay(9))
			},
			[]string{
				"v1 Mar 1 12:00 projects: 3 -> 10 until Mar 10 by evt", "v1 Mar 1 12:00 sso: none -> 0 until Mar 10 by evt",
				"v2 Mar 10 12:00 projects: 10 until Mar 10 -> 3 by time", "v2 Mar 10 12:00 sso: 0 until Mar 10 -> none by time",
			}, time.Time{},
		},
		"a renewal that comes before the end is told leaves a right that goes on": {
			func(w *teller) {
				w.tell(w.has(onDay(0), limit("a", 10, onDay(0), onDay(30)))...)
				w.tell(w.has(onDay(30.1), limit("a", 10, onDay(0), onDay(60)))...)
				w.cross(onDay(30.2))
			},
			[]string{"v1 Mar 1 12:00 projects: 3 -> 10 until Mar 31 by evt", "v2 Mar 31 14:24 projects: 10 until Mar 31 -> 10 until Apr 30 by evt"}, onDay(60),
		},
		"what time has ended meanwhile is told with the next change": {
			func(w *teller) {
				w.tell(w.has(onDay(0), limit("a", 10, onDay(0), time.Time{}), sso)...)
				w.tell(w.has(onDay(10), limit("a", 11, onDay(0), time.Time{}), sso)...)
			},
			[]string{
				"v1 Mar 1 12:00 projects: 3 -> 10 by evt", "v1 Mar 1 12:00 sso: none -> 0 until Mar 10 by evt",
				"v2 Mar 11 12:00 projects: 10 -> 11 by evt", "v2 Mar 10 12:00 sso: 0 until Mar 10 -> none by time",
			}, time.Time{},
		},
		"a clock that is behind takes nothing back": {
			func(w *teller) {
				w.tell(w.has(onDay(0), limit("a", 10, onDay(0), onDay(30)))...)
				w.cross(onDay(30))
				w.tell(w.has(onDay(29.9), limit("a", 10, onDay(0), onDay(60)))...)
			},
			[]string{
				"v1 Mar 1 12:00 projects: 3 -> 10 until Mar 31 by evt", "v2 Mar 31 12:00 projects: 10 until Mar 31 -> 3 by time",
				"v3 Mar 31 12:00 projects: 3 -> 10 until Apr 30 by evt",
			}, onDay(60),
		},
		"changes of before versions were counted are steps by what they say": {
			func(w *teller) {
				changes := append(w.has(onDay(0), limit("a", 10, onDay(0), time.Time{})), w.has(onDay(1), limit("b", 20, onDay(1), time.Time{}))...)
				for i := range changes {
					changes[i].Version = 0
				}
				w.tell(changes...)
			},
			[]string{"v0 Mar 1 12:00 projects: 3 -> 10 by evt", "v0 Mar 2 12:00 projects: 10 -> 20 by evt"}, time.Time{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &teller{}
			c.happens(w)
			if diff := cmp.Diff(c.want, w.said); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
			if !w.told.Due.Equal(c.due) {
				t.Errorf("due %s, want %s", w.told.Due, c.due)
			}
		})
	}
}
