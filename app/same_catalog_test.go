package app_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
)

func TestSameCatalog_RefusesAnotherThanTheServices(t *testing.T) {
	t.Parallel()
	store, clock := memory.NewStore(), &clock{}
	if err := app.SameCatalog(t.Context(), store, catalog); err != nil {
		t.Errorf("before any service ran: %v", err)
	}
	// Each start is interrupted while replicas with the old catalog may still run: to
	// commands the new one is the service's own from the beginning.
	start := func(c domain.Catalog) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		timer := func(time.Duration) <-chan time.Time { stop(); return nil }
		adopt := app.NewAdoptDatabase(store, c, app.Settings{}, app.NewDeriveAgain(store, c, clock.now), timer)
		if err := adopt.Start(ctx); err != nil {
			t.Fatal(err)
		}
		_, err := adopt.CatchUp(ctx)
		if err != nil && ctx.Err() == nil {
			t.Fatal(err)
		}
	}
	other := domain.Catalog{Features: catalog.Features}
	for _, c := range []struct {
		name         string
		ours, theirs domain.Catalog
	}{
		{"the first start", catalog, other},
		{"a start with another", other, catalog},
		{"and back", catalog, other},
	} {
		start(c.ours)
		if err := app.SameCatalog(t.Context(), store, c.ours); err != nil {
			t.Errorf("%s: its own: %v", c.name, err)
		}
		if err := app.SameCatalog(t.Context(), store, c.theirs); err == nil || !strings.Contains(err.Error(), "CATALOG") {
			t.Errorf("%s: another: got %v, want an error that names CATALOG", c.name, err)
		}
	}
}
