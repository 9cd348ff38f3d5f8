package app_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// reconcile is the use case in a world, beside others that may be at it too.
func (w *world) reconcile(settings app.Settings) *app.Reconcile {
	return w.reconcileAt(w.stripe, settings)
}

func (w *world) reconcileAt(gateway ports.Gateway, settings app.Settings) *app.Reconcile {
	return app.NewReconcile(w.store, gateway, catalog, settings, w.fulfill, w.syncUser, w.clock.now, w.clock.after, w.meter)
}

// reconciles runs it to its end.
func (w *world) reconciles(t *testing.T, q app.ReconcileQuery) app.ReconcileRun {
	t.Helper()
	run, err := w.reconcile(app.Settings{}).Do(t.Context(), q)
	if err != nil || !run.Over() || run.Failure != "" {
		t.Fatalf("reconcile %+v: %+v, %v", q, run, err)
	}
	return run
}

// drops has Stripe send facts, none of which comes.
func (w *world) drops(facts ...domain.Fact) (events []domain.Event) {
	for _, fact := range facts {
		e := w.event(fact)
		if sub, is := fact.(domain.SubscriptionFact); is {
			e.Object = string(sub.Snapshot.ID)
		}
		w.stripe.Message(e)
		events = append(events, e)
	}
	return events
}

func factsOf(told map[string]domain.Fact) []domain.Fact {
	var facts []domain.Fact
	for _, name := range slices.Sorted(maps.Keys(told)) {
		facts = append(facts, told[name])
	}
	return facts
}

func TestReconcile_TakesInWhatNoWebhookBrought(t *testing.T) {
	t.Parallel()
	for _, plan := range []domain.PlanKey{"basic", "team"} {
		t.Run(string(plan), func(t *testing.T) {
			t.Parallel()
			good, bad := newWorld(t), newWorld(t)
			_, told := good.sold(t, "u", plan)
			good.deliver(t, factsOf(told)...)
			_, told = bad.sold(t, "u", plan)
			events := bad.drops(factsOf(told)...)
			bad.clock.advance(time.Hour)
			run := bad.reconciles(t, app.ReconcileQuery{})
			if got, want := bad.features(t, "u"), good.features(t, "u"); len(want) == 0 || !maps.Equal(got, want) {
				t.Errorf("the user has %v, and with webhooks %v", got, want)
			}
			if run.Drifted() == 0 || run.Missing == 0 || len(bad.meter.Drifted()) == 0 {
				t.Errorf("it says %+v, and counts %v", run, bad.meter.Drifted())
			}
			counted := len(bad.meter.Drifted())
			if again := bad.reconciles(t, app.ReconcileQuery{}); again.Missing != 0 || again.Drifted() != 0 || again.Listed == 0 {
				t.Errorf("a second time: %+v, want nothing missing", again)
			}
			for _, e := range events {
				if v := bad.send(t, e); v.Outcome.Final() && v.Outcome != domain.OutcomeUnchanged && e.Type != "charge.succeeded" {
					t.Errorf("%s comes late after all: %+v, want unchanged", e.Type, v)
				}
			}
			if len(bad.meter.Drifted()) != counted {
				t.Errorf("late webhooks counted as drift: %v", bad.meter.Drifted())
			}
		})
	}
}

// sickStore cannot process some events.
type sickStore struct {
	ports.Store
	sick atomic.Pointer[map[domain.EventID]bool]
}

func (s *sickStore) Update(ctx context.Context, touch ports.Touch, fn func(ports.Found) (ports.Kept, error)) error {
	if sick := s.sick.Load(); sick != nil {
		return s.Store.Update(ctx, touch, func(f ports.Found) (ports.Kept, error) {
			kept, err := fn(f)
			if slices.ContainsFunc(kept.Receipts, func(r domain.ProcessedEvent) bool { return (*sick)[r.ID] }) {
				return ports.Kept{}, errors.New("a bug")
			}
			return kept, err
		})
	}
	return s.Store.Update(ctx, touch, fn)
}

