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

// This file is about events that wait to be told whose they are, or were nobody's until
// an account of ours learned another name. They were acknowledged: nobody sends them
// again.

// waiting lists the receipts of all events that wait, the last received first.
func (f *Fulfill) waiting(ctx context.Context, query ports.ReceiptQuery) ([]domain.ProcessedEvent, error) {
	query.Outcome, query.Limit = domain.OutcomeWaiting, waitingPage
	var all []domain.ProcessedEvent
	for {
		page, err := f.store.Receipts(ctx, query)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < waitingPage {
			return all, nil
		}
		last := page[len(page)-1]
		query.Before, query.BeforeID = last.ReceivedAt, last.ID
	}
}

const waitingPage = 200

// processWaiting processes the events again that wait to be told whose they are, the
// first received first. One that cannot be processed does not keep the others.
func (f *Fulfill) processWaiting(ctx context.Context, subject domain.Ref) error {
	for {
		waiting, err := f.waiting(ctx, ports.ReceiptQuery{WaitsFor: subject})
		if err != nil || len(waiting) == 0 {
			return err
		}
		slices.Reverse(waiting)
		var failed error
		for _, receipt := range waiting {
			failed = errors.Join(failed, f.processAgain(ctx, receipt))
		}
		if failed != nil {
			return failed
		}
	}
}

// processAgain processes an event whose owner Stripe has told, or not. If that
// fails the event goes on waiting, with the reason: its delivery was acknowledged,
// and nobody sends it again.
func (f *Fulfill) processAgain(ctx context.Context, receipt domain.ProcessedEvent) error {
	r, err := f.reread(ctx, receipt.ID)
	if err == nil {
		r.asked = true
		_, err = f.batches.do(ctx, r)
	}
	if err == nil || ctx.Err() != nil {
		return err
	}
	receipt.Reason, receipt.ProcessedAt = "Stripe has answered, and the event cannot be processed: "+err.Error(), f.clock()
	receipt.Attempts++
	touch := ports.Touch{Events: []domain.EventID{receipt.ID}}
	if r.event.Fact != nil {
		touch.Refs = r.event.Fact.Refs() // under the lock that who processes it takes
	}
	kept := f.store.Update(ctx, touch, func(found ports.Found) (ports.Kept, error) {
		if found.Receipts[receipt.ID].Outcome != domain.OutcomeWaiting {
			return ports.Kept{}, nil // somebody else has processed it
		}
		return ports.Kept{Receipts: []domain.ProcessedEvent{receipt}}, nil
	})
	return errors.Join(fmt.Errorf("event %s: %w", receipt.ID, err), kept)
}

// namesSettle is how long after a name became known an event may be kept that did not
// know it: longer than any transaction takes.
const namesSettle = 2 * aloneTime

// processNamed processes the events again that were nobody's before the account that
// they name their customer by was known. The first time it is done at once, and the
// question stays: what was being processed then may have been kept since.
func (f *Fulfill) processNamed(ctx context.Context, d domain.Doubt) error {
	now := f.clock()
	if err := f.processKept(ctx, ports.ReceiptQuery{WaitsFor: d.Subject, Outcome: domain.OutcomeIgnored}); err != nil {
		return fmt.Errorf("process again what names %s %s: %w", d.Subject.Kind, d.Subject.ID, err)
	}
	if now.Sub(d.Since) < namesSettle {
		return nil
	}
	return f.forget(ctx, domain.Doubt{Subject: d.Subject, Since: now})
}

// processKept processes events of an outcome again that was final, or is a person's to
// mend. It takes a page at a time, the last received first: facts may be told in
// any order. One that cannot be processed does not keep the others.
func (f *Fulfill) processKept(ctx context.Context, query ports.ReceiptQuery) error {
	query.Limit = waitingPage
	var failed error
	for {
		page, err := f.store.Receipts(ctx, query)
		if err != nil {
			return errors.Join(failed, err)
		}
		for _, receipt := range page {
			if receipt.Redacted {
				continue
			}
			if err := f.processNow(ctx, receipt.ID); err != nil && failed == nil {
				failed = fmt.Errorf("event %s: %w", receipt.ID, err) // of many the first will do
			}
			if ctx.Err() != nil {
				return failed // the rest has its turn when the question is due again
			}
		}
		if len(page) < waitingPage {
			return failed
		}
		last := page[len(page)-1]
		query.Before, query.BeforeID = last.ReceivedAt, last.ID
	}
}

// processNow processes an event whose owner we have learned, and lets Stripe be asked
// what it leaves open.
func (f *Fulfill) processNow(ctx context.Context, id domain.EventID) error {
	r, err := f.reread(ctx, id)
	if err != nil {
		return err
	}
	r.asked = true
	verdict, err := f.batches.do(ctx, r)
	if err == nil && verdict.Doubt != (domain.Doubt{}) {
		f.ask(verdict.Doubt)
	}
	return err
}

// reread is a stored event as it came in, to be processed again.
func (f *Fulfill) reread(ctx context.Context, id domain.EventID) (received, error) {
	receipt, err := f.store.Receipt(ctx, id)
	if err != nil {
		return received{}, fmt.Errorf("read event %s: %w", id, err)
	}
	if receipt.Redacted {
		return received{}, fmt.Errorf("event %s: %w", id, ErrBodyNotKept)
	}
	event, err := f.gateway.RereadEvent(receipt.Payload)
	if err != nil {
		return received{}, fmt.Errorf("read event %s again: %w", id, err)
	}
	return received{event: event, at: receipt.ReceivedAt, again: true}, nil
}

// askMissed asks again for events that have waited for a while. Their question is
// there as a rule, and then this changes nothing; but one that was raised while the
// answer to the same question was being taken in may have been forgotten with it.
func (f *Fulfill) askMissed(ctx context.Context, now time.Time) error {
	waiting, err := f.waiting(ctx, ports.ReceiptQuery{Before: now.Add(-askMissing)})
	if err != nil || len(waiting) == 0 {
		return err
	}
	var questions []ports.Question
	for _, receipt := range waiting {
		questions = append(questions, ports.Question{Doubt: domain.Doubt{Subject: receipt.WaitsFor}, Due: now})
	}
	return f.store.Update(ctx, ports.Touch{}, func(ports.Found) (ports.Kept, error) {
		return ports.Kept{Questions: questions}, nil
	})
}
