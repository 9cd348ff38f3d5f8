package ports_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/entitled-dev/entitled/ports"
)

func TestWaiting_LastsNoLongerInAllThanThePatience(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := ports.WithPatience(t.Context(), 4*time.Second)
		wait := func(turn time.Duration) (took time.Duration, first bool) {
			began := time.Now()
			bounded, first, done := ports.Waiting(ctx, 2*time.Second)
			select {
			case <-bounded.Done():
				done(false)
			case <-time.After(turn):
				done(true)
			}
			return time.Since(began), first
		}
		for i, each := range []struct {
			turn, want time.Duration
			first      bool
		}{
			{time.Hour, 2 * time.Second, true}, // no longer than any
			{time.Second, time.Second, true},
			{time.Hour, time.Second, false},
			{time.Hour, 0, false},
		} {
			time.Sleep(time.Minute) // what is done between them is no wait
			if took, first := wait(each.turn); took != each.want || first != each.first {
				t.Errorf("wait %d took %s, the first: %t, want %s, %t", i, took, first, each.want, each.first)
			}
		}
		ctx = t.Context()
		if took, first := wait(time.Hour); took != 2*time.Second || first {
			t.Errorf("without a patience: waited %s, the first: %t", took, first)
		}
	})
}
