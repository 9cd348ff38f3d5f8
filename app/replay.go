package app

import (
	"context"
	"errors"
	"fmt"
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
	return r.Each(ctx, q, func(receipt domain.ProcessedEvent) error {
		verdict, err := r.one(ctx, receipt.ID)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		tell(receipt, verdict, err)
		return nil
	})
}

func (r *Replay) one(ctx context.Context, id domain.EventID) (domain.Verdict, error) {
	event, err := r.fulfill.reread(ctx, id)
	if err != nil {
		return domain.Verdict{}, err
	}
	return r.fulfill.event(ctx, event)
}

// Each tells of the events that Do would replay, the first received first. It ends with
// the first error of tell.
func (r *Replay) Each(ctx context.Context, q ReplayQuery, tell func(domain.ProcessedEvent) error) error {
	if len(q.IDs) > 0 {
		return r.named(ctx, q.IDs, tell)
	}
	list := oldestFirst{r.store, ports.ReceiptQuery{Outcome: q.Outcome, User: q.User, Type: q.Type}, tell}
	return list.do(ctx, q.Since)
}

// named tells of events by their ids, once it is clear that all of them were received.
func (r *Replay) named(ctx context.Context, ids []domain.EventID, tell func(domain.ProcessedEvent) error) error {
	for _, id := range ids {
		if _, err := r.receipt(ctx, id); err != nil {
			return err
		}
	}
	for _, id := range ids {
		receipt, err := r.receipt(ctx, id)
		if err != nil {
			return err
		}
		if err := tell(receipt); err != nil {
			return err
		}
	}
	return nil
}

func (r *Replay) receipt(ctx context.Context, id domain.EventID) (domain.ProcessedEvent, error) {
	receipt, err := r.store.Receipt(ctx, id)
	if errors.Is(err, ports.ErrNotFound) {
		return receipt, fmt.Errorf("event %s was never received: %w", id, err)
	}
	receipt.Payload = nil
	return receipt, err
}
