package app

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// failedPage is how many failed events are looked at in one transaction.
const failedPage = 100

// failedEvents processes again what could not be processed when it came. Stripe sends an event
// for three days, and lists reach back but an hour behind the run before: what goes on failing
// for longer would come from nowhere. It is looked at for as long as Stripe would list it, by
// the scheduled runs ever more seldom.
func (r *Reconcile) failedEvents(ctx context.Context, s *reconciliation, run *ReconcileRun) (string, error) {
	page, err := r.failedAfter(ctx, domain.EventID(run.After))
	if err != nil {
		return "", err
	}
	next, oldest := "", r.clock().Add(-EventsKept)
	if len(page) == failedPage {
		next = string(page[failedPage-1].ID)
	}
	var failed []domain.Event
	for _, receipt := range page {
		if receipt.ReceivedAt.Before(oldest) { // and so is all that follows
			next = ""
			break
		}
		if receipt.Redacted || run.lists(receipt) || run.Scheduled && !dueAgain(receipt, r.clock()) {
			continue // the user was forgotten, or it was just tried
		}
		event, err := r.fulfill.reread(ctx, receipt.ID)
		switch {
		case stops(ctx, err):
			return "", err
		case err == nil:
			failed = append(failed, event.event)
		case run.Query.User == "":
			run.note(domain.Event{ID: receipt.ID, Type: receipt.Type, Created: receipt.Created}, domain.OutcomeFailed)
		}
	}
	failed, err = r.missing(ctx, failed, run.Query.User)
	if err != nil {
		return "", err
	}
	run.Missing += len(failed)
	return next, r.takeInAll(ctx, s, run, failed)
}

// failedAfter reads receipts of failed events, the last received first, on from one of them. If
// that has gone, it begins anew: nothing is done twice.
func (r *Reconcile) failedAfter(ctx context.Context, after domain.EventID) ([]domain.ProcessedEvent, error) {
	query := ports.ReceiptQuery{Outcome: domain.OutcomeFailed, Limit: failedPage}
	if after != "" {
		last, err := r.store.Receipt(ctx, after)
		switch {
		case err == nil:
			query.Before, query.BeforeID = last.ReceivedAt, last.ID
		case !errors.Is(err, ports.ErrNotFound):
			return nil, err
		}
	}
	return r.store.Receipts(ctx, query)
}

// dueAgain tells whether it is time to process a failed event again: after as long as it has
// failed, and once a day at the latest. Many that go on failing would fill each run.
func dueAgain(receipt domain.ProcessedEvent, now time.Time) bool {
	failedFor := receipt.ProcessedAt.Sub(receipt.ReceivedAt)
	return now.Sub(receipt.ProcessedAt) >= min(failedFor, 24*time.Hour)
}

// lists tells whether an event is one of those that the run has listed.
func (r *ReconcileRun) lists(receipt domain.ProcessedEvent) bool {
	return !receipt.Created.Before(r.From) && !receipt.Created.After(r.Until) &&
		slices.ContainsFunc(MissedTypes, func(types []domain.EventType) bool { return slices.Contains(types, receipt.Type) })
}
