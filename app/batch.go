package app

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/entitled-dev/entitled/ports"
)

// batcher takes what arrives while a batch is under way together into the next
// one: an idle batcher adds no latency, and under load one transaction or query
// serves many callers. Another lane begins beside the batch under way only with
// many, or where that one takes long: what a batch costs beside its items is much.
//
// A batch that fails is taken apart: each of its items is run alone, beside the
// lanes, so that a bad one fails alone, and one that another holds up holds up nobody.
// If it is the store that fails or is slow, its items would fare no better alone.
type batcher[In, Out any] struct {
	run    func([]In) ([]Out, error) // one result per item, in their order
	alone  func(In) (Out, error)
	most   int
	queue  chan call[In, Out]
	turn   chan struct{} // holds a token while a batch is under way that begins however few it has
	apart  chan struct{} // holds a token for each item that may run alone now
	inHand atomic.Int64  // items whose caller waits

	closing chan struct{} // no more items
	ended   chan struct{} // nothing runs any more
	once    sync.Once
	lanes   sync.WaitGroup
	alones  sync.WaitGroup
}

type call[In, Out any] struct {
	in  In
	out chan outcome[Out] // buffered: a caller that left holds up nobody
}

type outcome[Out any] struct {
	out Out
	err error
}

// mostApart is how many items run alone at a time: fewer than a store's usual
// connections, so that the lanes go on.
const mostApart = 6

const (
	// many are worth a batch of their own beside the one under way.
	many = 16
	// turnPatience is how long fewer wait for the end of that one: longer than most take, and
	// hardly felt where it waits for a lock.
	turnPatience = 25 * time.Millisecond
)

// newBatcher starts lanes that each run one batch of at most so many at a time.
func newBatcher[In, Out any](lanes, most int, run func([]In) ([]Out, error), alone func(In) (Out, error)) *batcher[In, Out] {
	b := &batcher[In, Out]{
		run: run, alone: alone, most: most,
		turn:    make(chan struct{}, 1),
		queue:   make(chan call[In, Out], most),
		apart:   make(chan struct{}, mostApart),
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
	b.inHand.Add(1)
	defer b.inHand.Add(-1)
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
			b.inTurn(append(calls, first))
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

// inTurn runs a batch that begins with some calls once it is worth it.
func (b *batcher[In, Out]) inTurn(calls []call[In, Out]) {
	calls, held := b.gather(calls)
	b.serve(calls)
	if held {
		<-b.turn
	}
}

// gather waits for the turn, for many calls, or until the batch under way has taken long; not at
// all if none is under way. It tells whether the turn is held.
func (b *batcher[In, Out]) gather(calls []call[In, Out]) ([]call[In, Out], bool) {
	select {
	case b.turn <- struct{}{}:
		return calls, true
	default:
	}
	late := time.After(turnPatience)
	for len(calls) < many {
		select {
		case b.turn <- struct{}{}:
			return calls, true
		case next := <-b.queue:
			calls = append(calls, next)
		case <-late:
			return calls, false
		}
	}
	return calls, false
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
	outs, err := b.run(items)
	for i, c := range calls {
		switch {
		case err == nil:
			c.out <- outcome[Out]{out: outs[i]}
		case errors.Is(err, ports.ErrUnavailable) && !errors.Is(err, ports.ErrLocked):
			c.out <- outcome[Out]{err: err} // alone it would meet the same closed door
		default:
			b.alones.Go(func() { b.serveAlone(c) })
		}
	}
	clear(calls)
}

func (b *batcher[In, Out]) serveAlone(c call[In, Out]) {
	b.apart <- struct{}{}
	defer func() { <-b.apart }()
	out, err := b.alone(c.in)
	c.out <- outcome[Out]{out, err}
}

// close refuses new items, serves those accepted and ends the lanes.
func (b *batcher[In, Out]) close() {
	b.once.Do(func() {
		close(b.closing)
		b.lanes.Wait()
		b.alones.Wait()
		close(b.ended)
	})
}
