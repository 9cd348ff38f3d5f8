package state

import (
	"testing"
	"time"
)

func TestPeriodEnd_CountsFromTheAnchor(t *testing.T) {
	t.Parallel()
	day := func(text string) int64 {
		d, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		return d.Unix()
	}
	for _, tt := range []struct {
		interval         string
		count            int64
		anchor, at, want string
	}{
		{"month", 1, "2026-01-31", "2026-01-31", "2026-02-28"},
		{"month", 1, "2026-01-31", "2026-02-28", "2026-03-31"}, // the 31st again
		{"month", 3, "2026-01-31", "2026-01-31", "2026-04-30"},
		{"year", 1, "2024-02-29", "2024-02-29", "2025-02-28"},
		{"year", 1, "2024-02-29", "2027-02-28", "2028-02-29"},
		{"week", 2, "2026-01-01", "2026-01-01", "2026-01-15"},
		{"day", 10, "2026-01-01", "2026-01-12", "2026-01-21"},
	} {
		p := &Price{Interval: tt.interval, IntervalCount: tt.count}
		if got := p.PeriodEnd(day(tt.anchor), day(tt.at)); got != day(tt.want) {
			t.Errorf("%d %s from %s at %s: got %s, want %s", tt.count, tt.interval, tt.anchor, tt.at, time.Unix(got, 0).UTC(), tt.want)
		}
	}
}
