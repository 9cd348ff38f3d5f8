package app

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// batches records what a batcher of two lanes runs, each batch until it is let go.
type batches struct {
	*batcher[int, int]
	begun chan []int
	goOn  chan struct{}
	asked int
	await sync.WaitGroup
}

func newBatches(t *testing.T) *batches {
	t.Helper()
	b := &batches{begun: make(chan []int, 100), goOn: make(chan struct{})}
	run := func(items []int) ([]int, error) {
		b.begun <- slices.Clone(items)
		<-b.goOn
		return items, nil
	}
	b.batcher = newBatcher(2, 64, run, func(item int) (int, error) { return item, nil })
	return b
}

// ask has so many ask at once, and waits until none of them can do more.
func (b *batches) ask(t *testing.T, n int) {
	t.Helper()
	for range n {
		b.asked++
		item := b.asked
		b.await.Go(func() {
			if got, err := b.do(context.Background(), item); err != nil || got != item {
				t.Errorf("item %d: got %d, %v", item, got, err)
			}
		})
	}
	synctest.Wait()
}

// sizes are how many each batch has that has begun since.
func (b *batches) sizes() string {
	var sizes []int
	for {
		select {
		case items := <-b.begun:
			sizes = append(sizes, len(items))
		default:
			return fmt.Sprint(sizes)
		}
	}
}

func (b *batches) end() {
	close(b.goOn)
	b.await.Wait()
	b.close()
}

func TestBatcher_FewWaitForTheBatchUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBatches(t)
		defer b.end()
		b.ask(t, 1)
		if got := b.sizes(); got != "[1]" {
			t.Fatalf("one while nothing is under way: batches of %s, want it at once", got)
		}
		b.ask(t, many-1)
		if got := b.sizes(); got != "[]" {
			t.Errorf("few while one is under way: batches of %s, want none yet", got)
		}
		b.goOn <- struct{}{}
		synctest.Wait()
		if got := b.sizes(); got != fmt.Sprint([]int{many - 1}) {
			t.Errorf("as it ended: batches of %s, want all that waited", got)
		}
	})
}

func TestBatcher_ManyBeginBesideTheBatchUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBatches(t)
		defer b.end()
		b.ask(t, 1)
		b.ask(t, many)
		if got := b.sizes(); got != fmt.Sprint([]int{1, many}) {
			t.Errorf("batches of %s, want many of them at once", got)
		}
	})
}

func TestBatcher_FewDoNotWaitForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBatches(t)
		defer b.end()
		b.ask(t, 1)
		b.ask(t, 2)
		time.Sleep(turnPatience)
		synctest.Wait()
		if got := b.sizes(); got != "[1 2]" {
			t.Errorf("while one takes long: batches of %s, want the two beside it", got)
		}
	})
}