// An event that cannot be processed for longer than Stripe sends it and lists reach back is
// looked at again at each run, and told of as failed, until it can be.
func TestReconcile_WhatFailsForDaysIsNotLost(t *testing.T) {
	t.Parallel()
	store := &sickStore{Store: memory.NewStore()}
	w := newWorldOn(t, store)
	_, told := w.sold(t, "u", "basic")
	sick := map[domain.EventID]bool{}
	for _, e := range w.drops(factsOf(told)...) {
		sick[e.ID] = true
	}
	store.sick.Store(&sick)
	w.clock.advance(time.Hour)
	failing := w.reconciles(t, app.ReconcileQuery{}).Outcomes[domain.OutcomeFailed]
	for range 3 {
		w.clock.advance(24 * time.Hour)
		if run := w.reconciles(t, app.ReconcileQuery{}); failing == 0 || run.Outcomes[domain.OutcomeFailed] != failing || run.Drifted() != 0 {
			t.Fatalf("%d events failed, and a day later it is %+v", failing, run)
		}
	}
	if counted := w.meter.Events()[memory.EventCount{Outcome: domain.OutcomeFailed}]; counted != 4*failing {
		t.Errorf("%d failures are counted, want %d: nobody is alarmed of the others", counted, 4*failing)
	}
	store.sick.Store(nil)
	w.clock.advance(24 * time.Hour)
	if run := w.reconciles(t, app.ReconcileQuery{DryRun: true}); len(run.Missed) != failing || run.Outcomes[domain.OutcomeFailed] != 0 {
		t.Errorf("what would be taken in: %+v, want %d events", run, failing)
	}
	if run := w.reconciles(t, app.ReconcileQuery{}); run.Drifted() == 0 || run.Outcomes[domain.OutcomeFailed] != 0 {
		t.Errorf("once it can be processed: %+v", run)
	}
	if held := w.features(t, "u"); len(held) == 0 {
		t.Error("the user has nothing of what was paid")
	}
	if run := w.reconciles(t, app.ReconcileQuery{}); run.Missing != 0 || run.Drifted() != 0 {
		t.Errorf("a second time: %+v, want nothing", run)
	}
}

// heldStore has an account that another holds.
type heldStore struct {
	ports.Store
	held atomic.Pointer[domain.Ref]
}

func (s *heldStore) Update(ctx context.Context, touch ports.Touch, fn func(ports.Found) (ports.Kept, error)) error {
	if held := s.held.Load(); held != nil && slices.Contains(touch.Refs, *held) {
		return ports.ErrLocked
	}
	return s.Store.Update(ctx, touch, fn)
}

func TestReconcile_AnAccountThatAnotherHoldsHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	store := &heldStore{Store: memory.NewStore()}
	w := newWorldOn(t, store)
	order, told := w.sold(t, "u1", "basic")
	w.drops(told["session"])
	_, other := w.sold(t, "u2", "basic")
	w.drops(other["session"])
	store.held.Store(&domain.Ref{Kind: domain.RefSession, ID: string(order.Session)})
	w.clock.advance(time.Hour)
	if run := w.reconciles(t, app.ReconcileQuery{}); run.Outcomes[domain.OutcomeFailed] != 1 || len(w.features(t, "u2")) == 0 {
		t.Errorf("while an account is held: %+v, and the other one has %v", run, w.features(t, "u2"))
	}
	store.held.Store(nil)
	w.clock.advance(24 * time.Hour)
	if run := w.reconciles(t, app.ReconcileQuery{}); run.Outcomes[domain.OutcomeApplied] != 1 || len(w.features(t, "u1")) == 0 {
		t.Errorf("once it is not: %+v", run)
	}
}

