package app

import (
	"context"
	"sync"
)

// keyLock lets one caller at a time work on a key. It saves calls that would find
// the work done; correctness across processes rests on the store and on
// idempotency keys.
type keyLock[K comparable] struct {
	mu   sync.Mutex
	held map[K]*turn
}

type turn struct {
	free    chan struct{} // holds a token while nobody works on the key
	waiting int
}

// lock waits for its turn and returns how to end it, or the context's error.
func (l *keyLock[K]) lock(ctx context.Context, key K) (unlock func(), err error) {
	l.mu.Lock()
	if l.held == nil {
		l.held = map[K]*turn{}
	}
	t := l.held[key]
	if t == nil {
		t = &turn{free: make(chan struct{}, 1)}
		t.free <- struct{}{}
		l.held[key] = t
	}
	t.waiting++
	l.mu.Unlock()

	leave := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if t.waiting--; t.waiting == 0 {
			delete(l.held, key)
		}
	}
	select {
	case <-t.free:
		return func() { t.free <- struct{}{}; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
