package app_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// slowStore takes its time to commit, and has one account that another holds.
type slowStore struct {
	ports.Store
	commit time.Duration
	held   domain.Ref // nobody gets at it

	mu      sync.Mutex
	updates int
}

func (s *slowStore) Update(ctx context.Context, touch ports.Touch, fn func(ports.Found) (ports.Kept, error)) error {
	s.mu.Lock()
	s.updates++
	s.mu.Unlock()
	if slices.Contains(touch.Refs, s.held) {
		if touch.LockWait > 0 {
			time.Sleep(touch.LockWait)
			return ports.ErrLocked
		}
		<-ctx.Done()
		return ctx.Err()
	}
	select {
	case <-time.After(s.commit):
		return s.Store.Update(ctx, touch, fn)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// paidAtOnce delivers the payments of so many users at once and returns how each fared.
func paidAtOnce(t *testing.T, commit time.Duration, held int) (w *world, store *slowStore, failures []error) {
	t.Helper()
	store = &slowStore{Store: memory.NewStore()}
	w = newWorldOn(t, store)
	events := make([]domain.Event, 26)
	for i := range events {
		order := w.start(t, app.CheckoutRequest{User: domain.UserID(fmt.Sprintf("u%d", i)), Plan: "basic"})
		events[i] = w.event(w.stripe.Pay(order.Session)[0])
		if i == held {
			store.held = domain.Ref{Kind: domain.RefSession, ID: string(order.Session)}
		}
	}
	store.commit, store.updates = commit, 0
	failures = make([]error, len(events))
	var wait sync.WaitGroup
	for i, e := range events {
		wait.Go(func() { _, failures[i] = w.fulfill.Event(t.Context(), e) })
	}
	wait.Wait()
	return w, store, failures
}

func TestFulfill_WaitsForASlowCommit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, store, failures := paidAtOnce(t, 2300*time.Millisecond, -1)
		for i, err := range failures {
			if err != nil {
				t.Errorf("event %d: %v", i, err)
			}
		}
		if took := time.Since(began); took > 10*time.Second || store.updates > 4 {
			t.Errorf("took %s and %d transactions, want one commit after another in two lanes", took, store.updates)
		}
	})
}

func TestFulfill_TakesNothingApartForASlowStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, store, failures := paidAtOnce(t, time.Minute, -1)
		for i, err := range failures {
			if !errors.Is(err, ports.ErrUnavailable) {
				t.Errorf("event %d: %v, want %v", i, err, ports.ErrUnavailable)
			}
		}
		if store.updates > 4 {
			t.Errorf("%d transactions for 26 events", store.updates)
		}
		if refused := w.meter.RefusedEvents(); refused != len(failures) {
			t.Errorf("%d events are counted as refused, want each of %d", refused, len(failures))
		}
	})
}

func TestFulfill_TakesABatchApartForALockedAccount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		w, _, failures := paidAtOnce(t, 10*time.Millisecond, 7)
		for i, err := range failures {
			if (err != nil) != (i == 7) {
				t.Errorf("event %d: %v", i, err)
			}
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("took %s, longer than a buyer is held", took)
		}
		receipts, err := w.store.Receipts(t.Context(), ports.ReceiptQuery{Outcome: domain.OutcomeFailed})
		if err != nil || len(receipts) != 1 {
			t.Errorf("receipts of failures: %v, %v, want one", receipts, err)
		}
		if counted := w.meter.Events()[memory.EventCount{Outcome: domain.OutcomeFailed}]; counted != 0 {
			t.Errorf("%d failures are counted: somebody is alarmed of what another holds for a moment", counted)
		}
	})
}
