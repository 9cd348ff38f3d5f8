package breaker_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/entitled-dev/entitled/adapters/breaker"
	"github.com/entitled-dev/entitled/ports"
)

var errBusy = fmt.Errorf("%w: stripe answers 503", ports.ErrGatewayBusy)

// call makes one that ends with an error, or is not allowed.
func call(b *breaker.Breaker, ends error) error {
	done, err := b.Allow()
	if err != nil {
		return err
	}
	done(ends)
	return ends
}

func wantState(t *testing.T, b *breaker.Breaker, want ports.BreakerState) {
	t.Helper()
	if got := b.State(); got != want {
		t.Errorf("it is %s, want %s", got, want)
	}
}

func TestBreaker_OpensAfterFailuresInARow(t *testing.T) {
	t.Parallel()
	b := breaker.New(breaker.Config{})
	for range breaker.DefaultFailures - 1 {
		_ = call(b, errBusy)
	}
	_ = call(b, nil) // one answer, and the row begins anew
	for range breaker.DefaultFailures - 1 {
		_ = call(b, errBusy)
	}
	wantState(t, b, ports.BreakerClosed)
	_ = call(b, errBusy)
	wantState(t, b, ports.BreakerOpen)
	if err := call(b, nil); !errors.Is(err, ports.ErrGatewayAway) || !errors.Is(err, ports.ErrGatewayBusy) {
		t.Errorf("while it is open a call ends with %v, want %v", err, ports.ErrGatewayAway)
	}
}

func TestBreaker_OnlyAStripeThatIsAwayOpensIt(t *testing.T) {
	t.Parallel()
	for _, ends := range []error{
		nil, ports.ErrNotFound, ports.ErrGatewayDenied, ports.ErrGatewayRefused, ports.ErrCustomerGone,
		ports.ErrUnavailable, context.Canceled, errors.New("a bug"),
	} {
		b := breaker.New(breaker.Config{})
		for range 10 * breaker.DefaultFailures {
			_ = call(b, ends)
		}
		if got := b.State(); got != ports.BreakerClosed {
			t.Errorf("calls that end with %v: it is %s", ends, got)
		}
	}
}

func TestBreaker_ProbesAndCloses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var changes []ports.BreakerState
		b := breaker.New(breaker.Config{Changed: func(_, to ports.BreakerState) { changes = append(changes, to) }})
		for range breaker.DefaultFailures {
			_ = call(b, errBusy)
		}
		for _, ends := range []error{errBusy, context.Canceled, nil} { // who was canceled did not learn anything
			time.Sleep(breaker.DefaultPause + time.Millisecond)
			wantState(t, b, ports.BreakerHalfOpen)
			done, err := b.Allow()
			if err != nil {
				t.Fatalf("no probe is allowed: %v", err)
			}
			if err := call(b, nil); !errors.Is(err, ports.ErrGatewayAway) {
				t.Errorf("beside the probe a call ends with %v", err)
			}
			done(ends)
		}
		wantState(t, b, ports.BreakerClosed)
		want := []ports.BreakerState{
			ports.BreakerOpen, ports.BreakerHalfOpen, ports.BreakerOpen, ports.BreakerHalfOpen, ports.BreakerClosed,
		}
		if !slices.Equal(changes, want) {
			t.Errorf("told %v, want %v", changes, want)
		}
	})
}

// Stripe that hangs is noticed before the calls are given up.
func TestBreaker_ACallThatTakesTooLongHasFailed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Config{})
		var under []func(error)
		for range breaker.DefaultFailures {
			done, err := b.Allow()
			if err != nil {
				t.Fatal(err)
			}
			under = append(under, done)
		}
		time.Sleep(breaker.DefaultSlow - time.Millisecond)
		synctest.Wait()
		wantState(t, b, ports.BreakerClosed)
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		wantState(t, b, ports.BreakerOpen)
		for _, done := range under {
			done(nil) // too late to count
		}
		wantState(t, b, ports.BreakerOpen)
	})
}