// A day on which webhooks arrive reads 0, objects included.
func TestReconcile_AHealthyDayReadsZero(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, plan := range []domain.PlanKey{"basic", "team"} {
		_, told := w.sold(t, domain.UserID(plan), plan)
		w.deliver(t, factsOf(told)...)
		if refund, is := told["refund"]; is {
			w.stripe.SetReturned(refund)
		}
	}
	w.clock.advance(time.Hour)
	run := w.reconciles(t, app.ReconcileQuery{})
	if run.Missing != 0 || run.Drifted() != 0 || len(w.meter.Drifted()) != 0 || !run.Objects || run.Listed < 5 {
		t.Errorf("got %+v and drift %v, want nothing", run, w.meter.Drifted())
	}
}

// Which webhooks are dropped does not matter: in the end it is as if all had come.
func TestReconcile_AnyDrops(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			dice := rand.New(rand.NewPCG(seed, 0))
			good, bad := newWorld(t), newWorld(t)
			bad.stripe.PageOf(1 + dice.IntN(4))
			for n, plan := range []domain.PlanKey{"basic", "team", "pro", "basic"} {
				user := domain.UserID(fmt.Sprint("u", n))
				_, all := good.sold(t, user, plan)
				good.deliver(t, factsOf(all)...)
				_, all = bad.sold(t, user, plan)
				facts := factsOf(all)
				dice.Shuffle(len(facts), func(i, j int) { facts[i], facts[j] = facts[j], facts[i] })
				for _, fact := range facts {
					if dice.IntN(3) == 0 {
						bad.deliver(t, fact)
					} else {
						bad.drops(fact)
					}
				}
			}
			bad.clock.advance(time.Hour)
			bad.reconciles(t, app.ReconcileQuery{})
			for n := range 4 {
				user := domain.UserID(fmt.Sprint("u", n))
				if got, want := bad.features(t, user), good.features(t, user); !maps.Equal(got, want) {
					t.Errorf("%s has %v, and with webhooks %v", user, got, want)
				}
			}
		})
	}
}

// What may still be under way is left to its webhook by a scheduled run, and nobody counts
// it as lost.
func TestReconcile_WhatIsYoungIsNoLoss(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, told := w.sold(t, "u", "team")
	w.clock.advance(time.Hour)
	w.drops(factsOf(told)...)
	w.stripe.SetSubscription(told["subscription"].(domain.SubscriptionFact).Snapshot)
	run := w.scheduled(t)
	if run.Missing != 0 || run.Drifted() != 0 || !run.Objects {
		t.Errorf("a scheduled run: %+v, want nothing missing", run)
	}
	run = w.reconciles(t, app.ReconcileQuery{})
	if run.Missing == 0 || run.Drifted() == 0 || len(w.meter.Drifted()) != 0 {
		t.Errorf("a run that is asked for: %+v and drift %v, want all taken in and none counted", run, w.meter.Drifted())
	}
}

// slowLists takes a while for each page, and has somebody else look whether the run is left.
type slowLists struct {
	*memory.Gateway
	page func()
}

func (s *slowLists) ListEvents(ctx context.Context, q ports.EventQuery) (ports.EventPage, error) {
	s.page()
	return s.Gateway.ListEvents(ctx, q)
}

// Looking for what may still be under way takes many pages where much is sold: nobody else
// takes the run over meanwhile.
func TestReconcile_IsHeldWhileItLooksAtWhatIsYoung(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, told := w.sold(t, "u", "team")
	w.clock.advance(time.Hour)
	w.drops(factsOf(told)...)
	w.stripe.SetSubscription(told["subscription"].(domain.SubscriptionFact).Snapshot)
	w.stripe.PageOf(1)
	pages := 0
	slow := &slowLists{Gateway: w.stripe, page: func() {
		pages++
		w.clock.advance(90 * time.Second)
		if _, err := w.reconcile(app.Settings{}).Ask(t.Context(), app.ReconcileQuery{}); !errors.Is(err, app.ErrReconciling) {
			t.Errorf("at page %d another run is begun: %v", pages, err)
		}
	}}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w.reconcileAt(slow, app.Settings{ReconcileEvery: time.Hour}).Run(ctx, 0, func(_ app.ReconcileRun, err error) {
		if err != nil {
			t.Error(err)
		}
		cancel()
	})
	if pages < 4 {
		t.Errorf("only %d pages were looked at", pages)
	}
}

