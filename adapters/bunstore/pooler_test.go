package bunstore_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/entitled-dev/entitled/adapters/bunstore"
	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
	"github.com/entitled-dev/entitled/ports/portstest"
)

// The contract holds behind PgBouncer in transaction mode, as it comes.
func TestStore_PgBouncer(t *testing.T) {
	t.Parallel()
	pooler := pgtest.Bouncer(t, pgtest.URL(t))
	portstest.TestStore(t, func(t *testing.T) ports.Store { return openAsIs(t, pooler.URL(pgtest.URL(t))) })
}

// Many more callers than connections to the server: each gets another all the time. So it
// is too where it was told to pass over settings that it does not know.
func TestPgBouncer_ManyCallers(t *testing.T) {
	t.Parallel()
	for what, settings := range map[string][]string{
		"as it comes":           nil,
		"passing over settings": {"ignore_startup_parameters = lock_timeout, statement_timeout, idle_in_transaction_session_timeout, enable_seqscan, plan_cache_mode, jit"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			url := pgtest.URL(t)
			manyCallers(t, pgtest.Bouncer(t, url, settings...).URL(url))
		})
	}
}

func manyCallers(t *testing.T, pooled string) {
	t.Helper()
	var wg sync.WaitGroup
	for replica := range 3 {
		s := openAsIs(t, pooled)
		for lane := range 4 {
			user := domain.UserID(fmt.Sprintf("user%d_%d", replica, lane))
			wg.Go(func() {
				for n := range 20 {
					if err := keepReceipt(t.Context(), s, user, fmt.Sprintf("evt_%s_%d", user, n)); err != nil {
						t.Errorf("Update: %v", err)
					}
					if _, err := s.Entitlements(t.Context(), []domain.UserID{user}); err != nil {
						t.Errorf("Entitlements: %v", err)
					}
				}
			})
		}
	}
	wg.Wait()
}

// A migration's lock is of a session, which a pooler in transaction mode has not.
func TestMigrate_RefusesAPooler(t *testing.T) {
	t.Parallel()
	url := pgtest.EmptyURL(t)
	for _, settings := range []string{"", "ignore_startup_parameters = lock_timeout"} {
		_, err := bunstore.Migrate(t.Context(), pgtest.Bouncer(t, url, settings).URL(url), bunstore.Up)
		if err == nil || !strings.Contains(err.Error(), "of Postgres itself") {
			t.Errorf("with %q: %v", settings, err)
		}
	}
}

// Behind PgBouncer this program and the one before take turns on the same connections to
// the server: who of them updates a fact is said for a transaction and no longer.
func TestPgBouncer_TellsWhoKnowsOfPurchases(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	pooled := pgtest.Bouncer(t, url, "default_pool_size = 1").URL(url)
	s := openAsIs(t, pooled)
	buy(t, s, 3)
	for n := range 3 {
		change(t, s, byNames(domain.Ref{Kind: domain.RefOrder, ID: "o_0001"}), func(state *ports.State) {
			o := state.Account.Orders["o_0001"]
			o.Attempt = n + 1
			state.Account.Orders[o.ID] = o
		})
	}
	if n := withoutKey(t, url); n > 0 {
		t.Errorf("%d rows have no purchase after updates of this program", n)
	}
	separator := "?"
	if strings.Contains(pooled, "?") {
		separator = "&"
	}
	exec(t, pooled+separator+"default_query_exec_mode=simple_protocol", "UPDATE orders SET subscription_id = 'sub_1' WHERE id = 'o_0001'")
	if n := withoutKey(t, url); n != 1 {
		t.Errorf("%d rows have no purchase after an update of another program, want one", n)
	}
}
