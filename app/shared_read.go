package app

import (
	"context"
	"sync"
	"time"
)

// sharedReads has those who ask for the same at the same time share one read, which
// begins after each of them asked: an answer is never older than its question.
type sharedReads[Key comparable, Value any] struct {
	read   func(context.Context, Key) (Value, error)
	places chan struct{} // holds a token for each read under way

	mu   sync.Mutex
	next map[Key]*sharedRead[Value] // not begun yet; nil: one is under way, and nobody waits for another
}

type sharedRead[Value any] struct {
	done    chan struct{}
	value   Value
	err     error
	waiting int
	cancel  context.CancelFunc
}

// readPlaces is how many such reads there are at a time: fewer than a store's usual
// connections, so that webhooks have theirs.
const readPlaces = 4

func newSharedReads[Key comparable, Value any](read func(context.Context, Key) (Value, error)) *sharedReads[Key, Value] {
	return &sharedReads[Key, Value]{
		read: read, places: make(chan struct{}, readPlaces), next: map[Key]*sharedRead[Value]{},
	}
}

// ReadWait is how long a read is waited for, its turn included: who has waited longer had better be
// told that the store is busy, also where more time is left, as for what is asked of Stripe after it.
const ReadWait = 4500 * time.Millisecond

// do waits for the next read of the key, for ctx, or until the store has taken too long.
func (s *sharedReads[Key, Value]) do(ctx context.Context, key Key) (Value, error) {
	ctx, cancel := context.WithTimeout(ctx, ReadWait)
	defer cancel()
	s.mu.Lock()
	one, underWay := s.next[key]
	if one == nil {
		one = &sharedRead[Value]{done: make(chan struct{})}
		s.next[key] = one
	}
	one.waiting++
	s.mu.Unlock()
	if !underWay {
		go s.serve(key)
	}
	select {
	case <-one.done:
		return one.value, one.err
	case <-ctx.Done():
		s.leave(one)
		var none Value
		return none, ctx.Err()
	}
}

// leave ends a read that nobody waits for any more.
func (s *sharedReads[Key, Value]) leave(one *sharedRead[Value]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one.waiting--; one.waiting == 0 && one.cancel != nil {
		one.cancel()
	}
}

// serve reads until nobody asks for the key.
func (s *sharedReads[Key, Value]) serve(key Key) {
	for {
		s.places <- struct{}{}
		s.mu.Lock()
		one := s.next[key]
		if one == nil || one.waiting == 0 {
			delete(s.next, key)
			s.mu.Unlock()
			<-s.places
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), readTime)
		one.cancel = cancel
		s.next[key] = nil // who asks from here on waits for the one after
		s.mu.Unlock()
		one.value, one.err = s.read(ctx, key)
		close(one.done)
		cancel()
		<-s.places
	}
}
