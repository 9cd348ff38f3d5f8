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
	leads   []time.Duration
}

func (w *teller) catalog() domain.Catalog {
	c := tellCatalog
	c.AnnounceEnds = w.leads
	return c
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
	w.tellAt(changes[len(changes)-1].At, changes...)
}

func (w *teller) tellAt(now time.Time, changes ...domain.Change) {
	said, told := w.told.Tell("ann", changes, now, w.catalog())
	w.told = told
	w.say(said)
}

func (w *teller) cross(now time.Time) {
	said, told, version := w.told.Cross("ann", w.version, now, w.catalog())
	w.told, w.version = told, version
	w.say(said)
}

func (w *teller) say(changes []domain.RightChange) {
	for _, c := range changes {
		if c.Kind != domain.RightChanged {
			lead := ""
			if c.Lead > 0 {
				lead = fmt.Sprintf(" in %s", c.Lead)
			}
			w.said = append(w.said, fmt.Sprintf("v%d %s %s: %s: %s%s by %s%s", c.Version, c.At.Format("Jan 2 15:04"), c.Feature, c.Kind, c.EndsAt.Format("Jan 2"), lead, c.Event, c.Cause))
			continue
		}
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

// renewing is a right that goes on by itself, unless an end was decided.
func renewing(until, endsAt time.Time) domain.Entitlement {
	e := limit("a", 10, onDay(0), until)
	e.Ending = domain.Ending{Renews: true, EndsAt: endsAt}
	return e
}

func TestTold_EndsAreAnnounced(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	given := "v1 Mar 1 12:00 projects: 3 -> 10 until Mar 31 by evt"
	for name, c := range map[string]struct {
		happens func(w *teller)
		want    []string
		due     time.Time
	}{
		"at each lead time, once": {
			func(w *teller) {
				w.tell(w.has(onDay(0), limit("a", 10, onDay(0), onDay(30)))...)
				for _, at := range []float64{22.9, 23, 23.1, 28.9, 29, 29.1, 29.9} {
					w.cross(onDay(at))
				}
			},
			[]string{given, "v1 Mar 24 12:00 projects: ending: Mar 31 in 168h0m0s by time", "v1 Mar 30 12:00 projects: ending: Mar 31 in 24h0m0s by time"},
			onDay(30),
		},
		"late, if nobody told at the moment": {
			func(w *teller) {
				w.tell(w.has(onDay(0), limit("a", 10, onDay(0), onDay(30)))...)
				w.cross(onDay(29.5))
			},
			[]string{given, "v1 Mar 24 12:00 projects: ending: Mar 31 in 168h0m0s by time", "v1 Mar 30 12:00 projects: ending: Mar 31 in 24h0m0s by time"},
			onDay(30),
		},
		"and not at all once they have come": {
			func(w *teller) {
				w.tell(w.has(onDay(0), limit("a", 10, onDay(0), onDay(30)))...)
				w.cross(onDay(30))
			},
			[]string{given, "v2 Mar 31 12:00 projects: 10 until Mar 31 -> 3 by time"}, time.Time{},
		},
		"not at a lead time that was past when the right was given": {
			func(w *teller) {
				w.tell(w.has(onDay(0), limit("a", 10, onDay(0), onDay(3)))...)
				w.cross(onDay(2.5))
			},
			[]string{"v1 Mar 1 12:00 projects: 3 -> 10 until Mar 4 by evt", "v1 Mar 3 12:00 projects: ending: Mar 4 in 24h0m0s by time"}, onDay(3),
		},
		"nor at the one at which it was given": {
			func(w *teller) {
				w.tell(w.has(onDay(0), limit("a", 10, onDay(0), onDay(7)))...)
				w.cross(onDay(1))
			},
			[]string{"v1 Mar 1 12:00 projects: 3 -> 10 until Mar 8 by evt"}, onDay(6),
		},
		"not of what renews": {
			func(w *teller) {
				w.tell(w.has(onDay(0), renewing(onDay(30), time.Time{}))...)
				w.cross(onDay(29.9))
			},
			[]string{given}, onDay(30),
		},
		"of what would renew, from when its end was decided": {
			func(w *teller) {
				w.tell(w.has(onDay(0), renewing(onDay(30), time.Time{}))...)
				w.tell(w.has(onDay(25), renewing(onDay(30), onDay(60)))...)
				w.cross(onDay(29.9))
				w.tell(w.has(onDay(30), limit("a", 10, onDay(0), onDay(60)))...)
				w.cross(onDay(53))
			},
			[]string{
				given, "v2 Mar 26 12:00 projects: 10 until Mar 31 -> 10 until Mar 31 by evt",
				"v3 Mar 31 12:00 projects: 10 until Mar 31 -> 10 until Apr 30 by evt", "v3 Apr 23 12:00 projects: ending: Apr 30 in 168h0m0s by time",
			}, onDay(59),
		},
		"and withdrawn when the right goes on": {
			func(w *teller) {
				w.tell(w.has(onDay(0), limit("a", 10, onDay(0), onDay(30)))...)
				w.cross(onDay(25))
				w.tell(w.has(onDay(26), renewing(onDay(30), time.Time{}))...)
				w.cross(onDay(29.9))
			},
			[]string{
				given, "v1 Mar 24 12:00 projects: ending: Mar 31 in 168h0m0s by time", "v2 Mar 27 12:00 projects: 10 until Mar 31 -> 10 until Mar 31 by evt",
				"v2 Mar 27 12:00 projects: ending_withdrawn: Mar 31 by evt",
			}, onDay(30),
		},
		"once, however often they were announced, and again for another end": {
			func(w *teller) {
				w.tell(w.has(onDay(0), limit("a", 10, onDay(0), onDay(30)))...)
				w.cross(onDay(29.5))
				w.tell(w.has(onDay(29.6), limit("a", 10, onDay(0), onDay(45)))...)
				w.tell(w.has(onDay(29.7), limit("a", 11, onDay(0), onDay(45)))...)
				w.cross(onDay(40))
			},
			[]string{
				given, "v1 Mar 24 12:00 projects: ending: Mar 31 in 168h0m0s by time", "v1 Mar 30 12:00 projects: ending: Mar 31 in 24h0m0s by time",
				"v2 Mar 31 02:24 projects: 10 until Mar 31 -> 10 until Apr 15 by evt", "v2 Mar 31 02:24 projects: ending_withdrawn: Mar 31 by evt",
				"v3 Mar 31 04:48 projects: 10 until Apr 15 -> 11 until Apr 15 by evt", "v3 Apr 8 12:00 projects: ending: Apr 15 in 168h0m0s by time",
			}, onDay(44),
		},
		"not withdrawn when the right goes sooner: that says all": {
			func(w *teller) {
				w.leads = []time.Duration{7 * day}
				w.tell(w.has(onDay(0), domain.Entitlement{Feature: "sso", Source: domain.Source{Kind: domain.SourceGrant, ID: "b"}, Value: domain.Flag(), Since: onDay(0), Until: onDay(30)})...)
				w.cross(onDay(25))
				w.tell(w.has(onDay(26))...)
				w.cross(onDay(40))
			},
			[]string{
				"v1 Mar 1 12:00 sso: none -> 0 until Mar 31 by evt", "v1 Mar 24 12:00 sso: ending: Mar 31 in 168h0m0s by time",
				"v2 Mar 27 12:00 sso: 0 until Mar 31 -> none by evt",
			}, time.Time{},
		},
		"not if a renewal was kept before it was told": {
			func(w *teller) {
				w.tell(w.has(onDay(0), limit("a", 10, onDay(0), onDay(30)))...)
				w.tell(w.has(onDay(25), limit("a", 10, onDay(0), onDay(60)))...)
				w.cross(onDay(25))
			},
			[]string{given, "v2 Mar 26 12:00 projects: 10 until Mar 31 -> 10 until Apr 30 by evt"}, onDay(53),
		},
		"also if another change was kept before it was told": {
			func(w *teller) {
				w.tell(w.has(onDay(0), limit("a", 10, onDay(0), onDay(30)))...)
				w.tell(w.has(onDay(25), limit("a", 12, onDay(0), onDay(30)))...)
				w.cross(onDay(25))
			},
			[]string{
				given, "v2 Mar 26 12:00 projects: 10 until Mar 31 -> 12 until Mar 31 by evt",
				"v2 Mar 24 12:00 projects: ending: Mar 31 in 168h0m0s by time",
			}, onDay(29),
		},
		"not of what was over when the feed began": {
			func(w *teller) {
				changes := append(w.has(onDay(0), limit("a", 10, onDay(0), onDay(30))), w.has(onDay(25), limit("a", 12, onDay(0), onDay(30)))...)
				w.tellAt(onDay(90), changes...)
			},
			[]string{given, "v2 Mar 26 12:00 projects: 10 until Mar 31 -> 12 until Mar 31 by evt"}, onDay(29),
		},
		"of a lead time that the catalog has later, at once": {
			func(w *teller) {
				w.leads = nil
				w.tell(w.has(onDay(0), limit("a", 10, onDay(0), onDay(30)))...)
				w.leads = []time.Duration{7 * day}
				w.cross(onDay(28))
			},
			[]string{given, "v1 Mar 24 12:00 projects: ending: Mar 31 in 168h0m0s by time"}, onDay(30),
		},
		"of what is left when another source ends": {
			func(w *teller) {
				w.leads = []time.Duration{day}
				w.tell(w.has(onDay(0), limit("a", 10, onDay(0), onDay(5)), limit("b", 5, onDay(0), onDay(9)))...)
				for at := range 10 {
					w.cross(onDay(float64(at)))
				}
			},
			[]string{
				"v1 Mar 1 12:00 projects: 3 -> 10 until Mar 6 by evt", "v1 Mar 5 12:00 projects: ending: Mar 6 in 24h0m0s by time",
				"v2 Mar 6 12:00 projects: 10 until Mar 6 -> 5 until Mar 10 by time", "v2 Mar 9 12:00 projects: ending: Mar 10 in 24h0m0s by time",
				"v3 Mar 10 12:00 projects: 5 until Mar 10 -> 3 by time",
			}, time.Time{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &teller{leads: []time.Duration{7 * day, day}}
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
