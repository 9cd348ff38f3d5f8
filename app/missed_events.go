package app

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// MissedTypes are the types of the events that are looked for, those that an endpoint has to
// be sent, in lists that Stripe takes.
var MissedTypes = [][]domain.EventType{
	{
		"checkout.session.completed", "checkout.session.async_payment_succeeded",
		"checkout.session.async_payment_failed", "checkout.session.expired",
		"customer.subscription.created", "customer.subscription.updated", "customer.subscription.deleted",
		"customer.subscription.paused", "customer.subscription.resumed",
		"customer.subscription.pending_update_applied", "customer.subscription.pending_update_expired",
		"customer.deleted",
		"invoice.finalized", "invoice.paid", "invoice.payment_failed", "invoice.voided", "invoice.marked_uncollectible",
		"invoice_payment.paid",
	},
	{
		"credit_note.created", "credit_note.updated", "credit_note.voided",
		"charge.refunded", "refund.created", "refund.updated", "refund.failed",
		"charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed",
		"charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated",
	},
}

// takenAtOnce is how many events are taken in at a time: a part of what a batch has room for,
// so that webhooks have theirs.
const takenAtOnce = 16

// missedEvents takes in events of some types that never came.
func (r *Reconcile) missedEvents(types []domain.EventType) step {
	return func(ctx context.Context, s *reconciliation, run *ReconcileRun) (string, error) {
		page, err := asked(r.fulfill, func() (ports.EventPage, error) {
			return r.gateway.ListEvents(ctx, ports.EventQuery{
				Types: types, From: run.From, Until: run.Until, After: domain.EventID(run.After),
			})
		})
		if err != nil {
			return "", err
		}
		missing, err := r.missing(ctx, page.Events, run.Query.User)
		if err != nil {
			return "", err
		}
		run.Listed += len(page.Events) + len(page.Unread)
		run.Missing += len(missing)
		for _, id := range page.Unread {
			run.note(domain.Event{ID: id}, domain.OutcomeFailed)
		}
		return string(page.Next), r.takeInAll(ctx, s, run, missing)
	}
}

// takeInAll takes in events a few at a time, or notes them in a run that is to change nothing.
func (r *Reconcile) takeInAll(ctx context.Context, s *reconciliation, run *ReconcileRun, events []domain.Event) error {
	for chunk := range slices.Chunk(events, takenAtOnce) {
		if run.Query.DryRun {
			for _, e := range chunk {
				run.note(e, "")
			}
			continue
		}
		if err := r.takeIn(ctx, run, chunk); err != nil {
			return err
		}
		if err := r.hold(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// missing are those of the events that never came, or were not processed when they did; of a
// user's, if one is named. What waits, or is a person's to mend, has come.
func (r *Reconcile) missing(ctx context.Context, events []domain.Event, user domain.UserID) ([]domain.Event, error) {
	if len(events) == 0 {
		return nil, nil
	}
	var touch ports.Touch
	for _, e := range events {
		touch.Events = append(touch.Events, e.ID)
		if user != "" && e.Fact != nil {
			touch.Refs = append(touch.Refs, e.Fact.Refs()...)
		}
	}
	var missing []domain.Event
	err := r.store.Update(ctx, touch, func(found ports.Found) (ports.Kept, error) {
		missing = nil
		for _, e := range events {
			receipt, came := found.Receipts[e.ID]
			if came && receipt.Outcome != domain.OutcomeFailed || user != "" && !isAbout(e, user, found) {
				continue
			}
			missing = append(missing, e)
		}
		return ports.Kept{}, nil
	})
	return missing, err
}

// isAbout tells whether an event is about a user, or says so: whether that is true is for
// whoever takes it in.
func isAbout(e domain.Event, user domain.UserID, found ports.Found) bool {
	if e.Fact == nil {
		return false
	}
	if domain.ClaimOf(e.Fact).User == user {
		return true
	}
	return slices.ContainsFunc(e.Fact.Refs(), func(ref domain.Ref) bool { return found.Owners[ref] == user })
}

// takeIn processes events that never came. One that cannot be processed is kept as failed,
// and keeps no other; where the store does not answer none is done.
func (r *Reconcile) takeIn(ctx context.Context, run *ReconcileRun, events []domain.Event) error {
	verdicts, errs := make([]domain.Verdict, len(events)), make([]error, len(events))
	var taking sync.WaitGroup
	for i, e := range events {
		taking.Go(func() { verdicts[i], errs[i] = r.fulfill.missed(ctx, received{event: e, at: r.clock()}) })
	}
	taking.Wait()
	for i, e := range events {
		switch {
		case stops(ctx, errs[i]):
			return errs[i]
		case errs[i] != nil:
			verdicts[i].Outcome = domain.OutcomeFailed
		case verdicts[i] == processedBefore: // it came this moment
			run.Missing--
			continue
		}
		run.note(e, verdicts[i].Outcome)
		if isOurs(verdicts[i]) {
			r.drift(run, ports.DriftOf(e.Fact), r.clock().Sub(e.Created) >= eventsSettle)
		}
	}
	return nil
}

// stops tells whether an error is of the world rather than of one event. That another holds
// the account is of one event, once that is recorded: it is tried again by the next run.
func stops(ctx context.Context, err error) bool {
	if errors.Is(err, ports.ErrLocked) && !errors.Is(err, errUnrecorded) {
		return ctx.Err() != nil
	}
	return err != nil && (ctx.Err() != nil || errors.Is(err, ports.ErrUnavailable) || errors.Is(err, ErrClosing))
}

// isOurs tells whether what was taken in is about a user of ours.
func isOurs(v domain.Verdict) bool {
	return v.Outcome != domain.OutcomeIgnored && v.Outcome != domain.OutcomeFailed
}

// drift counts what was found. What may still be under way is no loss.
func (r *Reconcile) drift(run *ReconcileRun, kind ports.DriftKind, settled bool) {
	run.Drift[kind]++
	if settled {
		r.meter.Drift(kind)
	}
}

// missed is the door for what no webhook brought. Nobody waits for it: the answer to a doubt
// is waited for as long as it takes.
func (f *Fulfill) missed(ctx context.Context, r received) (domain.Verdict, error) {
	verdict, err := f.batches.do(ctx, r)
	if err != nil || verdict.Doubt == (domain.Doubt{}) {
		return verdict, err
	}
	select {
	case <-f.ask(verdict.Doubt):
	case <-ctx.Done():
		return verdict, ctx.Err()
	}
	if verdict.Outcome != domain.OutcomeWaiting || r.event.ID == "" {
		return verdict, nil
	}
	settled, err := f.store.Receipt(ctx, r.event.ID)
	return domain.Verdict{Outcome: settled.Outcome, Reason: settled.Reason}, err
}
