package app_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func TestRetention_TakesBodiesThatAreOldEnoughInSlices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const old, young = 1200, 3
	var receipts []domain.ProcessedEvent
	for n := range old + young {
		received := w.clock.now().Add(-36 * 24 * time.Hour)
		if n >= old {
			received = w.clock.now().Add(-34 * 24 * time.Hour)
		}
		receipts = append(receipts, domain.ProcessedEvent{
			ID: domain.EventID(fmt.Sprintf("evt_%04d", n)), Type: "invoice.paid", ReceivedAt: received, Outcome: domain.OutcomeApplied, Attempts: 1, Payload: []byte("{}"),
		})
	}
	err := w.store.Update(t.Context(), ports.Touch{}, func(ports.Found) (ports.Kept, error) { return ports.Kept{Receipts: receipts}, nil })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	at := make(chan time.Time)
	close(at)
	turns := 0
	keep := app.NewRetention(w.store, app.Settings{Retention: 35 * 24 * time.Hour}, w.clock.now, func(d time.Duration) <-chan time.Time {
		if d == time.Hour {
			turns++
			if turns == 2 {
				cancel()
				return nil
			}
		}
		return at
	})
	var told []int
	keep.Run(ctx, func(redacted int, err error) {
		if err != nil {
			t.Error(err)
		}
		told = append(told, redacted)
	})
	if len(told) != 1 || told[0] != old {
		t.Errorf("told of %v, want of %d once", told, old)
	}
	for n, want := range map[int]bool{0: true, old - 1: true, old: false} {
		if r, err := w.store.Receipt(t.Context(), domain.EventID(fmt.Sprintf("evt_%04d", n))); err != nil || r.Redacted != want {
			t.Errorf("event %d: redacted %t, %v, want %t", n, r.Redacted, err, want)
		}
	}
}

func TestRetention_OfNoTimeKeepsAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app.NewRetention(w.store, app.Settings{}, w.clock.now, time.After).Run(t.Context(), func(int, error) { t.Error("told of something") })
}

// What was a stranger's is known to be ours, and Stripe sends it again: it has no body to
// be replayed from.
func TestFulfill_StrangersEventThatComesAgainIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	event := w.event(domain.ChargeFact{Type: "charge.succeeded", At: w.clock.now(), ID: "ch_1", PaymentIntent: "pi_1", Customer: "cus_late", Amount: 5, Currency: "usd"})
	if v, err := w.fulfill.Event(t.Context(), event); err != nil || v.Outcome != domain.OutcomeIgnored {
		t.Fatalf("%+v, %v, want it ignored", v, err)
	}
	if r, err := w.store.Receipt(t.Context(), event.ID); err != nil || !r.Redacted || len(r.Payload) > 0 {
		t.Errorf("receipt %+v, %v, want no body", r, err)
	}
	err := w.store.Update(t.Context(), ports.Touch{Users: []domain.UserID{"u"}}, func(found ports.Found) (ports.Kept, error) {
		state := found.States["u"]
		state.Account.Customer = "cus_late"
		return ports.Kept{States: []ports.State{state}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []domain.Outcome{domain.OutcomeApplied, domain.OutcomeUnchanged} {
		if v, err := w.fulfill.Event(t.Context(), event); err != nil || v.Outcome != want {
			t.Errorf("%+v, %v, want %s", v, err, want)
		}
	}
}
