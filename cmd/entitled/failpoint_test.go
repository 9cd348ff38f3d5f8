package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stripe/stripe-go/v76/webhook"

	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
)

var failpointRuns = flag.Int("failpoints", 12, "in how many runs a call fails, each of a seed of its own")

// frailShop is a service whose calls fail, and that is started anew when it dies. What it
// kept, and Stripe, live on.
type frailShop struct {
	*silentShop
	points  *failpoints
	random  *rand.Rand // nil: nothing fails
	fulfill *app.Fulfill
	tell    *app.TellChanges
	ids     *atomic.Int64
	calls   int // of the processes before
	deaths  int
	dropped int
}

// soon is a timer for whom nobody has to wait.
func soon(time.Duration) <-chan time.Time { return time.After(time.Millisecond) }

// starts begins a process. Of its calls the one that is given fails; 0: none.
func (s *frailShop) starts(t *testing.T, at int, does failure) {
	t.Helper()
	s.points = &failpoints{at: at, does: does}
	store := &failingStore{s.store, s.points}
	gateway := &failingGateway{s.gateway, s.points}
	urls, err := app.NewReturnURLs("https://app.example/done", "https://app.example/", nil)
	if err != nil {
		t.Fatal(err)
	}
	settings := app.Settings{URLs: urls}
	newID := func() string { return fmt.Sprintf("%032x", s.ids.Add(1)) }
	s.fulfill = app.NewFulfill(store, gateway, s.sold, settings, s.box.Now, soon, s.meter)
	s.checkout = app.NewStartCheckout(store, gateway, s.sold, app.NewPrices(gateway, s.sold, s.box.Now), s.fulfill, settings, s.box.Now, newID)
	s.webhook = app.NewReceiveWebhook(gateway, s.fulfill)
	s.reconcile = app.NewReconcile(store, gateway, s.sold, settings, s.fulfill, app.NewSyncUser(store, gateway, s.fulfill), s.box.Now, soon, s.meter)
	s.tell = app.NewTellChanges(store, s.sold, s.box.Now, soon)
}

// ends is the end of the process: what is under way ends, too.
func (s *frailShop) ends() {
	s.fulfill.Close()
	s.calls += s.points.calls
}

// until does something until it succeeds, as who is answered with an error does. A process
// that has died is started anew, and nothing fails any more.
func (s *frailShop) until(t *testing.T, what string, do func() error) {
	t.Helper()
	const tries = 20
	for try := 1; ; try++ {
		err := do()
		if s.points.isDead() {
			s.deaths++
			s.ends()
			s.starts(t, 0, "")
			if err := s.box.Advance(3 * time.Minute); err != nil { // until its leases are over
				t.Fatal(err)
			}
			continue
		}
		if err == nil {
			return
		}
		if try == tries {
			t.Fatalf("%s, %d times, after %s: %v", what, try, s.points.where, err)
		}
		s.passes(t, time.Minute) // until what just failed is tried again
	}
}

// arrives delivers what has happened. Some of it never comes, some comes twice.
func (s *frailShop) arrives(t *testing.T) {
	t.Helper()
	events := s.box.Events()
	left := slices.Clone(events[s.delivered:])
	s.delivered = len(events)
	if s.random != nil {
		left = slices.DeleteFunc(left, func(sandbox.Event) bool {
			drops := s.random.IntN(8) == 0
			if drops {
				s.dropped++
			}
			return drops
		})
		s.random.Shuffle(len(left), func(i, j int) { left[i], left[j] = left[j], left[i] })
	}
	for _, e := range left {
		s.until(t, "deliver "+e.Type, func() error {
			signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: e.Body, Secret: testWebhookSecret, Timestamp: s.box.Now()})
			_, _, err := s.webhook.Do(t.Context(), e.Body, signed.Header)
			return err
		})
	}
	s.until(t, "tell", func() error { _, err := s.tell.Once(t.Context()); return err })
}

// passes lets time pass at Stripe.
func (s *frailShop) passes(t *testing.T, d time.Duration) {
	t.Helper()
	if err := s.box.Advance(d); err != nil {
		t.Fatal(err)
	}
}

// reconciles runs to its end.
func (s *frailShop) reconciles(t *testing.T) {
	t.Helper()
	s.until(t, "reconcile", func() error {
		_, err := s.reconcile.Do(t.Context(), app.ReconcileQuery{})
		if errors.Is(err, app.ErrReconciling) {
			s.passes(t, 3*time.Minute)
		}
		return err
	})
}

var frailUsers = []domain.UserID{"ann", "bob", "cyd"}

