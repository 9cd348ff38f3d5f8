package portstest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// feedTime is for how long the feed's writers write: long enough to meet each other; minutes
// find more.
var feedTime = flag.Duration("feed.time", 500*time.Millisecond, "for how long the feed is written while it is read")

const (
	feedWriters = 50
	feedReaders = 5
	feedTellers = 3 // as many as there are processes
	feedUsers   = 20
)

// feedRun is one run of writers, tellers and readers.
type feedRun struct {
	store   ports.Store
	written atomic.Bool // nothing is written any more
	told    atomic.Bool // and all of it is told
}

func testFeedReaders(t *testing.T, s ports.Store) {
	err := ReadFeed(t, s, func(ctx context.Context, after int64) ([]domain.RightChange, error) {
		page, err := s.Feed(ctx, ports.FeedQuery{After: after, Limit: 50})
		return page.Changes, err
	})
	if err != nil {
		t.Error(err)
	}
}

// ReadFeed has writers, tellers and readers work at once, and says what a reader has missed,
// has twice or has in the wrong order of what was kept. Readers remember the position of the
// last change that they read, and ask for those after it. Now and then one is killed, and goes
// on from what it remembers.
func ReadFeed(t *testing.T, s ports.Store, read func(ctx context.Context, after int64) ([]domain.RightChange, error)) error {
	run := &feedRun{store: s}
	var readers [feedReaders]*feedReader
	for i := range readers {
		readers[i] = &feedReader{read: read}
	}
	run.all(t, readers[:])
	t.Logf("a reader read %d changes in %d reads and was killed %d times", readers[0].count, readers[0].reads, readers[0].kills)
	for i, reader := range readers {
		if err := reader.check(t, s); err != nil {
			return fmt.Errorf("reader %d: %w", i, err)
		}
	}
	return nil
}

func (r *feedRun) all(t *testing.T, readers []*feedReader) {
	ctx, cancel := context.WithTimeout(t.Context(), *feedTime+time.Minute)
	defer cancel()
	var writers, tellers, reading sync.WaitGroup
	for i := range feedWriters {
		writers.Go(func() {
			for n := 0; !r.written.Load(); n++ {
				if err := unlessOverloaded(r.write(ctx, feedUser((i+n)%feedUsers))); err != nil {
					t.Errorf("write: %v", err)
					return
				}
			}
		})
	}
	for range feedTellers {
		tellers.Go(func() {
			for !r.told.Load() {
				_, err := r.store.Tell(ctx, noon, 100, func(untold []ports.Untold) []ports.Telling { return tellings(untold, noon) })
				if err := unlessOverloaded(err); err != nil {
					t.Errorf("tell: %v", err)
					return
				}
				time.Sleep(feedPause)
			}
		})
	}
	for _, reader := range readers {
		reading.Go(func() {
			for over := false; !over; {
				told := r.told.Load()
				n, err := reader.turn(ctx)
				if unlessOverloaded(err) != nil {
					t.Errorf("read: %v", err)
					return
				}
				if over = told && n == 0 && err == nil; n == 0 {
					time.Sleep(feedPause)
				}
			}
		})
	}
	time.AfterFunc(*feedTime, func() { r.written.Store(true) })
	writers.Wait()
	tell(t, r.store, noon)
	r.told.Store(true)
	tellers.Wait()
	reading.Wait()
}

// feedPause is between two looks of one who found nothing to do.
const feedPause = time.Millisecond

// unlessOverloaded leaves out what is no fault: on a slow machine many wait for a connection.
func unlessOverloaded(err error) error {
	if errors.Is(err, ports.ErrUnavailable) {
		return nil
	}
	return err
}

func feedUser(n int) domain.UserID { return domain.UserID(fmt.Sprintf("user%02d", n)) }

// write gives a user one project more than before: as many as the version says that it makes.
func (r *feedRun) write(ctx context.Context, user domain.UserID) error {
	return r.store.Update(ctx, touchOf(user), func(f ports.Found) (ports.Kept, error) {
		return given(f, user, noon, projects(user, f.States[user].Version+1, time.Time{})), nil
	})
}

// feedReader reads on from what it remembers. What it did since then is undone if it is killed.
type feedReader struct {
	read func(ctx context.Context, after int64) ([]domain.RightChange, error)

	seen  [feedUsers][]int64 // versions of each user, in the order in which they came
	after int64
	count int64
	kills int
	reads int
}

// turn reads once, and says how much that was. One of ten times the reader is killed before
// it has kept any of it.
func (r *feedReader) turn(ctx context.Context) (int, error) {
	changes, err := r.read(ctx, r.after)
	if err != nil {
		return 0, err
	}
	r.reads++
	if rand.IntN(10) == 0 {
		r.kills++
		return len(changes), nil
	}
	for _, change := range changes {
		var n int
		if _, err := fmt.Sscanf(string(change.User), "user%d", &n); err != nil {
			return 0, fmt.Errorf("user %q: %w", change.User, err)
		}
		r.seen[n] = append(r.seen[n], change.After.Value.Limit)
		r.after = change.Position
		r.count++
	}
	return len(changes), nil
}

// check says what a reader has missed, has twice, or has in the wrong order.
func (r *feedReader) check(t *testing.T, s ports.Store) error {
	for n, seen := range r.seen {
		for i, version := range seen {
			if version != int64(i)+1 {
				return fmt.Errorf("change %d of user %d was read in place %d", version, n, i+1)
			}
		}
		if kept := versionOf(t, s, feedUser(n)); int64(len(seen)) != kept {
			return fmt.Errorf("user %d changed %d times, and %d changes were read", n, kept, len(seen))
		}
	}
	return nil
}
