package bunstore

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/entitled-dev/entitled/ports"
)

// Who was let in, and who is no request, does not stand behind those who come.
func TestQueue_LetsFewOfThoseWhoComeToTheConnections(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(4)
		request := func() context.Context { return ports.WithPatience(t.Context(), 4*time.Second) }
		free := make(chan struct{})
		var at atomic.Int64
		connect := func(ctx context.Context) error {
			at.Add(1)
			defer at.Add(-1)
			select {
			case <-free:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		begun := request()
		go func() { free <- struct{}{} }()
		if err := q.stand(begun, connect); err != nil {
			t.Fatal(err)
		}

		ended := make(chan error, 22)
		for range 20 {
			go func() { ended <- q.stand(request(), connect) }()
		}
		go func() { ended <- q.stand(begun, connect) }()
		go func() { ended <- q.stand(t.Context(), connect) }()
		synctest.Wait()
		if at.Load() != 3 {
			t.Errorf("%d wait for a connection, want one who came, one who was let in and one who is no request", at.Load())
		}
		for range 4 {
			free <- struct{}{}
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
		came := time.Now()
		for range 18 {
			if err := <-ended; !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("who got none: %v", err)
			}
		}
		if waited := time.Since(came); waited != 4*time.Second {
			t.Errorf("the last who came was refused after %s", waited)
		}
	})
}
