package app_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Where a day's news are due at once, nobody waits between them; but where Stripe does
// not answer, it is not pressed.
func TestAskOn_AsksOnWhileThereIsMore(t *testing.T) {
	t.Parallel()
	const all = 100
	for name, test := range map[string]struct {
		fails bool
		want  int // answers after one tick
	}{"answered": {false, all}, "failing": {true, 0}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			var due []ports.Question
			for n := range all {
				intent := domain.PaymentIntentID(fmt.Sprintf("pi_%d", n))
				w.stripe.SetCharge(domain.ChargeFact{ID: domain.ChargeID("ch_" + intent), PaymentIntent: intent, Customer: "cus_of_another_shop"})
				due = append(due, ports.Question{Doubt: domain.Doubt{Subject: domain.Ref{Kind: domain.RefPaymentIntent, ID: string(intent)}}, Due: w.clock.now()})
				if test.fails {
					w.stripe.FailNext(ports.ErrGatewayBusy)
				}
			}
			err := w.store.Update(t.Context(), ports.Touch{}, func(ports.Found) (ports.Kept, error) { return ports.Kept{Questions: due}, nil })
			if err != nil {
				t.Fatal(err)
			}
			ticks, ticked := make(chan time.Time, 1), make(chan struct{}, 100)
			ticks <- w.clock.now()
			timer := func(time.Duration) <-chan time.Time { ticked <- struct{}{}; return ticks }
			fulfill := app.NewFulfill(w.store, w.stripe, catalog, app.Settings{}, w.clock.now, timer, w.meter)
			t.Cleanup(fulfill.Close)
			ctx, cancel := context.WithCancel(t.Context())
			var running sync.WaitGroup
			running.Go(func() { fulfill.AskOn(ctx, func(error) {}) })
			<-ticked
			<-ticked // it waits for the second tick, which does not come
			cancel()
			running.Wait()
			settled, failed := w.asked(domain.RefPaymentIntent, ports.AnswerSettled), w.asked(domain.RefPaymentIntent, ports.AnswerFailed)
			if settled != test.want || failed > all/4 {
				t.Errorf("after one tick %d of %d are answered and %d failed, want %d", settled, all, failed, test.want)
			}
		})
	}
}
