package main

import (
	"flag"
	"fmt"
	"sync"
	"testing"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"
)

var racingUsers = flag.Int("racing", 24, "how many users' webhooks reconciling races")

// Reconciling takes in what is on its way too, so that each event comes by both ways at
// once: it is kept once, gives once, and what has ended does not come back.
func TestReconcile_BesideTheWebhooksOfTheSameUsers(t *testing.T) {
	t.Parallel()
	for name, open := range programtest.Databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			users := *racingUsers
			database := open(t)
			s := openShop(t, database)
			over, reconciled := make(chan struct{}), make(chan int)
			go func() {
				runs := 0
				for {
					select {
					case <-over:
						reconciled <- runs
						return
					default:
					}
					if code, said := s.exit(t, words("reconcile --since 1h")); code != 0 {
						t.Errorf("reconcile exits with %d:\n%s", code, said)
					}
					runs++
				}
			}()
			var wait sync.WaitGroup
			for n := range users {
				wait.Go(func() {
					started := s.Call(t, "POST", "/api/checkout/basic", fmt.Sprintf(`{"user_id":"user_%d"}`, n), 201)
					session := started["session_id"].(string)
					err := s.box.Pay(session)
					if err == nil && n%2 == 1 {
						_, err = s.box.Refund(session, 0)
					}
					if err != nil {
						t.Error(err)
					}
				})
			}
			wait.Wait()
			s.idle(t)
			close(over)
			if runs := <-reconciled; runs == 0 {
				t.Error("nothing was reconciled meanwhile")
			}
			for n := range users {
				want := "projects=10"
				if n%2 == 1 {
					want = ""
				}
				s.then(t, fmt.Sprintf("user_%d", n), fmt.Sprintf("user %d", n), nil, want)
			}
			db := sqlOf(t, database)
			for _, twice := range rowsOf(t, db, "SELECT user_id, kind, count(*) FROM entitlement_changes GROUP BY user_id, kind HAVING count(*) > 1") {
				t.Errorf("changed twice: %v", twice)
			}
			s.says(t, "verify", "0 differences")
			s.says(t, "reconcile --since 1h", "0 events had not come, or failed", "mended: nothing")
		})
	}
}
