package app

import (
	"context"
	"fmt"
	"time"

	"github.com/entitled-dev/entitled/ports"
)

// Retention takes the bodies of events that were kept for long enough: nobody needs them
// again, and they say who bought. The receipts stay, and so do the facts.
type Retention struct {
	store ports.Store
	keep  time.Duration
	clock ports.Clock
	timer ports.Timer
}

// NewRetention returns the use case. Bodies are kept for ever if the settings say no time.
func NewRetention(store ports.Store, settings Settings, clock ports.Clock, timer ports.Timer) *Retention {
	return &Retention{store, settings.Retention, clock, timer}
}

const (
	retentionPause = time.Hour
	// A slice locks its rows for a moment, in which their events may come again.
	retentionSlice = 500
	sliceRest      = 100 * time.Millisecond
)

// Run redacts what is due, again and again until ctx ends. Several processes may do so at
// once. What fails is told, and tried again with the next turn.
func (r *Retention) Run(ctx context.Context, tell func(redacted int, err error)) {
	if r.keep > 0 {
		everyTurn(ctx, r.timer, r.Once, tell)
	}
}

// Once redacts what is due now, in slices, and returns how many bodies that were.
func (r *Retention) Once(ctx context.Context) (redacted int, err error) {
	before := r.clock().Add(-r.keep)
	redacted, err = inSlices(ctx, r.timer, func() (int, error) { return r.store.Redact(ctx, before, retentionSlice) })
	if err != nil {
		return redacted, fmt.Errorf("redact events received before %s: %w", before.Format(time.RFC3339), err)
	}
	return redacted, nil
}

// everyTurn does something now and every hour until ctx ends, and tells what it came to.
func everyTurn(ctx context.Context, timer ports.Timer, once func(context.Context) (int, error), tell func(int, error)) {
	for {
		n, err := once(ctx)
		if ctx.Err() != nil {
			return
		}
		if n > 0 || err != nil {
			tell(n, err)
		}
		select {
		case <-timer(retentionPause):
		case <-ctx.Done():
			return
		}
	}
}

// inSlices takes one slice after the other, with a rest between, until one is not full.
func inSlices(ctx context.Context, timer ports.Timer, slice func() (int, error)) (all int, err error) {
	for {
		n, err := slice()
		all += n
		if err != nil || n < retentionSlice {
			return all, err
		}
		select {
		case <-timer(sliceRest):
		case <-ctx.Done():
			return all, ctx.Err()
		}
	}
}
