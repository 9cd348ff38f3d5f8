package app_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/entitled-dev/entitled/adapters/breaker"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// doubtful is an event about a payment of which only Stripe knows whose it is, and
// Stripe will say: of another shop.
func (w *world) doubtful(n int) domain.Event {
	intent := domain.PaymentIntentID(fmt.Sprintf("pi_doubtful_%d", n))
	w.stripe.SetCharge(domain.ChargeFact{ID: domain.ChargeID("ch_" + intent), PaymentIntent: intent, Customer: "cus_of_another_shop"})
	return w.event(refunded(intent, "refund.created"))
}

// awayWorld is one in which Stripe was asked in vain until it is left alone.
func awayWorld(t *testing.T) (*world, *breaker.Breaker) {
	t.Helper()
	w, away := newWorld(t), breaker.New(breaker.Config{})
	w.fulfill.AskThrough(away)
	for n := range breaker.DefaultFailures {
		w.stripe.FailNext(ports.ErrGatewayBusy)
		w.send(t, w.doubtful(n))
	}
	if away.State() != ports.BreakerOpen {
		t.Fatalf("the breaker is %s", away.State())
	}
	return w, away
}

func TestAsk_WhileStripeIsAwayItIsLeftAloneAndNothingIsLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, away := awayWorld(t)
		calls, start := w.stripe.Calls(), time.Now()
		for n := range 100 {
			if verdict := w.send(t, w.doubtful(100+n)); verdict.Outcome != domain.OutcomeWaiting {
				t.Fatalf("got %+v, want that it waits", verdict)
			}
		}
		if waited := time.Since(start); waited > 0 {
			t.Errorf("100 doubtful events were held for %s", waited)
		}
		if got := w.stripe.Calls() - calls; got > 0 {
			t.Errorf("%d calls of a Stripe that is away", got)
		}

		// A question that is taken is due later: those who cannot be asked are not taken.
		w.clock.advance(time.Hour)
		w.lookForQuestions(t, away, 5)
		if left := w.openUpTo(t, 200); len(left) != 104 || slices.MaxFunc(left, byAttempts).Attempts != 1 {
			t.Errorf("%d questions are left, the first %+v", len(left), left[0])
		}

		time.Sleep(breaker.DefaultPause + time.Millisecond)
		if verdict := w.send(t, w.doubtful(500)); verdict.Outcome != domain.OutcomeIgnored {
			t.Errorf("once Stripe may be asked again: %+v, want its answer", verdict)
		}
		w.clock.advance(48 * time.Hour)
		w.lookForQuestions(t, away, 1) // there is more, and it goes on
		if left := w.openUpTo(t, 200); len(left) > 0 || away.State() != ports.BreakerClosed {
			t.Errorf("%d questions are left, and the breaker is %s", len(left), away.State())
		}
	})
}

func byAttempts(a, b ports.Question) int { return a.Attempts - b.Attempts }

// lookForQuestions runs AskOn until it has looked so often for what is due.
func (w *world) lookForQuestions(t *testing.T, b ports.Breaker, times int) {
	t.Helper()
	ticks := make(chan time.Time)
	timer := func(time.Duration) <-chan time.Time { return ticks }
	fulfill := app.NewFulfill(w.store, w.stripe, catalog, app.Settings{}, w.clock.now, timer, w.meter)
	defer fulfill.Close()
	fulfill.AskThrough(b)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { fulfill.AskOn(ctx, func(err error) { t.Errorf("reported %v", err) }) })
	for range times {
		ticks <- w.clock.now()
		synctest.Wait() // it waits for the next tick
	}
	cancel()
	running.Wait()
}

// Who asks for something hears from Stripe itself.
func TestAsk_WhileStripeIsAwayForDoubtsPeopleAreServed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, away := awayWorld(t)
		order := w.start(t, app.CheckoutRequest{User: "u", Plan: "team", Quantity: 3})
		w.deliver(t, w.stripe.Pay(order.Session)...)
		if done, err := w.syncUser.Do(t.Context(), "u"); err != nil || done.Orders != 1 || done.Subscriptions != 1 {
			t.Errorf("sync: %+v, %v", done, err)
		}
		if away.State() != ports.BreakerOpen {
			t.Errorf("the breaker is %s: this was to be tried while it is open", away.State())
		}
	})
}

// hanging is a Stripe that answers nothing until the question is given up.
type hanging struct {
	ports.Gateway
	mu     sync.Mutex
	atOnce int
	most   int
}

func (g *hanging) FetchCharge(ctx context.Context, _ domain.Ref) (domain.ChargeFact, error) {
	g.mu.Lock()
	g.atOnce++
	g.most = max(g.most, g.atOnce)
	g.mu.Unlock()
	<-ctx.Done()
	g.mu.Lock()
	g.atOnce--
	g.mu.Unlock()
	return domain.ChargeFact{}, ports.ErrGatewayBusy
}

// mostAtOnce is how many questions it was asked at once. Some may still hang.
func (g *hanging) mostAtOnce() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.most
}

// In this test time passes only while everybody waits.
func TestAsk_WhileStripeHangsFewWaitAndFewAreAsked(t *testing.T) {
	t.Parallel()
	for name, breaks := range map[string]bool{"with a breaker": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				stripe := &hanging{Gateway: w.stripe}
				fulfill := app.NewFulfill(w.store, stripe, catalog, app.Settings{}, w.clock.now, w.clock.after, w.meter)
				t.Cleanup(fulfill.Close)
				if breaks {
					fulfill.AskThrough(breaker.New(breaker.Config{}))
				}
				const all = 800
				var wait sync.WaitGroup
				var mu sync.Mutex
				held := 0
				start := time.Now()
				for n := range all {
					event := w.doubtful(n)
					wait.Go(func() {
						if verdict, err := fulfill.Event(t.Context(), event); err != nil || verdict.Outcome != domain.OutcomeWaiting {
							t.Errorf("got %+v, %v, want that it waits", verdict, err)
						}
						if time.Since(start) > 0 {
							mu.Lock()
							defer mu.Unlock()
							held++
						}
					})
				}
				wait.Wait()
				if took := time.Since(start); held > 64 || took > 3*time.Second {
					t.Errorf("%d of %d were held, for %s", held, all, took)
				}
				if most := stripe.mostAtOnce(); most > 4 {
					t.Errorf("Stripe was asked %d questions at once", most)
				}
				if left := w.openUpTo(t, 2*all); len(left) != all {
					t.Errorf("%d of %d questions are kept", len(left), all)
				}
			})
		})
	}
}
