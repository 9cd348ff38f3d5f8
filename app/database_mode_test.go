package app_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
)

func TestDatabaseMode_IsSetWhileNothingWasSold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mode := app.NewDatabaseMode(w.store)
	check := func(settings app.Settings) error {
		return app.NewAdoptDatabase(w.store, catalog, settings, nil, nil).Check(t.Context())
	}
	if kept, err := mode.Show(t.Context()); err != nil || kept != (app.KeptMode{}) {
		t.Errorf("of a new database: %+v, %v", kept, err)
	}
	accepted(t, w.store, app.Settings{Livemode: true, Account: "acct_1"})
	if kept, err := mode.Show(t.Context()); err != nil || kept != (app.KeptMode{Mode: "live", Account: "acct_1", AccountKnown: true}) {
		t.Errorf("once Stripe took a live key: %+v, %v", kept, err)
	}
	// Events that were none of ours, and grants, are no sale.
	receive(t, w.store, domain.ProcessedEvent{ID: "evt_1", Outcome: domain.OutcomeIgnored, Livemode: true})
	if kept, err := mode.Set(t.Context(), "test"); err != nil || kept != (app.KeptMode{Mode: "test"}) {
		t.Errorf("back to test: %+v, %v", kept, err)
	}
	if err := check(app.Settings{Account: "acct_2"}); err != nil {
		t.Errorf("a test key of another account: %v", err)
	}
	if err := check(app.Settings{Livemode: true}); err == nil {
		t.Error("a live key is taken by a database that was set to test")
	}
	var misfit app.Misfit
	if _, err := mode.Set(t.Context(), "prod"); !errors.Is(err, app.ErrBadRequest) || errors.As(err, &misfit) {
		t.Errorf("a mode that is none: %v", err)
	}
}

func TestDatabaseMode_StaysOnceSomethingWasSold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sell func(*testing.T, *world)
		says string
	}{
		"an open checkout": {func(t *testing.T, w *world) { w.start(t, app.CheckoutRequest{User: "u", Plan: "basic"}) }, "order ord_"},
		"an event": {func(t *testing.T, w *world) {
			receive(t, w.store, domain.ProcessedEvent{ID: "evt_1", Outcome: domain.OutcomeQuarantined})
		}, "event evt_1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			mode := app.NewDatabaseMode(w.store)
			accepted(t, w.store, app.Settings{Account: "acct_1"})
			c.sell(t, w)
			var misfit app.Misfit
			if _, err := mode.Set(t.Context(), "live"); !errors.As(err, &misfit) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("set to live: %v, want refused for %q", err, c.says)
			}
			kept, err := mode.Set(t.Context(), "test")
			if err != nil || kept != (app.KeptMode{Mode: "test", Account: "acct_1", AccountKnown: true}) {
				t.Errorf("set to what it is: %+v, %v, want all as it was", kept, err)
			}
		})
	}
}

// Ensure that all users are looked at, whatever page they are on.
func TestDatabaseMode_FindsTheOneSaleAmongManyUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	grants := app.NewManualGrants(w.store, catalog, w.clock.now, func() string { return "1" })
	for n := range 150 {
		user := domain.UserID("a" + strings.Repeat("b", n))
		if _, err := grants.Give(t.Context(), app.GrantRequest{User: user, Feature: "sso", Reason: "r", By: "b", ClientKey: "k"}); err != nil {
			t.Fatal(err)
		}
	}
	accepted(t, w.store, app.Settings{})
	mode := app.NewDatabaseMode(w.store)
	if _, err := mode.Set(t.Context(), "live"); err != nil {
		t.Errorf("grants alone: %v", err)
	}
	if _, err := mode.Set(t.Context(), "test"); err != nil {
		t.Fatal(err)
	}
	w.start(t, app.CheckoutRequest{User: "z", Plan: "basic"})
	if _, err := mode.Set(t.Context(), "live"); err == nil {
		t.Error("the last user's checkout was not seen")
	}
}
