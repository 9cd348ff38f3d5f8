package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"go.uber.org/fx"

	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/ports"
)

// years is how many seeds of chaos a year is played with.
var years = flag.Int("years", 1, "how many years of chaos to play, each of a seed of its own")

const yearCatalog = `
features:
  projects: {type: limit}
  sso: {type: flag}
plans:
  pro:
    name: Pro
    mode: subscription
    group: main
    prices: {monthly: {lookup_key: pro_monthly}}
    grants: {projects: 100}
    grace: 10d
  team:
    name: Team
    mode: subscription
    group: main
    prices: {monthly: {lookup_key: team_monthly}}
    grants: {projects: 1000, sso: true}
    grace: 0d
`

const (
	goodCard    = "4242424242424242"
	failingCard = "4000000000000341"
	day         = 24 * time.Hour
)

// year is a program and a Stripe in a box on one clock, and the one who bought there.
type year struct {
	shop
	t    *testing.T
	user string
	sub  string
	team string // the item's price
	pro  string
	said string // of the program, by the last answer
	keys int
}

// newYear opens a shop whose clock is the box's.
func newYear(t *testing.T, chaos sandbox.Chaos) *year {
	t.Helper()
	box := sandbox.NewTest(t, sandbox.WithSharedClock(), sandbox.WithChaos(chaos),
		sandbox.WithRetryPolicy(sandbox.RetryPolicy{Base: time.Second, Max: 5 * time.Minute, Attempts: 50}))
	y := &year{t: t, user: "ann"}
	for key, price := range map[string]sandbox.PriceSpec{
		"pro":  {LookupKey: "pro_monthly", Product: "Pro", UnitAmount: 2900, Currency: "usd", Interval: "month"},
		"team": {LookupKey: "team_monthly", Product: "Team", UnitAmount: 9900, Currency: "usd", Interval: "month"},
	} {
		made, err := box.AddPrice(price)
		if err != nil {
			t.Fatal(err)
		}
		if key == "pro" {
			y.pro = made.ID
		} else {
			y.team = made.ID
		}
	}
	catalog := filepath.Join(t.TempDir(), "catalog.yaml")
	if err := os.WriteFile(catalog, []byte(yearCatalog), 0o600); err != nil {
		t.Fatal(err)
	}
	p, _ := startAt(t, box.Now, programtest.Databases["SQLite"](t), map[string]string{"STRIPE_API_BASE": box.URL(), "CATALOG": catalog}, waitingBy(box))
	y.shop = shop{p, box, box.AddWebhookEndpoint("http://"+p.Address+"/api/webhooks/stripe", programtest.WebhookSecret)}
	return y
}

// waitingBy has the program wait by the box's clock for what Stripe's times can tell apart, as
// it does before it asks which of two snapshots is the newer: a second or two. Its looks at
// what is due, which are more often or more seldom, stay by the wall's.
func waitingBy(box *sandbox.Sandbox) fx.Option {
	return fx.Decorate(func(wall ports.Timer) ports.Timer {
		return func(d time.Duration) <-chan time.Time {
			if d < time.Second || d > 2*time.Second || box.Sleep(d) != nil {
				return wall(d)
			}
			return wall(0)
		}
	})
}

// ok ends the test if what was done at Stripe failed.
func (y *year) ok(err error) {
	y.t.Helper()
	if err != nil {
		y.t.Fatal(err)
	}
}

// buys has the user buy a plan, asking again while the program says that Stripe cannot be
// asked.
func (y *year) buys(plan string) {
	y.t.Helper()
	var session struct {
		ID string `json:"session_id"`
	}
	// What Stripe did not answer is not asked again for a while, and a user may not ask too often.
	// What Stripe did not answer is not asked again for a while, and a user may not ask too
	// often: by the box's clock, on which a wait takes no time.
	y.patiently("start a checkout", func() { y.ok(y.box.Sleep(time.Second)) }, func() (done bool) {
		request, err := http.NewRequestWithContext(y.t.Context(), "POST", "http://"+y.Address+"/api/checkout/"+plan, strings.NewReader(`{"user_id":"`+y.user+`"}`))
		y.ok(err)
		request.Header.Set("Authorization", "Bearer "+programtest.APIKey)
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		y.ok(err)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		y.ok(err)
		y.said = string(text)
		return response.StatusCode == http.StatusCreated && json.Unmarshal(text, &session) == nil
	})
	y.ok(y.box.Pay(session.ID))
	y.settle()
	for _, e := range y.box.Events() {
		if e.Type == "customer.subscription.created" {
			y.sub = e.ObjectID
		}
	}
}

// changes moves the subscription to another price, and repeats that until Stripe answers.
func (y *year) changes(price, proration string) {
	y.t.Helper()
	var sub struct {
		Items struct{ Data []struct{ ID string } }
	}
	y.asks(http.MethodGet, "/v1/subscriptions/"+y.sub, nil, &sub)
	y.asks(http.MethodPost, "/v1/subscriptions/"+y.sub, url.Values{
		"items[0][id]": {sub.Items.Data[0].ID}, "items[0][price]": {price}, "proration_behavior": {proration},
	}, &sub)
}

