package app_test

import (
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
	derive := app.NewDeriveAgain(store, catalog, clock.now)
	if _, err := app.NewAdoptDatabase(store, catalog, app.Settings{}, derive, time.After).CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := app.SameCatalog(t.Context(), store, catalog); err != nil {
		t.Errorf("the service's own: %v", err)
	}
	other := domain.Catalog{Features: catalog.Features}
	if err := app.SameCatalog(t.Context(), store, other); err == nil || !strings.Contains(err.Error(), "CATALOG") {
		t.Errorf("another: got %v, want an error that names CATALOG", err)
	}
}
