package app_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func TestFulfill_PurchaseArrivesThroughTheWebhook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one := w.start(t, app.CheckoutRequest{User: "u1", Plan: "basic"})
	two := w.start(t, app.CheckoutRequest{User: "u2", Plan: "team", Quantity: 3})
	if held := w.features(t, "u1"); len(held) > 0 {
		t.Fatalf("held before paying: %v", held)
	}
	w.deliver(t, w.stripe.Pay(one.Session)...)
	w.deliver(t, w.stripe.Pay(two.Session)...)
	if held := w.features(t, "u1"); held["projects"] != "10" || len(held) != 1 {
		t.Errorf("u1 holds %v, want 10 projects", held)
	}
	if held := w.features(t, "u2"); held["seats"] != "15" || len(held) != 1 {
		t.Errorf("u2 holds %v, want 15 seats", held)
	}
	w.clock.advance(366 * 24 * time.Hour)
	if held := w.features(t, "u1"); len(held) > 0 {
		t.Errorf("held beyond a year: %v", held)
	}
}

func TestFulfill_FiftyAtOnceGrantOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order := w.start(t, app.CheckoutRequest{User: "u", Plan: "basic"})
	event := w.event(w.stripe.Pay(order.Session)[0])
	verdicts := make([]domain.Verdict, 50)
	var wait sync.WaitGroup
	for i := range verdicts {
		wait.Go(func() {
			var err error
			if verdicts[i], err = w.fulfill.Event(t.Context(), event); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	applied := 0
	for _, v := range verdicts {
		if v.Outcome == domain.OutcomeApplied {
			applied++
		}
	}
	changes, _ := w.store.Changes(t.Context(), "u")
	if applied != 1 || len(changes) != 1 {
		t.Errorf("applied %d times with %d changes, want once with one", applied, len(changes))
	}
}

func TestFulfill_ForeignEventsGrantNothing(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*domain.Event, *domain.SessionFact){
		"live event at a test deployment": func(e *domain.Event, _ *domain.SessionFact) { e.Livemode = true },
		"connected account":               func(e *domain.Event, _ *domain.SessionFact) { e.Account = "acct_1" },
		"our order id in metadata, another customer": func(_ *domain.Event, s *domain.SessionFact) {
			s.ID, s.Customer = "cs_foreign", "cus_foreign"
		},
		"no id that we know": func(_ *domain.Event, s *domain.SessionFact) { s.ID, s.Order = "cs_foreign", "ord_foreign" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			order := w.start(t, app.CheckoutRequest{User: "u", Plan: "basic"})
			fact := w.stripe.Pay(order.Session)[0].(domain.SessionFact)
			event := w.event(fact)
			change(&event, &fact)
			event.Fact = fact
			verdict, err := w.fulfill.Event(t.Context(), event)
			if err != nil || verdict.Outcome != domain.OutcomeIgnored || verdict.Reason == "" {
				t.Errorf("got %+v, %v: want ignored with a reason", verdict, err)
			}
			if held := w.features(t, "u"); len(held) > 0 {
				t.Errorf("granted %v", held)
			}
			if receipt, err := w.store.Receipt(t.Context(), event.ID); err != nil || receipt.Outcome != domain.OutcomeIgnored {
				t.Errorf("receipt %+v, %v", receipt, err)
			}
		})
	}
}

// flaky fails or panics in the middle of the transaction of chosen events.
type flaky struct {
	ports.Store
	mu     sync.Mutex
	poison map[domain.EventID]func() error
}

func (f *flaky) Update(ctx context.Context, touch ports.Touch, fn func(ports.Found) (ports.Kept, error)) error {
	return f.Store.Update(ctx, touch, func(found ports.Found) (ports.Kept, error) {
		kept, err := fn(found)
		for _, id := range touch.Events {
			f.mu.Lock()
			fault := f.poison[id]
			f.mu.Unlock()
			if fault != nil && err == nil {
				err = fault()
			}
		}
		return kept, err
	})
}

