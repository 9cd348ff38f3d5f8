package app

import (
	"context"
	"sync"
)

// batcher takes what arrives while a batch is under way together into the next
// one. There is no timer: an idle batcher adds no latency, and under load one
// transaction or query serves many callers.
type batcher[In, Out any] struct {
	run   func([]In) []outcome[Out]
	most  int
	queue chan call[In, Out]

	closing chan struct{} // no more items
	ended   chan struct{} // no more lanes
	once    sync.Once
	lanes   sync.WaitGroup
}

type call[In, Out any] struct {
	in  In
	out chan outcome[Out] // buffered: a caller that left holds up nobody
}

type outcome[Out any] struct {
	out Out
	err error
}

// newBatcher starts lanes that each run one batch of at most so many at a time.
// run returns one outcome per item, in the order of the items.
func newBatcher[In, Out any](lanes, most int, run func([]In) []outcome[Out]) *batcher[In, Out] {
	b := &batcher[In, Out]{
		run: run, most: most,
		queue:   make(chan call[In, Out], most),
		closing: make(chan struct{}),
		ended:   make(chan struct{}),
	}
	for range lanes {
		b.lanes.Go(b.lane)
	}
	return b
}

// do waits for the batch that the item goes with. If ctx ends first the item may
// still be processed.
func (b *batcher[In, Out]) do(ctx context.Context, in In) (Out, error) {
	c := call[In, Out]{in: in, out: make(chan outcome[Out], 1)}
	var none Out
	select {
	case <-b.closing:
		return none, ErrClosing
	default:
	}
	select {
	case b.queue <- c:
	case <-b.closing:
		return none, ErrClosing
	case <-ctx.Done():
		return none, ctx.Err()
	}
	select {
	case got := <-c.out:
		return got.out, got.err
	case <-b.ended:
		// An item that slipped in beside the closing may have been served yet.
		select {
		case got := <-c.out:
			return got.out, got.err
		default:
			return none, ErrClosing
		}
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

func (b *batcher[In, Out]) lane() {
	calls := make([]call[In, Out], 0, b.most) // a lane's own: it serves one batch at a time
	for {
		select {
		case first := <-b.queue:
			b.serve(append(calls, first))
		case <-b.closing:
			// What was accepted is still served: its caller is waiting.
			for {
				select {
				case first := <-b.queue:
					b.serve(append(calls, first))
				default:
					return
				}
			}
		}
	}
}

// serve runs a batch of the first call and of those that are waiting.
func (b *batcher[In, Out]) serve(calls []call[In, Out]) {
	for len(calls) < b.most {
		select {
		case next := <-b.queue:
			calls = append(calls, next)
			continue
		default:
		}
		break
	}
	items := make([]In, len(calls))
	for i, c := range calls {
		items[i] = c.in
	}
	for i, result := range b.run(items) {
		calls[i].out <- result
	}
	clear(calls)
}

// close refuses new items, serves those accepted and ends the lanes.
func (b *batcher[In, Out]) close() {
	b.once.Do(func() {
		close(b.closing)
		b.lanes.Wait()
		close(b.ended)
	})
}