// plays has three users buy, and something happen to what they bought.
func (s *frailShop) plays(t *testing.T) {
	t.Helper()
	for n, user := range frailUsers {
		plan := domain.PlanKey("pro")
		if n == 2 {
			plan = "basic"
		}
		var order domain.Order
		s.until(t, "start a checkout", func() (err error) {
			order, err = s.checkout.Do(t.Context(), app.CheckoutRequest{User: user, Plan: plan, ClientKey: "key of " + string(user)})
			return err
		})
		if err := s.box.Pay(string(order.Session)); err != nil {
			t.Fatal(err)
		}
		s.arrives(t)
		s.passes(t, 10*time.Minute)
	}
	s.reconciles(t)
	subs, payments := map[string]string{}, s.box.Payments()
	for _, sub := range s.box.Subscriptions() {
		subs[sub.Metadata["user_id"]] = sub.ID
	}
	for _, happens := range []func() error{
		func() error { return s.box.RenewSubscription(subs["ann"], false) },
		func() error { return s.box.RenewSubscription(subs["bob"], true) },
		func() error { _, err := s.box.Refund(payments[len(payments)-1].ID, 500); return err },
		func() error {
			path, ends := "/v1/subscriptions/"+subs["bob"], url.Values{"cancel_at_period_end": {"true"}}
			if s.post(t, path, ends) == nil {
				return nil
			}
			return s.post(t, path, ends) // a connection that was idle for long may be gone
		},
	} {
		if err := happens(); err != nil {
			t.Fatal(err)
		}
		s.arrives(t)
		s.passes(t, 30*time.Minute)
	}
	s.reconciles(t)
	s.passes(t, time.Hour)
	s.reconciles(t) // what was in doubt a moment ago is asked for
	s.until(t, "tell", func() error { _, err := s.tell.Once(t.Context()); return err })
}

// holds is what the users may do, now and later.
func (s *frailShop) holds(t *testing.T) map[string]string {
	t.Helper()
	held := map[string]string{}
	for user, all := range s.rights(t, frailUsers) {
		for _, in := range []time.Duration{0, 20 * day, 35 * day, 400 * day} {
			var rights []string
			for _, r := range domain.Rights(all, s.sold, s.box.Now().Add(in)) {
				rights = append(rights, fmt.Sprintf("%s=%d grace=%t renews=%t", r.Feature, r.Value.Limit, r.InGrace, r.Renews))
			}
			held[fmt.Sprintf("%s in %s", user, in)] = strings.Join(rights, ", ")
		}
	}
	return held
}

// verified finds no difference.
func (s *frailShop) verified(t *testing.T) {
	t.Helper()
	verify := app.NewVerify(s.store, s.gateway, s.sold, app.Settings{}, s.box.Now, soon, s.meter)
	err := verify.Do(context.Background(), app.VerifyQuery{Bodies: true}, func(found app.UserVerified) error {
		for _, d := range found.Differences {
			t.Errorf("user %s: %s", found.User, d)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func newFrailShop(t *testing.T, random *rand.Rand) *frailShop {
	t.Helper()
	silent := newSilentShop(t)
	return &frailShop{silentShop: silent, random: random, ids: &atomic.Int64{}}
}

// Whatever call fails, hangs, is rolled back or loses its answer, and wherever the process
// dies, with webhooks that never come and others in any order: once it was reconciled,
// everybody has what they have if nothing fails, and all that is kept follows from what it is
// derived from.
func TestFailpoints_EachCallFailsInTurn(t *testing.T) {
	t.Parallel()
	calm := newFrailShop(t, nil)
	calm.starts(t, 0, "")
	calm.plays(t)
	calm.verified(t)
	calm.ends()
	want, calls := calm.holds(t), calm.calls
	t.Logf("%d calls; held: %v", calls, want)
	begun := time.Now()
	var deaths, dropped atomic.Int64
	t.Cleanup(func() {
		t.Logf("%d runs in %s: %d deaths, %d webhooks that never came", *failpointRuns, time.Since(begun), deaths.Load(), dropped.Load())
	})
	for seed := range *failpointRuns {
		at, does := 1+seed%calls, failures[seed/calls%len(failures)]
		if *failpointRuns < calls { // too few for each call: spread over them
			at, does = 1 + seed*calls / *failpointRuns, failures[seed%len(failures)]
		}
		t.Run(fmt.Sprintf("seed %d, call %d is %s", seed, at, does), func(t *testing.T) {
			t.Parallel()
			s := newFrailShop(t, rand.New(rand.NewPCG(uint64(seed), 1)))
			s.starts(t, at, does)
			s.plays(t)
			s.ends()
			if diff := cmp.Diff(want, s.holds(t)); diff != "" {
				t.Errorf("rights differ (-nothing fails +got):\n%s", diff)
			}
			s.verified(t)
			deaths.Add(int64(s.deaths))
			dropped.Add(int64(s.dropped))
		})
	}
}
