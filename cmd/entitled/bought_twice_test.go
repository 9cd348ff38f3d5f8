package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// A user has pro, and is sold team in Stripe's dashboard beside it: one of the two is refunded
// and ends, as the catalog says. (Which is the older cannot be told of one second.)
func TestBoughtTwice_TheOlderIsTakenBackAsTheCatalogSays(t *testing.T) {
	t.Parallel()
	for name, open := range programtest.Databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := openBox(t)
			price, err := box.AddPrice(sandbox.PriceSpec{LookupKey: "team_monthly", Product: "Team", UnitAmount: 2900, Currency: "usd", Interval: "month"})
			if err != nil {
				t.Fatal(err)
			}
			catalog := filepath.Join(t.TempDir(), "twice.yaml")
			text := strings.ReplaceAll(programtest.TeamCatalog, ", yearly: {lookup_key: team_yearly}", "")
			text = strings.ReplaceAll(text, "group: main", "group: main\n    bought_twice: refund_older")
			if err := os.WriteFile(catalog, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			p := startProgram(t, programtest.Build(t), open(t), "STRIPE_API_BASE="+box.URL(), "CATALOG="+catalog)
			s := shop{p, box, box.AddWebhookEndpoint("http://"+p.Address+"/api/webhooks/stripe", programtest.WebhookSecret)}

			s.buys(t, "ana", "pro")
			customer := s.Call(t, "GET", "/api/subscription?user_id=ana", "", 200)["customer_id"].(string)
			if _, err := box.CreateSubscription(sandbox.SubscriptionSpec{Customer: customer, Items: []sandbox.SubscriptionItemSpec{{Price: price.ID}}}); err != nil {
				t.Fatal(err)
			}
			s.idle(t)
			s.until(t, "one of the two has ended", func() bool { return s.live() == 1 })
			var returned int64
			for _, payment := range box.Payments() {
				returned += payment.Refunded
			}
			if returned != 2900 {
				t.Errorf("%d went back, want what one of them has cost", returned)
			}
			s.idle(t)
			if told := s.Call(t, "GET", "/api/subscription?user_id=ana", "", 200)["bought_twice"].([]any); len(told) != 0 {
				t.Errorf("it is still told as bought twice: %v", told)
			}
			s.until(t, "it is counted", func() bool {
				return strings.Contains(p.scrape(t), `entitled_bought_twice_total{outcome="refunded"} 1`)
			})
		})
	}
}

// live is how many subscriptions have not ended.
func (s shop) live() (n int) {
	for _, sub := range s.box.Subscriptions() {
		if sub.Status != "canceled" {
			n++
		}
	}
	return n
}

// until waits for what follows after an answer.
func (s shop) until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for tries := 0; !is(); tries++ {
		if tries == 500 {
			t.Fatalf("not within 5 s: %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
