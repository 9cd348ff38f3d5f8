package app_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func TestAdoptDatabase_RefusesTheOtherMode(t *testing.T) {
	t.Parallel()
	store := memory.NewStore()
	adopt := func(live bool) error {
		return app.NewAdoptDatabase(store, catalog, app.Settings{Livemode: live}, nil, nil).Check(t.Context())
	}
	for range 2 {
		if err := adopt(false); err != nil {
			t.Fatal(err)
		}
	}
	accepted(t, store, app.Settings{})
	if err := adopt(true); err == nil || !strings.Contains(err.Error(), "use a database for each mode") {
		t.Errorf("a live key on a test database: got %v", err)
	}
}

// accepted is Stripe's answer to a key of these settings.
func accepted(t *testing.T, store ports.Store, settings app.Settings) {
	t.Helper()
	if err := app.NewAdoptDatabase(store, catalog, settings, nil, nil).Accepted(t.Context(), stripePrices()); err != nil {
		t.Fatal(err)
	}
}

// Ensure that a key which Stripe never took leaves no mark: it may be of the wrong mode,
// or of nobody.
func TestAdoptDatabase_KeepsModeAndAccountOnlyOnceStripeTakesTheKey(t *testing.T) {
	t.Parallel()
	store := memory.NewStore()
	wrong := app.NewAdoptDatabase(store, catalog, app.Settings{Livemode: true, Account: "acct_wrong"}, nil, nil)
	right := app.NewAdoptDatabase(store, catalog, app.Settings{Account: "acct_1"}, nil, nil)
	if err := wrong.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := wrong.Accepted(t.Context(), nil); err != nil { // an answer that names no price of ours
		t.Fatal(err)
	}
	if err := right.Start(t.Context()); err != nil {
		t.Errorf("the right key, after a start with a wrong one: %v", err)
	}
	if err := right.Accepted(t.Context(), stripePrices()); err != nil {
		t.Fatal(err)
	}
	var misfit app.Misfit
	if err := wrong.Check(t.Context()); !errors.As(err, &misfit) {
		t.Errorf("the wrong key, once the right one was taken: %v", err)
	}
	// Of two that were started beside each other only the first may go on.
	if err := wrong.Accepted(t.Context(), stripePrices()); !errors.As(err, &misfit) {
		t.Errorf("taken, after another one was: %v", err)
	}
}

// What Stripe sent was signed for one mode, whether or not it has answered a call yet.
func TestAdoptDatabase_KnowsTheModeByWhatWasReceived(t *testing.T) {
	t.Parallel()
	for outcome, refused := range map[domain.Outcome]bool{domain.OutcomeApplied: true, domain.OutcomeQuarantined: true, domain.OutcomeIgnored: false} {
		store := memory.NewStore()
		receive(t, store, domain.ProcessedEvent{ID: "evt_1", Outcome: outcome, Livemode: true})
		err := app.NewAdoptDatabase(store, catalog, app.Settings{}, nil, nil).Check(t.Context())
		if (err != nil) != refused {
			t.Errorf("a test key, where a live event was %s: %v, want refused %t", outcome, err, refused)
		}
	}
}

