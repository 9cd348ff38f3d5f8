package app_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Whatever became of the money, the order is settled: it is shown at once, nobody
// may pay it again, and Stripe is not asked about its session.
func TestShowOrder_TellsWhatBecameOfTheMoney(t *testing.T) {
	t.Parallel()
	refund := func(amount int64, status domain.RefundStatus) domain.Fact {
		return domain.RefundFact{Type: "refund.created", ID: "re_1", Status: status, Amount: amount, Currency: "usd"}
	}
	dispute := func(status domain.DisputeStatus) domain.Fact {
		return domain.DisputeFact{Type: "charge.dispute.created", ID: "dp_1", Status: status, Amount: 1900, Currency: "usd"}
	}
	for name, c := range map[string]struct {
		facts []domain.Fact
		want  domain.OrderStatus
	}{
		"nothing":                 {nil, domain.OrderPaid},
		"part of it went back":    {[]domain.Fact{refund(900, "succeeded")}, domain.OrderPaid},
		"all of it went back":     {[]domain.Fact{refund(1900, "succeeded")}, domain.OrderRefunded},
		"the refund failed":       {[]domain.Fact{refund(1900, "failed")}, domain.OrderPaid},
		"the bank only asks":      {[]domain.Fact{dispute("warning_needs_response")}, domain.OrderPaid},
		"the bank took it":        {[]domain.Fact{dispute("needs_response")}, domain.OrderDisputed},
		"the bank gave it back":   {[]domain.Fact{dispute("needs_response"), dispute("won")}, domain.OrderPaid},
		"the bank keeps it":       {[]domain.Fact{dispute("lost")}, domain.OrderChargedBack},
		"refunded and then taken": {[]domain.Fact{refund(1900, "succeeded"), dispute("lost")}, domain.OrderChargedBack},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			order := w.start(t, app.CheckoutRequest{User: "u", Plan: "basic"})
			paid := w.stripe.Pay(order.Session)
			w.deliver(t, paid...)
			intent := paid[0].(domain.SessionFact).PaymentIntent
			for _, fact := range c.facts {
				switch f := fact.(type) {
				case domain.RefundFact:
					f.PaymentIntent = intent
					w.deliver(t, f)
				case domain.DisputeFact:
					f.PaymentIntent = intent
					w.deliver(t, f)
				}
			}
			w.stripe.FailNext(ports.ErrGatewayBusy) // asking would fail
			for step, do := range map[string]func() (domain.Order, domain.UserID, error){
				"show": func() (domain.Order, domain.UserID, error) { return w.show.Do(t.Context(), order.ID, "u", 0) },
				"wait": func() (domain.Order, domain.UserID, error) {
					return w.show.Do(t.Context(), order.ID, "u", 20*time.Second)
				},
				"sync": func() (domain.Order, domain.UserID, error) { return w.sync.Do(t.Context(), order.ID, "u") },
			} {
				began := time.Now()
				shown, user, err := do()
				if err != nil || shown.Status != c.want || user != "u" || time.Since(began) > 10*time.Second {
					t.Errorf("%s: got %s of %q after %s, %v, want %s", step, shown.Status, user, time.Since(began), err, c.want)
				}
				if shown.Open(w.clock.now()) || !shown.Status.Settled() {
					t.Errorf("%s: a %s order may be paid", step, shown.Status)
				}
			}
			if kept, _, _ := w.store.Order(t.Context(), order.ID); kept.Status != domain.OrderPaid {
				t.Errorf("kept as %s", kept.Status)
			}
		})
	}
}

// countingStates counts who looks at more than an order.
type countingStates struct {
	ports.Store
	asked int
	err   error
}

func (c *countingStates) State(ctx context.Context, user domain.UserID) (ports.State, error) {
	c.asked++
	if c.err != nil {
		return ports.State{}, c.err
	}
	return c.Store.State(ctx, user)
}