// A run that was asked for, and that nobody has begun yet, is not put aside by the next that
// is; by one that comes when nobody has begun it for long, it is.
func TestReconcile_WhatWasAskedForIsNotLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reconcile := w.reconcile(app.Settings{})
	if _, err := reconcile.Ask(t.Context(), app.ReconcileQuery{}); err != nil {
		t.Fatal(err)
	}
	if _, err := reconcile.Ask(t.Context(), app.ReconcileQuery{DryRun: true}); !errors.Is(err, app.ErrReconciling) {
		t.Errorf("a second one that is another: %v, want %v", err, app.ErrReconciling)
	}
	if run, err := reconcile.Show(t.Context()); err != nil || run.Query.DryRun {
		t.Errorf("the run is now %+v, %v", run.Query, err)
	}
	w.clock.advance(3 * time.Minute)
	if run, err := reconcile.Ask(t.Context(), app.ReconcileQuery{DryRun: true}); err != nil || !run.Query.DryRun {
		t.Errorf("when nobody has begun it for long: %+v, %v", run.Query, err)
	}
}

// scheduled has the worker do its first run, and returns it.
func (w *world) scheduled(t *testing.T) app.ReconcileRun {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var ended app.ReconcileRun
	w.reconcile(app.Settings{ReconcileEvery: time.Hour}).Run(ctx, 0, func(run app.ReconcileRun, err error) {
		if err != nil {
			t.Errorf("a scheduled run: %v", err)
		}
		ended = run
		cancel()
	})
	if !ended.Scheduled || !ended.Over() {
		t.Errorf("a scheduled run: %+v", ended)
	}
	return ended
}

// A run that could not go on has marked nothing done that is not, says why, and goes on where
// it stopped, page by page.
func TestReconcile_GoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]error{"busy": ports.ErrGatewayBusy, "denied": ports.ErrGatewayDenied} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.stripe.PageOf(1)
			for n := range 3 {
				_, told := w.sold(t, domain.UserID(fmt.Sprint("u", n)), "basic")
				w.drops(told["session"])
				w.clock.advance(time.Minute)
			}
			w.clock.advance(time.Hour)
			w.stripe.FailNext(nil, nil, failure)
			reconcile := w.reconcile(app.Settings{})
			run, err := reconcile.Do(t.Context(), app.ReconcileQuery{})
			if !errors.Is(err, failure) || run.Over() || run.Missing != 2 || run.Failure == "" {
				t.Fatalf("got %+v, %v, want it to stop at the third page", run, err)
			}
			if held := w.features(t, "u0"); len(held) != 0 { // the newest come first
				t.Errorf("of the last page %v is held already", held)
			}
			shown, err := reconcile.Show(t.Context())
			if err != nil || shown.Over() || shown.Failure == "" {
				t.Errorf("shown is %+v, %v", shown, err)
			}
			before := w.stripe.Calls()
			run = w.reconciles(t, app.ReconcileQuery{})
			if run.Missing != 3 || len(w.features(t, "u0")) == 0 || run.Drift[ports.DriftCheckout] != 3 {
				t.Errorf("then %+v, want three in all", run)
			}
			// The third page of checkouts, the refunds' and four of objects.
			if calls := w.stripe.Calls() - before; calls > 7 {
				t.Errorf("it went on with %d calls, want none of those before", calls)
			}
		})
	}
}

