package app_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/ports"
)

// longFeed has so many old lines.
type longFeed struct {
	ports.Store
	lines  int
	before []time.Time
	err    error
}

func (f *longFeed) PruneFeed(_ context.Context, before time.Time, limit int) (int, error) {
	f.before = append(f.before, before)
	n := min(f.lines, limit)
	f.lines -= n
	return n, f.err
}

func TestPruneFeed_RemovesOldLinesInSlicesEveryHour(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		store := &longFeed{lines: 1200}
		prune := app.NewPruneFeed(store, app.Settings{FeedRetention: 90 * 24 * time.Hour}, time.Now, time.After)
		ctx, stop := context.WithTimeout(t.Context(), 90*time.Minute)
		defer stop()
		var removed []int
		prune.Run(ctx, func(n int, err error) {
			removed = append(removed, n)
			if (err != nil) != (store.err != nil) {
				t.Errorf("told of %v", err)
			}
			store.lines, store.err = 3, errors.New("away")
		})
		if diff := cmp.Diff([]int{1200, 3}, removed); diff != "" {
			t.Errorf("removed (-want +got):\n%s", diff)
		}
		if len(store.before) != 4 || !store.before[0].Equal(began.AddDate(0, 0, -90)) {
			t.Errorf("removed what was told before %v", store.before)
		}
	})
}

func TestPruneFeed_OfNoTimeKeepsAll(t *testing.T) {
	t.Parallel()
	app.NewPruneFeed(&longFeed{lines: 1}, app.Settings{}, time.Now, time.After).Run(t.Context(), func(int, error) { t.Error("told of something") })
}
