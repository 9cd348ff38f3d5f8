package bunstore_test

import (
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/bunstore/sqlitetest"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Ensure that a SQLite file is a backup of all once its store is closed, though a connection
// is still in use when that begins.
func TestClose_LeavesAllInTheFile(t *testing.T) {
	t.Parallel()
	url := sqlitetest.URL(t)
	s := openAsIs(t, url)
	release, err := s.Hold(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Update(t.Context(), ports.Touch{Users: []domain.UserID{"ann"}}, func(f ports.Found) (ports.Kept, error) {
		state := f.States["ann"]
		state.Account.Customer = "cus_ann"
		return ports.Kept{States: []ports.State{state}}, nil
	}); err != nil {
		t.Fatal(err)
	}
	closed := make(chan error)
	go func() { closed <- s.Close() }()
	time.AfterFunc(50*time.Millisecond, func() { _ = release() }) // as a rollback that is still under way
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	copied := openAsIs(t, sqlitetest.Copy(t, url))
	states, err := copied.States(t.Context(), []domain.UserID{"ann"})
	if err != nil || states["ann"].Account.Customer != "cus_ann" {
		t.Errorf("a copy of the file has %v, %v, want the customer cus_ann", states["ann"].Account.Customer, err)
	}
}
