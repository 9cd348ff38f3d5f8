package httpapi

import (
	"container/list"
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	// turnTime is how long a large body has before the next may begin: some six times as long
	// as one of the largest takes that is sent at once.
	turnTime = 30 * time.Millisecond
	// turnsTime is how long one waits for its turn.
	turnsTime = 3 * time.Second
)

// turns bound how many large bodies of senders who are not proven yet come at a time: one of the
// largest, or some smaller ones. One that is not there in its time goes on coming, but gives
// its turn to the next, who else would wait for one who may send nothing. It is cut off once
// later ones do the same.
type turns struct {
	begin   *semaphore.Weighted
	waiting atomic.Int64

	// Of the budget's lock:
	late      list.List // of *holding: those that gave their turn away, the first first
	lateBytes int64
}

// turn is what a holding has of the turns.
type turn struct {
	bytes int64 // of begin
	over  *time.Timer
	late  *list.Element
}

// beginTurn waits until a holding may have so large a room.
func (b *budget) beginTurn(ctx context.Context, h *holding, room int64) error {
	ctx, cancel := context.WithTimeout(ctx, turnsTime)
	defer cancel()
	waiting := b.turns.waiting.Add(1)
	err := b.turns.begin.Acquire(ctx, room)
	b.turns.waiting.Add(-1)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case h.cut:
		if err == nil {
			b.turns.begin.Release(room)
		}
		return errSlowBody
	case err != nil:
		return errOverloaded
	}
	h.turn.bytes = room
	// Where many wait, all have begun before the last one has waited for too long.
	h.turn.over = time.AfterFunc(min(turnTime, turnsTime/2/time.Duration(waiting)), func() { b.isLate(h) })
	return nil
}

// isLate has the next one begin if a body is still coming, and cuts those off that have been
// late for longest where they hold more than a quarter of the budget.
func (b *budget) isLate(h *holding) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch t := &b.turns; {
	case h.place == nil: // it is there, or was cut off
	case t.waiting.Load() == 0:
		h.turn.over.Reset(turnTime)
	default:
		t.begin.Release(h.turn.bytes)
		h.turn.late = t.late.PushBack(h)
		t.lateBytes += h.turn.bytes
		for t.lateBytes > b.most/4 {
			b.cut(t.late.Front().Value.(*holding))
		}
	}
}

// proven ends the turn of a body whose sender has proven itself.
func (b *budget) proven(h *holding) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.endTurn(h)
}

func (b *budget) endTurn(h *holding) {
	if h.turn.bytes > 0 {
		h.turn.over.Stop()
		b.turns.begin.Release(h.turn.bytes)
		h.turn = turn{}
	}
}

func (b *budget) notLate(h *holding) {
	b.turns.late.Remove(h.turn.late)
	b.turns.lateBytes -= h.turn.bytes
	h.turn = turn{}
}
