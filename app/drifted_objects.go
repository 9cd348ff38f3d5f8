package app

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// This file finds objects that stand otherwise than is known: of what happened long ago no
// event tells any more, and Stripe says that some it never makes.

// returnedReach is for how long after it began money that went back is looked at again: a
// refund may still fail, and a dispute be decided.
const returnedReach = 90 * 24 * time.Hour

// driftedObjects joins objects of a kind that say something new.
func (r *Reconcile) driftedObjects(of ports.ListedKind) step {
	return func(ctx context.Context, s *reconciliation, run *ReconcileRun) (string, error) {
		var from time.Time // of subscriptions: all
		if of != ports.ListedSubscriptions {
			from = run.StartedAt.Add(-returnedReach)
		}
		page, err := asked(r.fulfill, func() (ports.ObjectPage, error) { return r.gateway.ListObjects(ctx, of, from, run.After) })
		if err != nil {
			return "", err
		}
		run.Listed += len(page.Facts)
		news, err := r.news(ctx, page.Facts, s.Objects)
		if err == nil && len(news) > 0 {
			news, err = r.settled(ctx, s, run, news)
		}
		if err != nil {
			return "", err
		}
		for chunk := range slices.Chunk(news, takenAtOnce) {
			if err := r.joinNews(ctx, run, chunk); err != nil {
				return "", err
			}
			if err := r.hold(ctx, s); err != nil {
				return "", err
			}
		}
		return page.Next, nil
	}
}

// news are those of the facts that say something new of what is known, or may be about what
// is not: a strangers' refund is asked about once, in the first run after it was made.
func (r *Reconcile) news(ctx context.Context, facts []domain.Fact, before time.Time) ([]domain.Fact, error) {
	var touch ports.Touch
	for _, fact := range facts {
		touch.Refs = append(touch.Refs, fact.Refs()...)
	}
	var news []domain.Fact
	err := r.store.Update(ctx, touch, func(found ports.Found) (ports.Kept, error) {
		news = nil
		for _, fact := range facts {
			user, known := ownerIn(found, fact)
			if known && domain.SaysNew(found.States[user].Account, fact, r.catalog) || !known && mayBeLost(fact, before) {
				news = append(news, fact)
			}
		}
		return ports.Kept{}, nil
	})
	return news, err
}

func ownerIn(found ports.Found, fact domain.Fact) (domain.UserID, bool) {
	for _, ref := range fact.Refs() {
		if user, known := found.Owners[ref]; known {
			return user, true
		}
	}
	return "", false
}

// mayBeLost tells whether a fact that leads to nobody is worth a question: one that claims
// an order is, and money that went back since a time.
func mayBeLost(fact domain.Fact, since time.Time) bool {
	since = since.Add(-eventsOverlap)
	switch f := fact.(type) {
	case domain.RefundFact:
		return !f.CreatedAt.Before(since)
	case domain.DisputeFact:
		return !f.CreatedAt.Before(since)
	case domain.CreditNoteFact:
		return !f.CreditNote.CreatedAt.Before(since)
	default:
		return domain.ClaimOf(fact).Order != "" && domain.MayGive(fact)
	}
}

// settled leaves out of what a scheduled run has found that about which an event may still be
// under way: it is no loss yet. Where much is sold that takes many pages.
func (r *Reconcile) settled(ctx context.Context, s *reconciliation, run *ReconcileRun, news []domain.Fact) ([]domain.Fact, error) {
	if !run.Scheduled {
		return news, nil
	}
	underWay := map[string]bool{}
	for _, types := range MissedTypes {
		q := ports.EventQuery{Types: types, From: run.Until, Until: r.clock()}
		for more := true; more; more = q.After != "" {
			page, err := asked(r.fulfill, func() (ports.EventPage, error) { return r.gateway.ListEvents(ctx, q) })
			if errors.Is(err, ports.ErrNotFound) {
				break
			}
			if err != nil {
				return nil, err
			}
			for _, e := range page.Events {
				underWay[e.Object] = true
			}
			if err := r.hold(ctx, s); err != nil {
				return nil, err
			}
			q.After = page.Next
		}
	}
	return slices.DeleteFunc(news, func(fact domain.Fact) bool { return underWay[objectOf(fact)] }), nil
}

// objectOf is the id of what a listed fact is about.
func objectOf(fact domain.Fact) string {
	switch f := fact.(type) {
	case domain.SubscriptionFact:
		return string(f.Snapshot.ID)
	case domain.RefundFact:
		return string(f.ID)
	case domain.DisputeFact:
		return string(f.ID)
	case domain.CreditNoteFact:
		return string(f.CreditNote.ID)
	default:
		return ""
	}
}

// joinNews takes in objects that stand otherwise.
func (r *Reconcile) joinNews(ctx context.Context, run *ReconcileRun, news []domain.Fact) error {
	verdicts, errs := make([]domain.Verdict, len(news)), make([]error, len(news))
	var joining sync.WaitGroup
	for i, fact := range news {
		joining.Go(func() { verdicts[i], errs[i] = r.fulfill.missed(ctx, r.fulfill.asEvent(fact)) })
	}
	joining.Wait()
	for i, fact := range news {
		switch {
		case stops(ctx, errs[i]):
			return errs[i]
		case errs[i] != nil: // it is found again by the next run
			run.Outcomes[domain.OutcomeFailed]++
		}
		if verdicts[i].Outcome == domain.OutcomeApplied || verdicts[i].Outcome == domain.OutcomeQuarantined {
			r.drift(run, ports.DriftOf(fact), true)
		}
	}
	return nil
}