func receive(t *testing.T, store ports.Store, receipts ...domain.ProcessedEvent) {
	t.Helper()
	err := store.Update(t.Context(), ports.Touch{}, func(ports.Found) (ports.Kept, error) {
		return ports.Kept{Receipts: receipts}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAdoptDatabase_RefusesAnotherAccount(t *testing.T) {
	t.Parallel()
	store := memory.NewStore()
	adopt := func(account string) error {
		return app.NewAdoptDatabase(store, catalog, app.Settings{Account: account}, nil, nil).Check(t.Context())
	}
	if err := adopt("acct_1"); err != nil {
		t.Fatal(err)
	}
	accepted(t, store, app.Settings{Account: "acct_1"})
	if err := adopt("acct_1"); err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{"acct_2", ""} {
		if err := adopt(other); err == nil || !strings.Contains(err.Error(), "use a database for each account") {
			t.Errorf("account %q on a database of acct_1: got %v", other, err)
		}
	}
}

func TestAdoptDatabase_DerivesAgainOnlyForAnotherCatalog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order := w.start(t, app.CheckoutRequest{User: "u", Plan: "basic"})
	w.deliver(t, w.stripe.Pay(order.Session)...)
	catchUp := func(c domain.Catalog) int {
		derive := app.NewDeriveAgain(w.store, c, w.clock.now)
		changes, err := app.NewAdoptDatabase(w.store, c, app.Settings{}, derive, atOnce).CatchUp(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return changes
	}
	richer := domain.Catalog{Features: catalog.Features, Plans: map[domain.PlanKey]domain.Plan{}}
	basic := catalog.Plans["basic"]
	basic.Grants = map[domain.FeatureKey]domain.Value{"projects": domain.Limit(11)}
	richer.Plans["basic"] = basic
	for i, step := range []struct {
		catalog domain.Catalog
		want    int
	}{{catalog, 0}, {richer, 1}, {richer, 0}, {catalog, 1}} {
		if got := catchUp(step.catalog); got != step.want {
			t.Errorf("step %d: %d changes, want %d", i, got, step.want)
		}
	}
}

// A catalog that turns out to be wrong is taken back within minutes, while programs
// with the old one may still run.
func TestAdoptDatabase_TakesBackACatalogThatWasDerivedHalfWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order := w.start(t, app.CheckoutRequest{User: "u", Plan: "basic"})
	w.deliver(t, w.stripe.Pay(order.Session)...)
	start := func(c domain.Catalog, timer ports.Timer) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		after := func(d time.Duration) <-chan time.Time {
			if timer == nil {
				stop()
				return nil
			}
			return timer(d)
		}
		_, err := app.NewAdoptDatabase(w.store, c, app.Settings{}, app.NewDeriveAgain(w.store, c, w.clock.now), after).CatchUp(ctx)
		if err != nil && ctx.Err() == nil {
			t.Fatal(err)
		}
	}
	start(catalog, atOnce)
	start(domain.Catalog{Features: catalog.Features}, nil)
	if held := w.features(t, "u"); len(held) > 0 {
		t.Fatalf("holds %v with a catalog without plans", held)
	}
	start(catalog, atOnce)
	if held := w.features(t, "u"); held["projects"] != "10" {
		t.Errorf("holds %v, want what the old catalog gives", held)
	}
}

// atOnce is a timer for tests.
func atOnce(time.Duration) <-chan time.Time {
	passed := make(chan time.Time, 1)
	passed <- time.Time{}
	return passed
}

// While replicas are replaced, one with the old catalog may undo what the new one
// has derived.
func TestAdoptDatabase_LooksAgainWhenTheOldProgramIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order := w.start(t, app.CheckoutRequest{User: "u", Plan: "basic"})
	w.deliver(t, w.stripe.Pay(order.Session)...)
	richer := domain.Catalog{Features: catalog.Features, Plans: map[domain.PlanKey]domain.Plan{}}
	basic := catalog.Plans["basic"]
	basic.Grants = map[domain.FeatureKey]domain.Value{"projects": domain.Limit(11)}
	richer.Plans["basic"] = basic
	if err := w.store.SetSetting(t.Context(), "catalog", "the old one"); err != nil {
		t.Fatal(err)
	}
	theOldOneActs := func(d time.Duration) <-chan time.Time {
		if _, err := app.NewDeriveAgain(w.store, catalog, w.clock.now).Users(t.Context(), []domain.UserID{"u"}); err != nil {
			t.Error(err)
		}
		return atOnce(d)
	}
	adopt := app.NewAdoptDatabase(w.store, richer, app.Settings{}, app.NewDeriveAgain(w.store, richer, w.clock.now), theOldOneActs)
	if _, err := adopt.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if held := w.features(t, "u"); held["projects"] != "11" {
		t.Errorf("holds %v", held)
	}
}