// A program that is killed has kept what was done; whoever goes on does the rest.
func TestReconcile_AKillBetweenPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stripe.PageOf(1)
	for n := range 3 {
		_, told := w.sold(t, domain.UserID(fmt.Sprint("u", n)), "basic")
		w.drops(told["session"])
		w.clock.advance(time.Minute)
	}
	w.clock.advance(time.Hour)
	killed := &stuckLists{Gateway: w.stripe, pass: 2, at: make(chan struct{})}
	ctx, kill := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if run, err := w.reconcileAt(killed, app.Settings{}).Do(ctx, app.ReconcileQuery{}); !errors.Is(err, context.Canceled) || run.Over() {
			t.Errorf("killed: %+v, %v", run, err)
		}
	})
	<-killed.at
	if _, err := w.reconcile(app.Settings{}).Do(t.Context(), app.ReconcileQuery{}); !errors.Is(err, app.ErrReconciling) {
		t.Errorf("a second one while the first is at it: %v, want %v", err, app.ErrReconciling)
	}
	if _, err := w.reconcile(app.Settings{}).Ask(t.Context(), app.ReconcileQuery{}); !errors.Is(err, app.ErrReconciling) {
		t.Errorf("asked for while one is at it: %v, want %v", err, app.ErrReconciling)
	}
	kill()
	running.Wait()
	if run := w.reconciles(t, app.ReconcileQuery{}); run.Missing != 3 || run.Listed != 3 {
		t.Errorf("who goes on: %+v, want three in all", run)
	}
}

// stuckLists lets some lists pass and hangs in the next.
type stuckLists struct {
	*memory.Gateway
	pass int
	at   chan struct{}
}

func (s *stuckLists) ListEvents(ctx context.Context, q ports.EventQuery) (ports.EventPage, error) {
	if s.pass--; s.pass >= 0 {
		return s.Gateway.ListEvents(ctx, q)
	}
	close(s.at)
	<-ctx.Done()
	return ports.EventPage{}, ctx.Err()
}

// A place in the list that Stripe has forgotten is no end of it.
func TestReconcile_AForgottenPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stripe.PageOf(1)
	for n := range 2 {
		_, told := w.sold(t, domain.UserID(fmt.Sprint("u", n)), "basic")
		w.drops(told["session"])
	}
	w.clock.advance(time.Hour)
	w.stripe.FailNext(nil, ports.ErrNotFound)
	if run := w.reconciles(t, app.ReconcileQuery{}); run.Missing != 2 {
		t.Errorf("got %+v, want both", run)
	}
}

func TestReconcile_ADryRunChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, told := w.sold(t, "u", "team")
	_, other := w.sold(t, "other", "basic")
	w.drops(told["subscription"], told["invoice"], other["session"])
	w.clock.advance(time.Hour)
	for user, missing := range map[domain.UserID]int{"": 3, "u": 2, "other": 1, "nobody": 0} {
		run := w.reconciles(t, app.ReconcileQuery{User: user, DryRun: true})
		if run.Missing != missing || len(run.Missed) != missing || run.Drifted() != 0 {
			t.Errorf("of %q: %+v, want %d missing", user, run, missing)
		}
	}
	if held := w.features(t, "u"); len(held) != 0 {
		t.Errorf("the user has %v", held)
	}
	if run := w.reconciles(t, app.ReconcileQuery{}); run.Missing != 3 {
		t.Errorf("then for good: %+v, want three", run)
	}
}

// One user is reconciled alone: missing events, and everything that there is.
func TestReconcile_OneUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, told := w.sold(t, "u", "team")
	_, other := w.sold(t, "other", "basic")
	w.drops(told["session"], other["session"]) // of the subscription nothing is told at all
	w.clock.advance(time.Hour)
	run := w.reconciles(t, app.ReconcileQuery{User: "u"})
	if run.Missing != 1 || run.Changed == 0 || len(w.features(t, "u")) == 0 || len(w.features(t, "other")) != 0 {
		t.Errorf("got %+v, u has %v and the other %v", run, w.features(t, "u"), w.features(t, "other"))
	}
	_, err := w.reconcile(app.Settings{}).Do(t.Context(), app.ReconcileQuery{User: "nobody"})
	if !errors.Is(err, app.ErrNobody) {
		t.Errorf("of nobody: %v, want %v", err, app.ErrNobody)
	}
	_, err = w.reconcile(app.Settings{}).Do(t.Context(), app.ReconcileQuery{Since: w.clock.now().Add(time.Hour)})
	if !errors.Is(err, app.ErrBadRequest) {
		t.Errorf("since tomorrow: %v, want %v", err, app.ErrBadRequest)
	}
}

