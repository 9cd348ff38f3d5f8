package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Replay processes stored events again, from their bodies as received: those that
// were quarantined, once the catalog is mended, or any others. Facts join, so
// replaying what was applied changes nothing.
type Replay struct {
	store   ports.Store
	fulfill *Fulfill
}

// NewReplay returns the use case.
func NewReplay(store ports.Store, fulfill *Fulfill) *Replay {
	return &Replay{store, fulfill}
}

// ReplayQuery says which events; zero fields do not narrow. IDs stand alone.
type ReplayQuery struct {
	IDs     []domain.EventID
	Outcome domain.Outcome
	User    domain.UserID
	Type    domain.EventType
	Since   time.Time // received at or after
}

// Do replays the events, the first received first, and tells of each its receipt
// as it was and the verdict now, or what kept it from being processed. It returns
// an error if the events cannot be listed, [ports.ErrNotFound] for an id that was
// never received, or if ctx ends.
func (r *Replay) Do(ctx context.Context, q ReplayQuery, tell func(domain.ProcessedEvent, domain.Verdict, error)) error {
	events, err := r.Find(ctx, q)
	if err != nil {
		return err
	}
	for _, receipt := range events {
		verdict, err := r.one(ctx, receipt.ID)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		tell(receipt, verdict, err)
	}
	return nil
}

func (r *Replay) one(ctx context.Context, id domain.EventID) (domain.Verdict, error) {
	event, err := r.fulfill.reread(ctx, id)
	if err != nil {
		return domain.Verdict{}, err
	}
	return r.fulfill.event(ctx, event)
}

const replayPage = 200

// Find lists the events that Do would replay, the first received first.
func (r *Replay) Find(ctx context.Context, q ReplayQuery) ([]domain.ProcessedEvent, error) {
	var found []domain.ProcessedEvent
	for _, id := range q.IDs {
		receipt, err := r.store.Receipt(ctx, id)
		if errors.Is(err, ports.ErrNotFound) {
			return nil, fmt.Errorf("event %s was never received: %w", id, err)
		}
		if err != nil {
			return nil, err
		}
		receipt.Payload = nil
		found = append(found, receipt)
	}
	if len(q.IDs) > 0 {
		return found, nil
	}
	page := ports.ReceiptQuery{Outcome: q.Outcome, User: q.User, Type: q.Type, Limit: replayPage}
	for {
		receipts, err := r.store.Receipts(ctx, page)
		if err != nil {
			return nil, err
		}
		for _, receipt := range receipts {
			if receipt.ReceivedAt.Before(q.Since) {
				receipts = nil // they come in order: so are all others
				break
			}
			found = append(found, receipt)
		}
		if len(receipts) < replayPage {
			slices.Reverse(found)
			return found, nil
		}
		last := receipts[len(receipts)-1]
		page.Before, page.BeforeID = last.ReceivedAt, last.ID
	}
}
