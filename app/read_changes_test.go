package app_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// shorterFeed has lost what was told last, as after a failover.
type shorterFeed struct {
	ports.Store
	last  atomic.Int64
	reads atomic.Int64 // so many have been made
	most  int64        // and so many may be
}

func newShorterFeed() *shorterFeed {
	f := &shorterFeed{Store: memory.NewStore(), most: 100}
	f.last.Store(7)
	return f
}

func (f *shorterFeed) Feed(context.Context, ports.FeedQuery) (ports.FeedPage, error) {
	if f.reads.Add(1) > f.most {
		return ports.FeedPage{}, errors.New("it is read again and again")
	}
	return ports.FeedPage{First: 1, Last: f.last.Load()}, nil
}

// Who waits at the end of a feed that has become shorter waits for it to grow, and does not
// read for as long as it is shorter than it was.
func TestReadChanges_AFeedThatLostItsEndIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newShorterFeed()
		read := app.NewReadChanges(store, domain.Catalog{}, time.After)
		read.Grew(9)
		began := time.Now()
		page, err := read.Do(t.Context(), ports.FeedQuery{After: 7, Limit: 10}, 10*time.Second)
		if err != nil || page.Next != 7 || time.Since(began) != 10*time.Second {
			t.Errorf("after %s: %+v, %v, want nothing new", time.Since(began), page, err)
		}
		time.Sleep(time.Second) // nobody looks any more
	})
}

// A cursor that the feed has fallen behind while its reader waited is said to be of no use.
func TestReadChanges_ACursorIsAheadOfWhatIsLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newShorterFeed()
		read := app.NewReadChanges(store, domain.Catalog{}, time.After)
		time.AfterFunc(time.Second, func() { store.last.Store(5); read.Grew(8) })
		if page, err := read.Do(t.Context(), ports.FeedQuery{After: 7, Limit: 10}, 10*time.Second); !errors.Is(err, app.ErrCursorAhead) {
			t.Errorf("got %+v, %v, want that the cursor is ahead", page, err)
		}
		time.Sleep(time.Second)
	})
}

// feedOf has changes of one feature.
type feedOf struct {
	ports.Store
	feature domain.FeatureKey
	first   int64
}

func (f feedOf) Feed(_ context.Context, q ports.FeedQuery) (ports.FeedPage, error) {
	page := ports.FeedPage{First: f.first, Last: 9}
	if q.Feature == f.feature {
		page.Changes = []domain.RightChange{{Position: 5, Feature: q.Feature}}
	}
	return page, nil
}

// A misspelled feature is refused, and what the catalog had once is not: where a part of the
// feed is gone nobody knows which it is.
func TestReadChanges_AFeatureThatNeverWasIsRefused(t *testing.T) {
	t.Parallel()
	sold := domain.Catalog{Features: map[domain.FeatureKey]domain.Feature{"projects": {Key: "projects"}}}
	for name, c := range map[string]struct {
		feature domain.FeatureKey
		first   int64
		want    error
	}{
		"of every feature":                    {"", 1, nil},
		"one of the catalog":                  {"projects", 1, nil},
		"one that it had":                     {"old", 1, nil},
		"a misspelled one":                    {"projcts", 1, app.ErrUnknownFeature},
		"a misspelled one, and an empty feed": {"projcts", 0, app.ErrUnknownFeature},
		"one of which nothing is kept":        {"older", 4, nil},
	} {
		read := app.NewReadChanges(feedOf{feature: "old", first: c.first}, sold, time.After)
		if err := read.Knows(t.Context(), c.feature); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}