// A user who is forgotten is not named by the run that was about them, either.
func TestReconcile_ForgetsWhomItWasAbout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, told := w.sold(t, "u", "basic")
	w.drops(factsOf(told)...)
	w.clock.advance(time.Hour)
	w.reconciles(t, app.ReconcileQuery{User: "u"})
	as, err := app.NewUserData(w.store, func() string { return "1" }).Forget(t.Context(), "u", true)
	if err != nil {
		t.Fatal(err)
	}
	if run, err := w.reconcile(app.Settings{}).Show(t.Context()); err != nil || run.Query.User != as || !run.Over() {
		t.Errorf("the run is about %q, %v, want %q", run.Query.User, err, as)
	}
}

// What no event tells of is found by what there is, and what stands as it did is no news.
func TestReconcile_ObjectsThatStandOtherwise(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, team := w.sold(t, "u", "team")
	w.deliver(t, factsOf(team)...)
	_, basic := w.sold(t, "b", "basic")
	w.deliver(t, basic["session"])
	w.clock.advance(40 * 24 * time.Hour)

	changed := team["subscription"].(domain.SubscriptionFact).Snapshot
	changed.Items = slices.Clone(changed.Items)
	changed.Items[0].Quantity = 7
	changed.Items[0].PeriodEnd = w.clock.now().Add(20 * 24 * time.Hour)
	w.stripe.SetSubscription(changed)
	refund := basic["refund"].(domain.RefundFact)
	refund.Amount, refund.CreatedAt = 1900, w.clock.now().Add(-35*24*time.Hour)
	w.stripe.SetReturned(refund, domain.RefundFact{
		ID: "re_stranger", Charge: "ch_stranger", Status: "succeeded", Amount: 1, Currency: "usd", CreatedAt: w.clock.now().Add(-2 * time.Hour),
	})
	w.stripe.SetCharge(domain.ChargeFact{ID: "ch_stranger", Customer: "cus_stranger", Amount: 1, Currency: "usd"})

	run := w.reconciles(t, app.ReconcileQuery{})
	if run.Drift[ports.DriftSubscription] != 1 || run.Drift[ports.DriftRefund] != 1 || run.Drifted() != 2 {
		t.Errorf("got %+v, want a subscription and a refund", run)
	}
	if seats := w.features(t, "u")["seats"]; seats != "35" {
		t.Errorf("seats %s, want 7 times 5", seats)
	}
	if held := w.features(t, "b"); len(held) != 0 {
		t.Errorf("what was refunded is held: %v", held)
	}
	asked := w.asked(domain.RefCharge, ports.AnswerSettled)
	if asked == 0 {
		t.Error("nobody asked whose the stranger's refund is")
	}
	w.clock.advance(25 * time.Hour)
	if run := w.reconciles(t, app.ReconcileQuery{}); run.Drifted() != 0 || w.asked(domain.RefCharge, ports.AnswerSettled) != asked {
		t.Errorf("the day after: %+v, and the stranger was asked about again", run)
	}
}

// A database that was restored from a backup gets back what was sold since, though no event
// comes any more: by the events, and by what there is where they are too old.
func TestReconcile_BringsBackWhatADatabaseHasLost(t *testing.T) {
	t.Parallel()
	for name, passed := range map[string]time.Duration{"by events": 24 * time.Hour, "by objects": 60 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := newWorld(t)
			order, told := before.sold(t, "u", "team")
			before.deliver(t, factsOf(told)...)
			want := before.features(t, "u")
			w := before.loses(t)
			sub := told["subscription"].(domain.SubscriptionFact).Snapshot
			if name == "by objects" {
				sub.Items = slices.Clone(sub.Items)
				sub.Items[0].PeriodEnd = w.clock.now().Add(passed + 24*time.Hour)
				w.stripe.SetSubscription(sub)
			}
			w.clock.advance(passed)
			run := w.reconciles(t, app.ReconcileQuery{})
			if got := w.features(t, "u"); len(want) == 0 || !maps.Equal(got, want) {
				t.Errorf("the user has %v, and had %v: %+v", got, want, run)
			}
			if remade, user, err := w.store.Order(t.Context(), order.ID); err != nil || user != "u" || remade.Status != domain.OrderPaid {
				t.Errorf("the order: %+v of %q, %v", remade, user, err)
			}
			if n := w.meter.OrdersRemade(); n != 1 {
				t.Errorf("%d orders counted as made again", n)
			}
		})
	}
}

