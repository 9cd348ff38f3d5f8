package domain_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
)

// Whatever somebody held, with a default plan beneath it, and whenever it was told: what the
// feed says of it follows from the changes, and so there is no difference.
func TestVerifyFeed_HasNothingAgainstTrueHistories(t *testing.T) {
	t.Parallel()
	catalog := tellCatalog
	catalog.AnnounceEnds = []time.Duration{3 * 24 * time.Hour, 24 * time.Hour}
	rapid.Check(t, func(t *rapid.T) {
		history := drawHistory(t)
		every := rapid.IntRange(1, 60).Draw(t, "every")
		w := &teller{leads: catalog.AnnounceEnds}
		var h domain.History
		for hour := range mostHours {
			if held, changed := history[hour]; changed {
				changes := w.has(onHour(hour), held...)
				if len(changes) == 0 {
					w.version--
				}
				h.Changes = append(h.Changes, changes...)
				h.Untold += len(changes)
			}
			if hour%every == 0 {
				lines, told := w.told.Tell("ann", h.Changes[len(h.Changes)-h.Untold:], onHour(hour), catalog)
				crossed, told, version := told.Cross("ann", w.version, onHour(hour), catalog)
				w.told, w.version, h.Untold = told, version, 0
				for _, line := range append(lines, crossed...) {
					line.Position = int64(len(h.Lines) + 1)
					h.Lines = append(h.Lines, line)
				}
			}
			h.Told, h.Version = w.told, w.version
			if _, changed := history[hour]; !changed && hour%every != 0 {
				continue // all is as it was an hour ago
			}
			if found, _ := domain.VerifyFeed(h, catalog); len(found) > 0 {
				t.Fatalf("at hour %d: %v\nlines %+v", hour, found, h.Lines)
			}
		}
	})
}