func TestShowOrder_LooksAtTheMoneyOnlyOfWhatWasPaidOnce(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, memory.NewStore())
	once := w.start(t, app.CheckoutRequest{User: "u", Plan: "basic"})
	renewed := w.start(t, app.CheckoutRequest{User: "v", Plan: "team"})
	w.deliver(t, w.stripe.Pay(renewed.Session)...)
	store := &countingStates{Store: w.store}
	show := app.NewShowOrder(store, w.clock.now, time.After)
	for _, id := range []domain.OrderID{once.ID, renewed.ID} {
		if _, _, err := show.Do(t.Context(), id, "", 0); err != nil || store.asked > 0 {
			t.Errorf("order %s: looked %d times, %v", id, store.asked, err)
		}
	}
	w.deliver(t, w.stripe.Pay(once.Session)...)
	if _, _, err := show.Do(t.Context(), once.ID, "", 0); err != nil || store.asked != 1 {
		t.Errorf("paid once: looked %d times, %v", store.asked, err)
	}
	store.err = ports.ErrUnavailable
	if _, _, err := show.Do(t.Context(), once.ID, "", 0); !errors.Is(err, ports.ErrUnavailable) {
		t.Errorf("got %v, want that the store is not available", err)
	}
	if _, _, err := show.Do(t.Context(), once.ID, "w", 0); !errors.Is(err, ports.ErrNotFound) {
		t.Errorf("another user: got %v, want not found", err)
	}
}

// Nobody looks now and then here: only what is kept wakes who waits.
func TestShowOrder_WhoWaitsIsWokenByWhatIsKept(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, memory.NewStore())
	show := app.NewShowOrder(w.store, w.clock.now, func(time.Duration) <-chan time.Time { return nil })
	w.fulfill.OnKept(show.Wake)
	order := w.start(t, app.CheckoutRequest{User: "u", Plan: "basic"})
	type answer struct {
		order domain.Order
		err   error
	}
	answers := make(chan answer, 5)
	for range 5 {
		go func() {
			got, _, err := show.Do(t.Context(), order.ID, "u", app.MaxWait)
			answers <- answer{got, err}
		}()
	}
	w.deliver(t, w.stripe.Pay(order.Session)...)
	for range 5 {
		if got := <-answers; got.err != nil || got.order.Status != domain.OrderPaid {
			t.Errorf("got %s, %v", got.order.Status, got.err)
		}
	}
}

// Stripe tells of a subscription in messages of its own: a buyer who is back after the first
// of them is not to read that the order is paid, and have nothing.
func TestShowOrder_WaitsForWhatAPaidOrderGives(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, memory.NewStore())
	order := w.start(t, app.CheckoutRequest{User: "u", Plan: "team"})
	paid := w.stripe.Pay(order.Session)
	done := slices.IndexFunc(paid, func(f domain.Fact) bool { _, is := f.(domain.SessionFact); return is })
	w.deliver(t, paid[done])
	waits := make(chan struct{}, 1)
	show := app.NewShowOrder(w.store, w.clock.now, func(time.Duration) <-chan time.Time {
		waits <- struct{}{}
		return nil // only what is kept wakes who waits
	})
	w.fulfill.OnKept(show.Wake)
	answered := make(chan int64, 1)
	go func() {
		shown, user, err := show.Do(t.Context(), order.ID, "u", app.MaxWait)
		version, failed := show.Fulfilled(t.Context(), shown, user)
		if err != nil || failed != nil || shown.Status != domain.OrderPaid {
			t.Errorf("got %s, %v, %v", shown.Status, err, failed)
		}
		answered <- version
	}()
	select {
	case <-waits:
	case <-answered:
		t.Fatal("answered before there was something to give")
	}
	w.deliver(t, slices.Delete(paid, done, done+1)...)
	for {
		select {
		case <-waits: // what was kept gave nothing yet
		case version := <-answered:
			if version == 0 {
				t.Error("answered before there was something to give")
			}
			return
		}
	}
}
