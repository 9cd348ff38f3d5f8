package app

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// TellChanges writes the feed: what changed of users' rights, and what time alone changes of
// them. Every process does so, one at a time on one database. It is behind the transactions
// that make the changes, and none of them waits for it.
type TellChanges struct {
	store   ports.Store
	catalog domain.Catalog
	clock   ports.Clock
	timer   ports.Timer
	woken   chan struct{} // holds a token if something changed
	onTold  func(end int64)
	leads   *leadTimes
	upToIt  atomic.Int64 // Unix microseconds of when nothing was left to tell
}

// NewTellChanges returns the use case.
func NewTellChanges(store ports.Store, catalog domain.Catalog, clock ports.Clock, timer ports.Timer) *TellChanges {
	t := &TellChanges{store: store, catalog: catalog, clock: clock, timer: timer, woken: make(chan struct{}, 1), onTold: func(int64) {}}
	t.leads = &leadTimes{store: store, announce: catalog.AnnounceEnds, clock: clock}
	t.upToIt.Store(clock().UnixMicro())
	return t
}

const (
	// tellSlice is how many changes are told in one transaction.
	tellSlice = 1000
	// tellPause is between a change and its transaction, and between two of them: what comes
	// in it is told together.
	tellPause = 25 * time.Millisecond
	// tellEvery is between two transactions while changes keep coming. Each costs as much as
	// that of a webhook, so that at a change every few milliseconds they would be a fifth of
	// all that is to be done.
	tellEvery = 100 * time.Millisecond
	// tellLook is how long a change of another process, or a moment, is told late at most.
	tellLook = 500 * time.Millisecond
	// tellRest is after a failure.
	tellRest = 2 * time.Second
)

// OnTold has somebody told where the feed ends, each time that this process has told
// something. It is for before Run, and must not block.
func (t *TellChanges) OnTold(tell func(end int64)) { t.onTold = tell }

// Wake tells what was kept in a moment: see [Fulfill.OnKept].
func (t *TellChanges) Wake([]domain.UserID) {
	select {
	case t.woken <- struct{}{}:
	default: // it will be told anyway
	}
}

// Run tells until ctx ends. What fails is passed on, and tried again.
func (t *TellChanges) Run(ctx context.Context, failed func(error)) {
	var told time.Time // when what had woken us was told the last time
	for ctx.Err() == nil {
		again, err := t.leads.heed(ctx)
		if err != nil && ctx.Err() == nil {
			failed(err)
		}
		result, err := t.Once(ctx)
		pause := tellPause
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			failed(err)
			pause = tellRest
		case !result.More && !result.Busy && !again:
			pause = t.untilNext(result.Next)
			select {
			case <-t.woken:
				now := t.clock()
				pause = min(max(tellPause, told.Add(tellEvery).Sub(now)), tellEvery) // clocks jump
				told = now.Add(pause)
			case <-t.timer(pause):
				continue
			case <-ctx.Done():
				return
			}
		}
		select {
		case <-t.timer(pause):
		case <-ctx.Done():
			return
		}
	}
}

// untilNext is how long nothing is to be done, as far as this process knows.
func (t *TellChanges) untilNext(next time.Time) time.Duration {
	if next.IsZero() {
		return tellLook
	}
	return min(max(next.Sub(t.clock()), time.Millisecond), tellLook)
}

// Once tells one slice of what there is to tell.
func (t *TellChanges) Once(ctx context.Context) (ports.TellResult, error) {
	ctx, cancel := context.WithTimeout(ctx, tellTime)
	defer cancel()
	now := kept(t.clock())
	told := false
	result, err := t.store.Tell(ctx, now, tellSlice, func(untold []ports.Untold) []ports.Telling {
		told = true
		tellings := make([]ports.Telling, len(untold))
		for i, of := range untold {
			tellings[i] = of.Tell(now, t.catalog)
		}
		return tellings
	})
	if err != nil {
		return ports.TellResult{}, fmt.Errorf("tell what changed: %w", err)
	}
	if told {
		t.onTold(result.End)
	}
	if !result.More && !result.Busy {
		t.upToIt.Store(now.UnixMicro())
	}
	return result, nil
}

// tellTime bounds one transaction of the feed.
const tellTime = 30 * time.Second

// Lag is for how long there was always something left to tell, as far as this process knows:
// one that tells beside it has told what there was.
func (t *TellChanges) Lag() time.Duration {
	return max(t.clock().Sub(time.UnixMicro(t.upToIt.Load())), 0)
}
