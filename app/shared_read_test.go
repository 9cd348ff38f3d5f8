package app

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// gated is a read that says when it has begun, and answers when it may.
type gated struct {
	*sharedReads[string, int]
	begun  chan context.Context
	answer map[string]chan int
}

func newGated() *gated {
	g := &gated{begun: make(chan context.Context, 100), answer: map[string]chan int{"a": make(chan int), "b": make(chan int)}}
	g.sharedReads = newSharedReads(func(ctx context.Context, key string) (int, error) {
		g.begun <- ctx
		select {
		case n := <-g.answer[key]:
			return n, nil
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	})
	return g
}

// ask asks, and returns once the question is counted.
func (g *gated) ask(ctx context.Context, key string, counted func() bool) <-chan int {
	answers := make(chan int, 1)
	go func() {
		n, err := g.do(ctx, key)
		if err != nil {
			n = -1
		}
		answers <- n
	}()
	for !counted() {
		runtime.Gosched()
	}
	return answers
}

func (g *gated) waitingNext(key string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if one := g.next[key]; one != nil {
		return one.waiting
	}
	return 0
}

func TestSharedReads_AnAnswerIsNeverOlderThanItsQuestion(t *testing.T) {
	t.Parallel()
	g := newGated()
	first := g.ask(t.Context(), "a", func() bool { return true })
	<-g.begun
	// These came while a read was under way, which may not know what they ask for.
	second := g.ask(t.Context(), "a", func() bool { return g.waitingNext("a") == 1 })
	third := g.ask(t.Context(), "a", func() bool { return g.waitingNext("a") == 2 })
	other := g.ask(t.Context(), "b", func() bool { return true })
	<-g.begun // nobody waits for another's key
	g.answer["a"] <- 1
	g.answer["b"] <- 1
	if a, b := <-first, <-other; a != 1 || b != 1 {
		t.Errorf("got %d and %d", a, b)
	}
	<-g.begun
	g.answer["a"] <- 2
	if a, b := <-second, <-third; a != 2 || b != 2 {
		t.Errorf("got %d and %d, want those of a read that began later", a, b)
	}
	if len(g.begun) != 0 {
		t.Error("read more often than needed")
	}
}

func TestSharedReads_EndWhenNobodyWaits(t *testing.T) {
	t.Parallel()
	g := newGated()
	ctx, leave := context.WithCancel(t.Context())
	one := g.ask(ctx, "a", func() bool { return true })
	reading := <-g.begun
	stays := g.ask(t.Context(), "a", func() bool { return g.waitingNext("a") == 1 })
	leave()
	<-reading.Done()
	if !errors.Is(reading.Err(), context.Canceled) || <-one != -1 {
		t.Error("the read went on for nobody")
	}
	<-g.begun
	g.answer["a"] <- 7
	if got := <-stays; got != 7 {
		t.Errorf("who stayed got %d", got)
	}
}

// Whoever has more time, for Stripe's sake, waited all of it for a store that is busy.
func TestSharedReads_AreWaitedForSomeSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, began := newGated(), time.Now()
		errs := make(chan error)
		for n := range 3 * readPlaces {
			go func() {
				_, err := g.do(t.Context(), fmt.Sprint(n))
				errs <- err
			}()
		}
		for range 3 * readPlaces {
			if err := <-errs; !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != ReadWait {
				t.Errorf("after %s: got %v", time.Since(began), err)
			}
		}
	})
}
