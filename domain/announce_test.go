package domain_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
)

// hours are the grid on which these histories happen, so that every moment can be looked at.
const mostHours = 24 * 10

func onHour(n int) time.Time { return tellStart.Add(time.Duration(n) * time.Hour) }

// history is what somebody holds, from which hour on.
type history map[int][]domain.Entitlement

func drawHistory(t *rapid.T) history {
	all := history{0: nil}
	for range rapid.IntRange(1, 6).Draw(t, "changes") {
		at := rapid.IntRange(0, mostHours-1).Draw(t, "at")
		var held []domain.Entitlement
		for source := range rapid.IntRange(0, 3).Draw(t, "sources") {
			since := at + rapid.IntRange(-5, 50).Draw(t, "since")
			until := since + rapid.IntRange(1, 24*6).Draw(t, "lasts")
			e := limit(fmt.Sprint(source), rapid.Int64Range(1, 5).Draw(t, "projects"), onHour(since), onHour(until))
			if rapid.IntRange(0, 4).Draw(t, "for good") == 0 {
				e.Until = time.Time{}
			} else if e.Renews = rapid.Bool().Draw(t, "renews"); e.Renews && rapid.Bool().Draw(t, "ends") {
				e.EndsAt = onHour(until + rapid.IntRange(0, 100).Draw(t, "later"))
			}
			held = append(held, e)
		}
		slices.SortFunc(held, domain.CompareEntitlements)
		all[at] = held
	}
	return all
}

// endAt is when the right of what is held ends, as of an hour; zero: it does not, or is none.
func endAt(held []domain.Entitlement, c domain.Catalog, hour int) time.Time {
	for _, right := range domain.Rights(held, c, onHour(hour)) {
		return right.EndsAt
	}
	return time.Time{}
}

// announced are the announcements that there have to be if somebody tells each hour: at the
// moments that are so long before the end that was the right's the hour before and is still.
func (h history) announced(c domain.Catalog) []string {
	var all []string
	var before time.Time
	var held []domain.Entitlement
	for hour := range mostHours {
		if now, changed := h[hour]; changed {
			held = now
		}
		end := endAt(held, c, hour)
		for _, lead := range c.AnnounceEnds {
			if !end.IsZero() && end.Equal(before) && onHour(hour).Equal(end.Add(-lead)) {
				all = append(all, fmt.Sprintf("%s: %s in %s", onHour(hour), end, lead))
			}
		}
		before = end
	}
	return all
}

// Somebody tells each hour, or now and then. Told each hour, the announcements are those that
// what was held says, and no others; told now and then, they are some of them, each once, and
// none that comes after its end or is withdrawn twice.
func TestTold_AnnouncesWhatTrueHistoriesHave(t *testing.T) {
	t.Parallel()
	catalog := tellCatalog
	catalog.AnnounceEnds = []time.Duration{3 * 24 * time.Hour, 24 * time.Hour, 3 * time.Hour}
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		want := h.announced(catalog)
		if diff := cmp.Diff(want, h.told(t, catalog, func(int) bool { return true })); diff != "" {
			t.Fatalf("announced each hour (-want +got):\n%s", diff)
		}
		every := rapid.IntRange(2, 100).Draw(t, "every")
		last := -1
		for _, one := range h.told(t, catalog, func(hour int) bool { return hour%every == 0 || hour == mostHours-1 }) {
			at := slices.Index(want, one)
			if at <= last {
				t.Fatalf("announced now and then: %s, which is at %d of %v, after %d", one, at, want, last)
			}
			last = at
		}
	})
}

// told has what is held told at some hours, and returns what was announced.
func (h history) told(t *rapid.T, c domain.Catalog, tells func(hour int) bool) []string {
	w := &teller{leads: c.AnnounceEnds}
	var untold []domain.Change
	var all []string
	open := map[time.Time]bool{}
	for hour := range mostHours {
		if held, changed := h[hour]; changed {
			untold = append(untold, w.has(onHour(hour), held...)...)
		}
		if !tells(hour) {
			continue
		}
		lines, told := w.told.Tell("ann", untold, onHour(hour), c)
		crossed, told, _ := told.Cross("ann", w.version, onHour(hour), c)
		w.told, untold = told, nil
		for _, line := range append(lines, crossed...) {
			switch line.Kind {
			case domain.RightChanged: // as without announcements
			case domain.RightEnding:
				if line.EndsAt.Add(-line.Lead) != line.At || !line.EndsAt.After(onHour(hour)) || !line.After.EndsAt.Equal(line.EndsAt) {
					t.Fatalf("at %s it says %+v", onHour(hour), line)
				}
				open[line.EndsAt] = true
				all = append(all, fmt.Sprintf("%s: %s in %s", line.At, line.EndsAt, line.Lead))
			case domain.RightEndingWithdrawn:
				if !open[line.EndsAt] || line.After.EndsAt.Equal(line.EndsAt) {
					t.Fatalf("withdraws %s, which is not announced or still holds", line.EndsAt)
				}
				delete(open, line.EndsAt)
			}
		}
	}
	return all
}
