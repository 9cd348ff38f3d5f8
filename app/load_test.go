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

func TestFulfill_CountsHowLongAGrantTook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order := w.start(t, app.CheckoutRequest{User: "u", Plan: "basic"})
	purchase := w.event(w.stripe.Pay(order.Session)[0])
	w.clock.advance(90 * time.Second) // Stripe could not reach us
	w.send(t, purchase)
	w.send(t, purchase) // nothing is given by a second delivery
	if err := w.replay.Do(t.Context(), app.ReplayQuery{IDs: []domain.EventID{purchase.ID}}, func(domain.ProcessedEvent, domain.Verdict, error) {}); err != nil {
		t.Fatal(err)
	}
	if got, want := w.meter.Grants(), []memory.GrantTime{{SinceSent: 90 * time.Second}}; !slices.Equal(got, want) {
		t.Errorf("counted %+v, want %+v", got, want)
	}
}

// blocked is a store whose updates wait.
type blocked struct {
	ports.Store
	entered, release chan struct{}
}

func (s blocked) Update(ctx context.Context, touch ports.Touch, fn func(ports.Found) (ports.Kept, error)) error {
	s.entered <- struct{}{}
	<-s.release
	return errors.Join(ports.ErrUnavailable, ctx.Err())
}

func TestFulfill_ShowsWhatIsInHand(t *testing.T) {
	t.Parallel()
	s := blocked{memory.NewStore(), make(chan struct{}), make(chan struct{})}
	w := newWorldOn(t, s)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = w.fulfill.Event(t.Context(), w.event(domain.CustomerFact{Type: "customer.deleted", ID: "cus_x"}))
	}()
	<-s.entered
	if got := w.fulfill.InHand(); got != 1 {
		t.Errorf("%d events in hand, want 1", got)
	}
	close(s.release)
	<-done
	if got := w.fulfill.InHand(); got != 0 {
		t.Errorf("%d events in hand in the end", got)
	}
}
