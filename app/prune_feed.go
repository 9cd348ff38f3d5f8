package app

import (
	"context"
	"fmt"
	"time"

	"github.com/entitled-dev/entitled/ports"
)

// PruneFeed removes lines of the feed that were told long enough ago. A reader that was away
// for longer is told that its cursor is of no use: [ErrCursorPruned].
type PruneFeed struct {
	store ports.Store
	keep  time.Duration
	clock ports.Clock
	timer ports.Timer
}

// NewPruneFeed returns the use case. Lines are kept for ever if the settings say no time.
func NewPruneFeed(store ports.Store, settings Settings, clock ports.Clock, timer ports.Timer) *PruneFeed {
	return &PruneFeed{store, settings.FeedRetention, clock, timer}
}

// Run removes what is due, again and again until ctx ends. Several processes may do so at
// once. What fails is told, and tried again with the next turn.
func (p *PruneFeed) Run(ctx context.Context, tell func(removed int, err error)) {
	if p.keep > 0 {
		everyTurn(ctx, p.timer, p.Once, tell)
	}
}

// Once removes what is due now, in slices, and returns how many lines that were.
func (p *PruneFeed) Once(ctx context.Context) (removed int, err error) {
	before := p.clock().Add(-p.keep)
	removed, err = inSlices(ctx, p.timer, func() (int, error) { return p.store.PruneFeed(ctx, before, retentionSlice) })
	if err != nil {
		return removed, fmt.Errorf("remove changes told before %s: %w", before.Format(time.RFC3339), err)
	}
	return removed, nil
}
