package bunstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/entitled-dev/entitled/adapters/bunstore"
	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func wantUnavailable(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, ports.ErrUnavailable) {
		t.Errorf("%s: %v, want %v", what, err, ports.ErrUnavailable)
	}
}

// keepReceipt keeps a receipt and makes sure of an account for a user.
func keepReceipt(ctx context.Context, s *bunstore.Store, user domain.UserID, event string) error {
	return s.Update(ctx, ports.Touch{Users: []domain.UserID{user}}, func(f ports.Found) (ports.Kept, error) {
		state := f.States[user]
		state.Account.CustomerKey = event
		return ports.Kept{
			States: []ports.State{state},
			Receipts: []domain.ProcessedEvent{{
				ID: domain.EventID(event), Outcome: domain.OutcomeIgnored, Attempts: 1, ReceivedAt: began, Payload: []byte(event),
			}},
		}, nil
	})
}

func TestOutage(t *testing.T) {
	t.Parallel()
	for _, mode := range []pgtest.Mode{pgtest.Fast, pgtest.Immediate} {
		t.Run(map[pgtest.Mode]string{pgtest.Fast: "shut down", pgtest.Immediate: "crashed"}[mode], func(t *testing.T) {
			t.Parallel()
			server := pgtest.Start(t, pgtest.Durable())
			s := open(t, server.URL())

			// Traffic goes on all the time; whoever is told "kept" is remembered.
			var kept sync.Map
			var failures, stop atomic.Int64
			var wg sync.WaitGroup
			for lane := range 4 {
				wg.Go(func() {
					for n := 0; stop.Load() == 0; n++ {
						event := fmt.Sprintf("evt_%d_%d", lane, n)
						err := keepReceipt(t.Context(), s, domain.UserID(fmt.Sprintf("user%d", lane)), event)
						switch {
						case err == nil:
							kept.Store(event, true)
						case errors.Is(err, ports.ErrUnavailable):
							failures.Add(1)
						default:
							t.Errorf("update during an outage: %v", err)
						}
					}
				})
			}
			time.Sleep(200 * time.Millisecond)
			server.Stop(mode)
			_, err := s.Entitlements(t.Context(), []domain.UserID{"user1"})
			wantUnavailable(t, "Entitlements", err)
			_, err = s.State(t.Context(), "user1")
			wantUnavailable(t, "State", err)
			wantUnavailable(t, "Ready", s.Ready(t.Context()))
			wantUnavailable(t, "Fail", s.Fail(t.Context(), domain.ProcessedEvent{ID: "evt_x", ReceivedAt: began}))
			server.Start()
			time.Sleep(200 * time.Millisecond)
			stop.Store(1)
			wg.Wait()

			// The same store works again, and nothing is missing.
			if err := keepReceipt(t.Context(), s, "user1", "evt_after"); err != nil {
				t.Fatalf("update after the outage: %v", err)
			}
			if failures.Load() == 0 {
				t.Error("nobody noticed the outage")
			}
			kept.Range(func(event, _ any) bool {
				if _, err := s.Receipt(t.Context(), domain.EventID(event.(string))); err != nil {
					t.Errorf("%s was kept and is lost: %v", event, err)
				}
				return true
			})
		})
	}
}