func TestFulfill_OneBadEventFailsAloneAndIsRecorded(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	for name, fault := range map[string]func() error{
		"error": func() error { return boom },
		"panic": func() error { panic("boom") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &flaky{Store: memory.NewStore(), poison: map[domain.EventID]func() error{}}
			w := newWorldOn(t, store)
			events := make([]domain.Event, 40)
			for i := range events {
				user := domain.UserID(fmt.Sprintf("u%d", i))
				order := w.start(t, app.CheckoutRequest{User: user, Plan: "basic"})
				events[i] = w.event(w.stripe.Pay(order.Session)[0])
			}
			store.poison[events[7].ID] = fault
			var wait sync.WaitGroup
			for i, e := range events {
				wait.Go(func() {
					_, err := w.fulfill.Event(t.Context(), e)
					if failed := err != nil; failed != (i == 7) {
						t.Errorf("event %d: %v", i, err)
					}
				})
			}
			wait.Wait()
			receipt, err := store.Receipt(t.Context(), events[7].ID)
			if err != nil || receipt.Outcome != domain.OutcomeFailed || receipt.Reason == "" {
				t.Errorf("the failure is not recorded: %+v, %v", receipt, err)
			}
			if held := w.features(t, "u7"); len(held) > 0 {
				t.Errorf("half of a failed event was kept: %v", held)
			}

			store.mu.Lock()
			delete(store.poison, events[7].ID)
			store.mu.Unlock()
			verdict, err := w.fulfill.Event(t.Context(), events[7])
			if err != nil || verdict.Outcome != domain.OutcomeApplied {
				t.Errorf("sent again: %+v, %v", verdict, err)
			}
			if receipt, _ := store.Receipt(t.Context(), events[7].ID); receipt.Attempts != 2 {
				t.Errorf("attempts: got %d, want 2", receipt.Attempts)
			}
		})
	}
}

func TestFulfill_ClosedRefusesAndLeavesNobodyWaiting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var wait sync.WaitGroup
	for i := range 200 {
		wait.Go(func() {
			_, err := w.fulfill.Event(t.Context(), domain.Event{ID: domain.EventID(fmt.Sprint(i))})
			if err != nil && !errors.Is(err, app.ErrClosing) {
				t.Errorf("got %v", err)
			}
			if _, kept := w.store.Receipt(t.Context(), domain.EventID(fmt.Sprint(i))); (err == nil) != (kept == nil) {
				t.Errorf("answered %v, kept: %v", err, kept)
			}
		})
	}
	w.fulfill.Close()
	wait.Wait()
}

func TestFulfill_AnyOrderOfDeliveryEndsInTheSameState(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 0))
		w := newWorld(t)
		basic := w.start(t, app.CheckoutRequest{User: "u", Plan: "basic"})
		team := w.start(t, app.CheckoutRequest{User: "u", Plan: "team", Quantity: 2})
		facts := slices.Concat(w.stripe.Pay(basic.Session), w.stripe.Pay(team.Session))
		sub := facts[2].(domain.SubscriptionFact)
		for i, status := range []domain.SubscriptionStatus{domain.StatusPastDue, domain.StatusActive, domain.StatusCanceled} {
			next := sub
			next.Type, next.At = "customer.subscription.updated", sub.At.Add(time.Duration(i+1)*time.Hour)
			next.Snapshot.Status = status
			facts = append(facts, next)
		}
		facts = append(facts, facts...)
		random.Shuffle(len(facts), func(i, j int) { facts[i], facts[j] = facts[j], facts[i] })
		w.deliver(t, facts...)
		if held := w.features(t, "u"); len(held) != 1 || held["projects"] != "10" {
			t.Fatalf("seed %d: holds %v, want the 10 projects that the ended subscription did not give", seed, held)
		}
	}
}

func TestSyncOrder_BringsWhatTheWebhookWillBring(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order := w.start(t, app.CheckoutRequest{User: "u", Plan: "team"})
	late := w.stripe.Pay(order.Session)
	synced, _, err := w.sync.Do(t.Context(), order.ID, "u")
	if err != nil || synced.Status != domain.OrderPaid {
		t.Fatalf("synced %+v, %v", synced, err)
	}
	if held := w.features(t, "u"); held["seats"] != "5" {
		t.Errorf("holds %v", held)
	}
	before, _ := w.store.Changes(t.Context(), "u")
	w.deliver(t, late...)
	if after, _ := w.store.Changes(t.Context(), "u"); len(after) != len(before) {
		t.Errorf("the late webhook changed entitlements: %v", after[len(before):])
	}
	if _, _, err := w.sync.Do(t.Context(), order.ID, "thief"); !errors.Is(err, ports.ErrNotFound) {
		t.Errorf("another user's sync: %v", err)
	}
}

func TestShowOrder_WaitsUntilItIsSettled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order := w.start(t, app.CheckoutRequest{User: "u", Plan: "basic"})
	go func() {
		time.Sleep(100 * time.Millisecond)
		w.deliver(t, w.stripe.Pay(order.Session)...)
	}()
	shown, _, err := w.show.Do(t.Context(), order.ID, "u", 20*time.Second)
	if err != nil || shown.Status != domain.OrderPaid {
		t.Errorf("got %s, %v", shown.Status, err)
	}
}
