package bunstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/bunstore"
	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
	"github.com/entitled-dev/entitled/ports/portstest"
)

// Numbers are given before the commit: who reads changes by them, and remembers the highest,
// loses those of a transaction that took longer. The test of the feed has to notice.
func TestFeed_RememberingTheHighestNumberLosesChanges(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	s := open(t, url)
	pool, err := bunstore.Pool(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	// Every other transaction takes its time between its number and its commit.
	for _, sql := range []string{
		"CREATE FUNCTION take_time() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.05); RETURN NEW; END'",
		"CREATE TRIGGER take_time AFTER INSERT ON entitlement_changes FOR EACH ROW WHEN (NEW.seq % 2 = 0) EXECUTE FUNCTION take_time()",
	} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	byNumber := func(ctx context.Context, after int64) ([]domain.RightChange, error) {
		rows, err := pool.Query(ctx, "SELECT seq, user_id, value_limit FROM entitlement_changes WHERE seq > $1 ORDER BY seq LIMIT 50", after)
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		var all []domain.RightChange
		for rows.Next() {
			c := domain.RightChange{After: &domain.Right{Value: domain.Limit(0)}}
			if err := rows.Scan(&c.Position, &c.User, &c.After.Value.Limit); err != nil {
				return nil, err
			}
			all = append(all, c)
		}
		return all, rows.Err()
	}
	for range 5 { // a slow machine commits little in the time
		if err := portstest.ReadFeed(t, s, byNumber); err != nil {
			t.Log(err)
			return
		}
	}
	t.Error("no reader lost a change")
}

// Nobody waits for whoever tells, and whoever tells waits for nobody.
func TestFeed_PassesOverWhomAnUpdateHolds(t *testing.T) {
	t.Parallel()
	s := open(t, pgtest.URL(t))
	noon := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	grant := func(user domain.UserID) func(ports.Found) (ports.Kept, error) {
		return func(f ports.Found) (ports.Kept, error) {
			state := f.States[user]
			given := domain.Entitlement{
				Feature: "sso", Source: domain.Source{Kind: domain.SourceGrant, ID: "g_" + string(user)}, Value: domain.Flag(), Since: noon, Until: noon.Add(time.Hour),
			}
			state.Account = state.Account.WithGrant(domain.Grant{ID: domain.GrantID(given.Source.ID), Feature: "sso", Value: domain.Flag()})
			state.Entitlements = []domain.Entitlement{given}
			return ports.Kept{States: []ports.State{state}, Changes: []domain.Change{{User: user, Kind: domain.ChangeGranted, Entitlement: given, At: noon}}}, nil
		}
	}
	tell := func(now time.Time) ports.TellResult {
		t.Helper()
		result, err := s.Tell(t.Context(), now, 100, func(untold []ports.Untold) []ports.Telling {
			var all []ports.Telling
			for _, of := range untold {
				all = append(all, of.Tell(now, domain.Catalog{}))
			}
			return all
		})
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
	for _, user := range []domain.UserID{"ann", "bob"} {
		if err := s.Update(t.Context(), ports.Touch{Users: []domain.UserID{user}}, grant(user)); err != nil {
			t.Fatal(err)
		}
	}
	tell(noon)
	later := noon.Add(2 * time.Hour)
	err := s.Update(t.Context(), ports.Touch{Users: []domain.UserID{"ann"}}, func(ports.Found) (ports.Kept, error) {
		if result := tell(later); result.End != 3 {
			t.Errorf("while ann is held the feed ends at %d, want 3: bob's right is over", result.End)
		}
		return ports.Kept{}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if result := tell(later); result.End != 4 {
		t.Errorf("after that the feed ends at %d, want 4", result.End)
	}
}
