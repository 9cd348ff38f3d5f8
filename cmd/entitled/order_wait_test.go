package main

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"
)

// Thousands of one user's waits held up everybody's webhooks. They are few, the others are
// answered at once, and those who wait hear of it from whichever process took the webhook.
func TestOrderWait_IsBoundedAndWokenAcrossProcesses(t *testing.T) {
	t.Parallel()
	for name, open := range programtest.Databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const callers, bound = 60, 10
			database := open(t)
			s := openShop(t, database)
			two := startProgram(t, s.Cmd.Path, database, "STRIPE_API_BASE="+s.box.URL())
			started := s.Call(t, "POST", "/api/checkout/basic", `{"user_id":"ana"}`, 201)
			var wait sync.WaitGroup
			var early, paid atomic.Int64
			for range callers {
				wait.Go(func() {
					switch status := two.Call(t, "GET", "/api/orders/"+started["order_id"].(string)+"?wait=30s", "", 200)["status"]; status {
					case "open":
						early.Add(1)
					case "paid":
						paid.Add(1)
					default:
						t.Errorf("the order is %v", status)
					}
				})
			}
			two.eventually(t, "all but a few are answered", func() bool { return early.Load() == callers-bound })
			if waiting := two.gauge(t, "entitled_order_waits"); waiting != bound {
				t.Errorf("%v wait for an order of one user, want %d", waiting, bound)
			}
			if err := s.box.Pay(started["session_id"].(string)); err != nil {
				t.Fatal(err)
			}
			wait.Wait()
			if paid.Load() != bound {
				t.Errorf("%d of those %d who waited hear that it is paid, and %d that it is open", paid.Load(), bound, early.Load())
			}
		})
	}
}
