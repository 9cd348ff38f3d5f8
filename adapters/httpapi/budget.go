package httpapi

import (
	"container/list"
	"sync"

	"golang.org/x/sync/semaphore"
)

// DefaultBodyBytes is how much of bodies is held at a time: a thousand events of the
// usual size, or six of the largest. The garbage collector lets a multiple of it be in
// use.
const DefaultBodyBytes = 8<<20 + 4<<10

// budget bounds the bytes of all bodies that are held at a time. Where there are too
// many, the body that has been coming for longest is cut off for the sake of the next
// one: an honest sender's is there at once. Large ones begin in turn (turns).
type budget struct {
	most  int64
	turns turns
	rooms rooms

	mu      sync.Mutex
	changed sync.Cond
	used    int64
	ending  int64     // of used: what those hold that are cut off and have not noticed yet
	coming  list.List // of *holding: bodies that are still being read, the oldest first
}

func newBudget(most int64) *budget {
	b := &budget{most: most, turns: turns{begin: semaphore.NewWeighted(maxWebhook + 1)}}
	b.changed.L = &b.mu
	return b
}

// holding is what one request has of the budget.
type holding struct {
	bytes int64
	turn  turn
	cut   bool   // its body is not wanted any more
	cutBy func() // ends a read that is waiting for more, and a wait for its turn
	place *list.Element
}

// share is up to where the budget may be used, in quarters. Who could do without leaves
// some to others: senders who prove themselves only once their message is read to callers
// who have.
type share int64

const (
	shareOfUnproven share = 3
	shareOfProven   share = 4
)

// come begins a body. It may be cut off only while its sender is unproven.
func (b *budget) come(h *holding, unproven bool) {
	if !unproven {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	h.place = b.coming.PushBack(h)
}

// grow has a holding hold so many bytes, once there is room for them. It waits only for
// those who were cut off, and so are about to leave.
func (b *budget) grow(h *holding, bytes int64, of share) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	most := b.most * int64(of) / 4
	for {
		needed := b.used + bytes - h.bytes
		switch oldest := b.coming.Front(); {
		case h.cut:
			return errSlowBody
		case needed <= most:
			b.used = needed
			h.bytes = bytes
			return nil
		case needed-b.ending <= most:
			b.changed.Wait()
		case oldest == nil || oldest == h.place:
			return errOverloaded
		default:
			b.cut(oldest.Value.(*holding))
		}
	}
}

func (b *budget) cut(h *holding) {
	h.cut = true
	b.leave(h)
	b.ending += h.bytes
	h.cutBy()
	b.changed.Broadcast() // it may be waiting for room itself
}

// came ends the reading of a body, which is cut no more, and holds so many bytes.
func (b *budget) came(h *holding, bytes int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if h.cut {
		return errSlowBody
	}
	b.leave(h)
	b.used += int64(bytes) - h.bytes
	h.bytes = int64(bytes)
	return nil
}

// end gives everything back.
func (b *budget) end(h *holding) {
	if h.cutBy == nil {
		return // nothing was read
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.leave(h)
	b.used -= h.bytes
	if h.cut {
		b.ending -= h.bytes
	}
	h.bytes = 0
	b.endTurn(h)
	if b.used == 0 {
		b.rooms.drop()
	}
	b.changed.Broadcast()
}

func (b *budget) leave(h *holding) {
	if h.place != nil {
		b.coming.Remove(h.place)
		h.place = nil
	}
	if h.turn.late != nil {
		b.notLate(h)
	}
}
