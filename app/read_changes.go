package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

var (
	// ErrCursorAhead: the feed has not come so far: the cursor is of another database, or
	// of this one before a backup was restored.
	ErrCursorAhead = errors.New("the cursor is ahead of the feed")
	// ErrCursorPruned: what follows the cursor is not kept any more.
	ErrCursorPruned = errors.New("what follows the cursor is not kept any more")
	// ErrTooManyReaders: so many wait for the feed already.
	ErrTooManyReaders = errors.New("too many wait for changes already")
)

// ReadChanges reads the feed, and waits for what comes.
type ReadChanges struct {
	store   ports.Store
	catalog domain.Catalog

	pages *sharedReads[ports.FeedQuery, ports.FeedPage]
	tail  *feedTail

	mu      sync.Mutex
	readers map[string]int // by key
	all     int
}

// How many may wait for changes, of one key and in all.
const (
	mostReadersOfKey = 20
	mostReaders      = 200
)

// MostReaders is how many may wait for changes: see [ReadChanges.Readers].
const MostReaders = mostReaders

// MostChanges is how many changes there are on a page at most.
const MostChanges = 1000

// NewReadChanges returns the use case.
func NewReadChanges(store ports.Store, catalog domain.Catalog, timer ports.Timer) *ReadChanges {
	r := &ReadChanges{store: store, catalog: catalog, readers: map[string]int{}}
	r.pages = newSharedReads(store.Feed)
	r.tail = newFeedTail(func(ctx context.Context) (int64, error) {
		page, err := r.pages.do(ctx, ports.FeedQuery{})
		return page.Last, err
	}, timer)
	return r
}

// Knows returns [ErrUnknownFeature] for a feature that was never one: the catalog has none of
// the name, and the feed, of which nothing was removed yet, no change of it. To read on for a
// misspelled one must not look like waiting for what does not change. What the catalog had
// once stays readable.
func (r *ReadChanges) Knows(ctx context.Context, feature domain.FeatureKey) error {
	if _, sold := r.catalog.Features[feature]; sold || feature == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	page, err := r.pages.do(ctx, ports.FeedQuery{Feature: feature, Limit: 1})
	switch {
	case err != nil:
		return fmt.Errorf("read changes: %w", err)
	case page.First > 1 || len(page.Changes) > 0:
		return nil
	default:
		return unknownFeature(feature, r.catalog)
	}
}

// Grew has those look who wait for what comes after less: see [TellChanges.OnTold].
func (r *ReadChanges) Grew(end int64) { r.tail.grew(end) }

// Enter counts a reader that waits, until leave is called. [ErrTooManyReaders]: of this key,
// or of all, there are enough.
func (r *ReadChanges) Enter(key string) (leave func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all >= mostReaders || r.readers[key] >= mostReadersOfKey {
		return nil, fmt.Errorf("%w: of one key %d may, and %d in all; have one connection for all that a process wants to know", ErrTooManyReaders, mostReadersOfKey, mostReaders)
	}
	r.readers[key]++
	r.all++
	return sync.OnceFunc(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.all--
		if r.readers[key]--; r.readers[key] == 0 {
			delete(r.readers, key)
		}
	}), nil
}

// Readers is how many wait for changes.
func (r *ReadChanges) Readers() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all
}

// ChangesPage is a part of the feed.
type ChangesPage struct {
	Changes []domain.RightChange
	Next    int64 // the cursor of what follows
}

// Do reads what follows a cursor, in order. If there is nothing yet it waits for it up to the
// given time, and answers without: the cursor may have moved on all the same, past what the
// query leaves out. [ErrCursorAhead] and [ErrCursorPruned] say of a cursor that it is of no use.
func (r *ReadChanges) Do(ctx context.Context, q ports.FeedQuery, wait time.Duration) (ChangesPage, error) {
	ctx, cancel := context.WithTimeout(ctx, wait+readTime)
	defer cancel()
	waiting, stop := context.WithTimeout(ctx, wait)
	defer stop()
	for {
		known := r.tail.known()
		page, err := r.pages.do(ctx, q)
		switch {
		case err != nil:
			return ChangesPage{}, fmt.Errorf("read changes: %w", err)
		case q.After > page.Last:
			return ChangesPage{}, fmt.Errorf("%w: the last position is %d, and after is %d; was a backup restored? Begin anew: read all that users have, and go on after the last position", ErrCursorAhead, page.Last, q.After)
		case q.Limit == 0: // where the feed ends is known, whatever is kept of it
			return ChangesPage{Next: page.Last}, nil
		case q.After+1 < page.First:
			return ChangesPage{}, fmt.Errorf("%w: the first position is %d, and after is %d; ask with limit=0 for the last position, read all that users have, and go on after it", ErrCursorPruned, page.First, q.After)
		}
		r.tail.read(page.Last, known)
		next := page.Last
		if n := len(page.Changes); n > 0 && n == q.Limit {
			next = page.Changes[n-1].Position
		}
		if len(page.Changes) > 0 || wait <= 0 || r.tail.leaves(waiting, next) != nil {
			return ChangesPage{Changes: page.Changes, Next: next}, ctx.Err()
		}
		q.After = next
	}
}
