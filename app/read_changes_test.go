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
		read := app.NewReadChanges(store, time.After)
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
		read := app.NewReadChanges(store, time.After)
		time.AfterFunc(time.Second, func() { store.last.Store(5); read.Grew(8) })
		if page, err := read.Do(t.Context(), ports.FeedQuery{After: 7, Limit: 10}, 10*time.Second); !errors.Is(err, app.ErrCursorAhead) {
			t.Errorf("got %+v, %v, want that the cursor is ahead", page, err)
		}
		time.Sleep(time.Second)
	})
}
