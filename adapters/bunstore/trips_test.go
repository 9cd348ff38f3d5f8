package bunstore_test

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/entitled-dev/entitled/adapters/bunstore"
	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
	"github.com/entitled-dev/entitled/domain"
)

// What a connection has not prepared yet costs no round trip of its own: with a server
// that is far away, whoever comes first after a failover would wait for each of them.
func TestTrips(t *testing.T) {
	t.Parallel()
	proxy := pgtest.NewProxy(t, pgtest.URL(t))
	conn, err := pgx.Connect(t.Context(), proxy.URL())
	if err != nil {
		t.Fatal(err)
	}
	connecting := proxy.Trips()
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		call func(s *bunstore.Store) error
		want int
	}{
		"update": {func(s *bunstore.Store) error { return keepReceipt(t.Context(), s, "ann", "evt_1") }, 2},
		"entitlements": {func(s *bunstore.Store) error {
			_, err := s.Entitlements(t.Context(), []domain.UserID{"ann"})
			return err
		}, 1},
		"state": {func(s *bunstore.Store) error { _, err := s.State(t.Context(), "ann"); return err }, 1},
		// Two keep a change. Then: whether there is any, the lock, what there is, what its users
		// were told before, and what they are told now.
		"tell": {func(s *bunstore.Store) error { return errors.Join(keepsOfAll(t, s, "bob"), tells(t, s)) }, 2 + 5},
	} {
		s, err := bunstore.Open(t.Context(), proxy.URL())
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []int{connecting + c.want, c.want} {
			when := []string{"cold", "warm"}[i]
			before := proxy.Trips()
			if err := c.call(s); err != nil {
				t.Fatal(err)
			}
			if took := proxy.Trips() - before; took != want {
				t.Errorf("%s, %s: %d round trips, want %d", what, when, took, want)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
