package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func TestAdminLog_ListsPageByPage(t *testing.T) {
	t.Parallel()
	log := app.NewAdminLog(memory.NewStore(), func() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) })
	for n := range 450 {
		if err := log.Keep(t.Context(), ports.AdminAction{Action: app.ActExplain, User: "u", About: fmt.Sprint(n)}); err != nil {
			t.Fatal(err)
		}
	}
	for limit, want := range map[int]int{0: 450, 1: 1, 200: 200, 201: 201, 1000: 450} {
		next := 449
		err := log.Each(t.Context(), ports.AdminLogQuery{User: "u", Limit: limit}, func(a ports.AdminAction) error {
			if a.About != fmt.Sprint(next) {
				return fmt.Errorf("got %s, want %d: the last kept first, each of them once", a.About, next)
			}
			next--
			return nil
		})
		if got := 449 - next; err != nil || got != want {
			t.Errorf("at most %d: got %d, %v, want %d", limit, got, err, want)
		}
	}
}

// A replay may name thousands of events.
func TestAdminLog_BoundsWhatItKeeps(t *testing.T) {
	t.Parallel()
	store := memory.NewStore()
	query := app.ReplayQuery{IDs: make([]domain.EventID, 5000)}
	for n := range query.IDs {
		query.IDs[n] = "evt_é"
	}
	action := ports.AdminAction{Action: app.ActEventsReplay, About: query.About()}
	if err := app.NewAdminLog(store, time.Now).Keep(t.Context(), action); err != nil {
		t.Fatal(err)
	}
	kept, err := store.AdminLog(t.Context(), ports.AdminLogQuery{})
	if err != nil || len(kept) != 1 {
		t.Fatalf("got %v, %v", kept, err)
	}
	if about := kept[0].About; len(about) > 1010 || !strings.HasPrefix(about, "evt_é evt_é ") || !strings.HasSuffix(about, " ...") {
		t.Errorf("kept %d bytes: %.40q...", len(about), about)
	}
}