// asks is a request to Stripe that is repeated until it is answered.
func (y *year) asks(method, path string, form url.Values, into any) {
	y.t.Helper()
	y.keys++
	y.patiently(path, func() { time.Sleep(5 * time.Millisecond) }, func() bool {
		request, err := http.NewRequestWithContext(y.t.Context(), method, y.box.URL()+path, strings.NewReader(form.Encode()))
		y.ok(err)
		request.Header.Set("Authorization", "Bearer "+programtest.StripeKey)
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Idempotency-Key", fmt.Sprint("year-", y.keys))
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return false // the answer was lost
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		y.said = string(text)
		return err == nil && response.StatusCode == http.StatusOK && json.Unmarshal(text, into) == nil
	})
}

func (y *year) patiently(what string, wait func(), try func() bool) {
	y.t.Helper()
	for tries := 0; !try(); tries++ {
		if tries == 100 {
			y.t.Fatalf("%s: in vain. %s\n%s", what, y.said, y.Log)
		}
		wait()
	}
}

// toEnd goes to when the next period is billed, an hour after it began.
func (y *year) toEnd() {
	y.t.Helper()
	y.ok(y.box.AdvanceTo(y.periodEnd().Add(time.Hour)))
}

func (y *year) periodEnd() time.Time {
	y.t.Helper()
	var sub struct {
		End int64 `json:"current_period_end"`
	}
	y.asks(http.MethodGet, "/v1/subscriptions/"+y.sub, nil, &sub)
	return time.Unix(sub.End, 0)
}

// settle waits until every event has arrived.
func (y *year) settle() {
	y.t.Helper()
	ctx, cancel := context.WithTimeout(y.t.Context(), time.Minute)
	defer cancel()
	for y.box.WaitIdle(ctx) == nil {
		pending := false
		for _, d := range y.box.Deliveries() {
			pending = pending || d.State == sandbox.DeliveryPending
		}
		if !pending {
			return
		}
		y.ok(y.box.Advance(time.Minute))
	}
	y.t.Fatalf("not every event arrives\n%s", y.Log)
}

// holds says what the user is to hold now.
func (y *year) holds(when, want string) {
	y.t.Helper()
	y.settle()
	var held string
	for tries := 0; tries < 100; tries++ { // a doubt may be under way
		if held = y.shop.Holds(y.t, y.user); held == want {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	y.t.Errorf("%s: holds %q, want %q", when, held, want)
}

// A year of one subscription: twelve renewals, one of which fails and recovers, an upgrade
// that is declined and then paid, a downgrade, a refund, a dispute that is won, and the end.
func (y *year) play() {
	begun := time.Now()
	defer func() { y.t.Log("took", time.Since(begun)) }()
	const nothing, pro, team = "", "projects=100", "projects=1000 sso=true"
	y.buys("pro")
	y.holds("bought", pro)
	for range 3 {
		y.toEnd()
		y.holds("renewed", pro)
	}

	y.ok(y.box.SetCard(y.sub, failingCard))
	y.toEnd()
	y.holds("the renewal is declined", pro)
	y.ok(y.box.Advance(4 * day))
	y.holds("and declined again", pro)
	y.ok(y.box.SetCard(y.sub, goodCard))
	y.ok(y.box.Advance(5 * day))
	y.holds("and paid", pro)

	y.ok(y.box.SetCard(y.sub, failingCard))
	y.changes(y.team, "always_invoice")
	y.holds("the upgrade is declined", pro)
	y.ok(y.box.SetCard(y.sub, goodCard))
	y.ok(y.box.Advance(4 * day))
	y.holds("the upgrade is paid", team)
	for range 2 {
		y.toEnd()
		y.holds("renewed after the upgrade", team)
	}

	y.ok(y.box.AdvanceTo(y.periodEnd().Add(-time.Hour)))
	y.changes(y.pro, "none")
	y.toEnd()
	y.ok(y.box.Advance(2 * day)) // what of the team plan was paid for is over, and its leeway
	y.holds("downgraded", pro)

	_, err := y.box.Refund(y.sub, 1000)
	y.ok(err)
	y.holds("a part is refunded", pro)
	y.toEnd()
	y.holds("renewed after the refund", pro)

	dispute, err := y.box.OpenDispute(y.sub, sandbox.DisputeOptions{})
	y.ok(err)
	y.holds("disputed", nothing)
	y.ok(y.box.WinDispute(dispute))
	y.holds("the dispute is won", pro)
	for range 4 {
		y.toEnd()
		y.holds("renewed to the end of the year", pro)
	}

	var sub struct{}
	y.asks(http.MethodPost, "/v1/subscriptions/"+y.sub, url.Values{"cancel_at_period_end": {"true"}}, &sub)
	y.holds("to be canceled", pro)
	y.toEnd()
	y.holds("canceled", nothing)
}

func TestYear_OfOneSubscription(t *testing.T) {
	t.Parallel()
	t.Run("calm", func(t *testing.T) {
		t.Parallel()
		newYear(t, sandbox.Chaos{}).play()
	})
	for seed := range *years {
		t.Run(fmt.Sprint("chaos of seed ", seed), func(t *testing.T) {
			t.Parallel()
			newYear(t, sandbox.DefaultChaos(uint64(seed))).play()
		})
	}
}
