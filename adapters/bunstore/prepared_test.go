package bunstore_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/entitled-dev/entitled/adapters/bunstore/sqlitetest"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Ensure that what reads a purchase is prepared once, whatever it is about, also where all
// connections are at work, and where there is one alone.
func TestPrepared_AreAsManyHoweverMuchIsRead(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{"a file": sqlitetest.URL(t), "memory": ":memory:"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, url)
			use := func(n int) {
				user := domain.UserID(fmt.Sprintf(`ann "%d" \u0041`, n)) // which JSON has to leave as it is
				name := domain.Ref{Kind: domain.RefCustomer, ID: fmt.Sprintf("cus_%d", n)}
				for _, touch := range []ports.Touch{{Users: []domain.UserID{user}}, {Refs: []domain.Ref{name}}} {
					if err := s.Update(t.Context(), touch, func(f ports.Found) (ports.Kept, error) {
						state, have := f.States[user]
						if !have {
							return ports.Kept{}, fmt.Errorf("found %d accounts, not that of %s", len(f.States), user)
						}
						state.Account.Customer = domain.CustomerID(name.ID)
						return ports.Kept{States: []ports.State{state}}, nil
					}); err != nil {
						t.Error(err)
					}
				}
				if states, err := s.States(t.Context(), []domain.UserID{user}); err != nil || states[user].Account.Customer != domain.CustomerID(name.ID) {
					t.Errorf("%v, read %v, want the customer %s", err, states, name.ID)
				}
			}
			use(0)
			use(1)
			first := s.Prepared()
			if first == 0 {
				t.Error("nothing was prepared")
			}
			var wait sync.WaitGroup
			for n := range 40 {
				wait.Go(func() { use(n + 2) })
			}
			wait.Wait()
			if now := s.Prepared(); now != first {
				t.Errorf("%d statements are prepared after 2 users, %d after 42", first, now)
			}
		})
	}
}
