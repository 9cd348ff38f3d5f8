package app

import (
	"context"
	"sync"
	"time"

	"github.com/entitled-dev/entitled/ports"
)

// feedTail knows where the feed ends, for all who wait for it to grow: at once where this
// process has told something, and else by one look of all now and then, as another process
// may have.
type feedTail struct {
	look  func(context.Context) (int64, error)
	timer ports.Timer

	mu      sync.Mutex
	end     int64
	moved   chan struct{} // closed when the end moves
	waiting int
	looking bool
}

// tailPause is between two looks while somebody waits.
const tailPause = 200 * time.Millisecond

func newFeedTail(look func(context.Context) (int64, error), timer ports.Timer) *feedTail {
	return &feedTail{look: look, timer: timer, moved: make(chan struct{})}
}

// leaves waits until the feed ends elsewhere than at a position, or for ctx: further on, or
// before it, where it has become shorter.
func (t *feedTail) leaves(ctx context.Context, position int64) error {
	t.mu.Lock()
	t.waiting++
	if !t.looking {
		t.looking = true
		go t.watch()
	}
	for t.end == position && ctx.Err() == nil {
		moved := t.moved
		t.mu.Unlock()
		select {
		case <-moved:
		case <-ctx.Done():
		}
		t.mu.Lock()
	}
	t.waiting--
	t.mu.Unlock()
	return ctx.Err()
}

// known is where the feed ends, as far as is known.
func (t *feedTail) known() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.end
}

// grew moves the end on.
func (t *feedTail) grew(end int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if end > t.end {
		t.move(end)
	}
}

func (t *feedTail) move(end int64) {
	t.end = end
	close(t.moved)
	t.moved = make(chan struct{})
}

// read takes over the end that a read has found which began when another one was known: a
// database that has lost commits ends sooner.
func (t *feedTail) read(end, known int64) {
	t.grew(end)
	t.mu.Lock()
	defer t.mu.Unlock()
	if end < known && t.end == known {
		t.move(end)
	}
}

// watch looks now and then for as long as somebody waits. A look that fails is made again:
// who waits is answered when the time is over.
func (t *feedTail) watch() {
	for t.wanted() {
		ctx, cancel := context.WithTimeout(context.Background(), readTime)
		known := t.known()
		if end, err := t.look(ctx); err == nil {
			t.read(end, known)
		}
		cancel()
		<-t.timer(tailPause)
	}
}

// wanted tells whether somebody waits; if not, the next who does begins a watch.
func (t *feedTail) wanted() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.looking = t.waiting > 0
	return t.looking
}