// Connections that died while idle are no reason to fail.
func TestOutage_ConnectionsEnded(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	s := open(t, url)
	for n := range 5 {
		exec(t, url, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = 'entitled'`)
		if err := keepReceipt(t.Context(), s, "ann", fmt.Sprintf("evt_%d", n)); err != nil {
			t.Errorf("Update: %v", err)
		}
		if _, err := s.Entitlements(t.Context(), []domain.UserID{"ann"}); err != nil {
			t.Errorf("Entitlements: %v", err)
		}
	}
}

// Whoever has waited for long enough is refused, on each way to a connection, also if one is
// free by then.
func TestOutage_ARequestWaitsForConnectionsNoLongerThanItsPatience(t *testing.T) {
	t.Parallel()
	s := open(t, pgtest.URL(t)+"&pool_max_conns=1")
	for name, call := range map[string]func(context.Context) error{
		"Update":       func(ctx context.Context) error { return keepReceipt(ctx, s, "ann", "evt_0") },
		"Entitlements": func(ctx context.Context) error { _, err := s.Entitlements(ctx, []domain.UserID{"ann"}); return err },
		"Endpoints":    func(ctx context.Context) error { _, err := s.Endpoints(ctx); return err },
	} {
		request := ports.WithPatience(t.Context(), 20*time.Millisecond)
		if err := call(request); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		release, err := s.Hold(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		wantUnavailable(t, name, call(request))
		if err := release(); err != nil {
			t.Error(err)
		}
		wantUnavailable(t, name+" of who has waited", call(request))
		if err := call(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUpdate_LockHeldByAnother(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	s := open(t, url+"&lock_timeout=200")
	if err := keepReceipt(t.Context(), s, "ann", "evt_0"); err != nil {
		t.Fatal(err)
	}
	other := lockAccount(t, url, "ann")
	wantUnavailable(t, "Update", keepReceipt(t.Context(), s, "ann", "evt_1"))
	if err := keepReceipt(t.Context(), s, "bob", "evt_2"); err != nil {
		t.Errorf("Update of another account: %v", err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		time.Sleep(300 * time.Millisecond)
		if err := other.Rollback(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if err := keepReceipt(t.Context(), s, "ann", "evt_3"); err != nil {
		t.Errorf("Update whose lock came free after its first try: %v", err)
	}
	wg.Wait()
}

// A real deadlock, with a transaction that does not keep to the order of locks.
func TestUpdate_Deadlock(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	s := open(t, url)
	for _, user := range []domain.UserID{"ann", "bob"} {
		if err := keepReceipt(t.Context(), s, user, "evt_"+string(user)); err != nil {
			t.Fatal(err)
		}
	}
	other := lockAccount(t, url, "bob")
	done := make(chan error)
	runs := 0
	go func() {
		done <- s.Update(t.Context(), ports.Touch{Users: []domain.UserID{"ann", "bob"}}, func(f ports.Found) (ports.Kept, error) {
			runs++
			state := f.States["bob"]
			state.Account.CustomerKey += "+"
			return ports.Kept{States: []ports.State{state}}, nil
		})
	}()
	time.Sleep(200 * time.Millisecond) // the update holds ann and waits for bob
	_, err := other.Exec(t.Context(), "UPDATE accounts SET customer_key = 'other' WHERE user_id = 'ann'")
	if err == nil {
		err = other.Commit(t.Context())
	} else {
		_ = other.Rollback(t.Context()) // the other one was chosen to give way
	}
	if updated := <-done; updated != nil {
		t.Errorf("Update: %v, want success (the other transaction: %v)", updated, err)
	}
	if state, err := s.State(t.Context(), "bob"); err != nil || state.Account.CustomerKey != "evt_bob+" {
		t.Errorf("state %+v, %v after %d runs", state, err, runs)
	}
}

func lockAccount(t *testing.T, url, user string) pgx.Tx {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT 1 FROM accounts WHERE user_id = $1 FOR UPDATE", user); err != nil {
		t.Fatal(err)
	}
	return tx
}

// A migration beside a running program makes what it has prepared stale.
func TestUpdate_AfterMigration(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	s := open(t, url)
	for _, change := range []string{
		"SELECT 1", "ALTER TABLE orders ADD COLUMN note text NOT NULL DEFAULT ''",
		"ALTER TABLE entitlements ALTER COLUMN plan TYPE varchar(100)",
	} {
		exec(t, url, change)
		if err := keepReceipt(t.Context(), s, "ann", "evt_"+strings.Fields(change)[0]); err != nil {
			t.Errorf("Update after %s: %v", change, err)
		}
		if _, err := s.Entitlements(t.Context(), []domain.UserID{"ann"}); err != nil {
			t.Errorf("Entitlements after %s: %v", change, err)
		}
	}
}

// A name that becomes known while an update waits for its account is not missed.
func TestUpdate_NameBecomesKnown(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	s := open(t, url)
	for _, user := range []domain.UserID{"ann", "bob"} {
		if err := keepReceipt(t.Context(), s, user, "evt_"+string(user)); err != nil {
			t.Fatal(err)
		}
	}
	other := lockAccount(t, url, "ann")
	late := domain.Ref{Kind: domain.RefSession, ID: "cs_late"}
	done := make(chan error)
	go func() {
		touch := ports.Touch{Users: []domain.UserID{"ann"}, Refs: []domain.Ref{late}}
		done <- s.Update(t.Context(), touch, func(f ports.Found) (ports.Kept, error) {
			if f.Owners[late] != "bob" || f.States["bob"].Account.CustomerKey != "evt_bob" {
				return ports.Kept{}, fmt.Errorf("found %+v", f)
			}
			return ports.Kept{}, nil
		})
	}()
	time.Sleep(200 * time.Millisecond)
	exec(t, url, "INSERT INTO refs (kind, id, user_id) VALUES ('checkout_session', 'cs_late', 'bob')")
	if err := other.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("Update: %v", err)
	}
}

// A commit that takes longer than a lock may is no lock.
func TestUpdate_SlowCommitIsNoLock(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	s := open(t, url)
	exec(t, url, `CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.3); RETURN NULL; END'`)
	exec(t, url, `CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON processed_events DEFERRABLE INITIALLY DEFERRED
		FOR EACH ROW EXECUTE FUNCTION dawdle()`)
	r := domain.ProcessedEvent{ID: "evt_1", Outcome: domain.OutcomeIgnored, Attempts: 1, ReceivedAt: began}
	err := s.Update(t.Context(), ports.Touch{Users: []domain.UserID{"ann"}, LockWait: 20 * time.Millisecond}, func(ports.Found) (ports.Kept, error) {
		return ports.Kept{Receipts: []domain.ProcessedEvent{r}}, nil
	})
	if err != nil {
		t.Errorf("Update: %v", err)
	}
}