// The worker does what is due and no more: events every hour, objects once a day, and what
// somebody asks for at once; it says what happened.
func TestReconcile_TheWorkerKeepsItsTimes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var runs []app.ReconcileRun
	start := w.clock.now()
	reconcile := w.reconcile(app.Settings{ReconcileEvery: time.Hour})
	reconcile.Run(ctx, 5*time.Minute, func(run app.ReconcileRun, err error) {
		if err != nil {
			t.Error(err)
		}
		runs = append(runs, run)
		if len(runs) == 3 {
			if _, err := reconcile.Ask(ctx, app.ReconcileQuery{DryRun: true}); err != nil {
				t.Error(err)
			}
		}
		if w.clock.now().Sub(start) > 49*time.Hour {
			cancel()
		}
	})
	objects, asked := 0, 0
	for i, run := range runs {
		if run.Objects {
			objects++
		}
		if !run.Scheduled {
			asked++
			continue
		}
		if i > 0 && runs[i-1].Scheduled && run.StartedAt.Sub(runs[i-1].StartedAt) < time.Hour {
			t.Errorf("run %d began %s after the one before", i, run.StartedAt.Sub(runs[i-1].StartedAt))
		}
	}
	if since := runs[0].StartedAt.Sub(start); since < 5*time.Minute || since > 10*time.Minute {
		t.Errorf("the first run began after %s", since)
	}
	if len(runs) < 45 || len(runs) > 51 || objects != 2 && objects != 3 || asked != 1 {
		t.Errorf("%d runs in 49 hours, %d with objects, %d asked for", len(runs), objects, asked)
	}
}

// Switched off, it does what somebody asks for alone.
func TestReconcile_Off(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	looks := 0
	timer := func(d time.Duration) <-chan time.Time {
		if looks++; looks > 1000 {
			cancel()
		}
		return w.clock.after(d)
	}
	reconcile := app.NewReconcile(w.store, w.stripe, catalog, app.Settings{}, w.fulfill, w.syncUser, w.clock.now, timer, w.meter)
	reconcile.Run(ctx, 0, func(run app.ReconcileRun, err error) { t.Errorf("it did %+v, %v", run, err) })
	if n := w.stripe.Calls(); n != 0 {
		t.Errorf("%d calls", n)
	}
	if _, err := reconcile.Show(t.Context()); !errors.Is(err, ports.ErrNotFound) {
		t.Errorf("shown is %v, want %v", err, ports.ErrNotFound)
	}
}

// Failures are told as they are, and tried again after a while.
func TestReconcile_TheWorkerTriesAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, told := w.sold(t, "u", "basic")
	w.drops(told["session"])
	w.clock.advance(time.Hour)
	w.stripe.FailNext(fmt.Errorf("list events: %w", ports.ErrGatewayBusy))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var failed time.Time
	w.reconcile(app.Settings{ReconcileEvery: time.Hour}).Run(ctx, 0, func(run app.ReconcileRun, err error) {
		if err != nil {
			if failed = w.clock.now(); !strings.Contains(err.Error(), "list events") {
				t.Errorf("it says %v", err)
			}
			return
		}
		if after := w.clock.now().Sub(failed); failed.IsZero() || after < 5*time.Minute || run.Failure != "" {
			t.Errorf("it went on %s after it failed: %+v", after, run)
		}
		cancel()
	})
	if len(w.features(t, "u")) == 0 {
		t.Error("what was bought is not held")
	}
}
