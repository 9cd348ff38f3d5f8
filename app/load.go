package app

import (
	"context"

	"github.com/entitled-dev/entitled/ports"
)

// This file has what there is to see of queues and waits. All but OpenQuestions is
// looked at without asking anybody.

// InHand is how many events and facts came and are not answered yet: in the queue, or in
// a batch.
func (f *Fulfill) InHand() int { return int(f.batches.inHand.Load()) }

// Asking is how many questions are in line or under way.
func (f *Fulfill) Asking() int {
	f.asks.mu.Lock()
	defer f.asks.mu.Unlock()
	return len(f.asks.underWay)
}

// AwaitingAnswer is how many events are kept and wait a moment for the answer to their
// doubt.
func (f *Fulfill) AwaitingAnswer() int { return len(f.asks.waits) }

// OpenQuestions reads which questions wait for an answer, of any process.
func (f *Fulfill) OpenQuestions(ctx context.Context) ([]ports.OpenQuestions, error) {
	return f.store.OpenQuestions(ctx, f.clock(), askAgain)
}

// Waiting is how many wait for an order.
func (s *ShowOrder) Waiting() int {
	s.waits.mu.Lock()
	defer s.waits.mu.Unlock()
	return s.waits.all
}

// How many may: see [Fulfill.Asking], [Fulfill.AwaitingAnswer] and [ShowOrder.Waiting].
const (
	MostAsking         = askQueue + askAtOnce
	MostAwaitingAnswer = askWaits
	MostWaiting        = mostWaits
)
