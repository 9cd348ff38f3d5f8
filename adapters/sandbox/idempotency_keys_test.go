package sandbox

import (
	"fmt"
	"testing"
	"time"
)

// A client makes a key for each of its calls, and a long life has many.
func TestIdempotency_KeysOfMoreThanADayAreForgotten(t *testing.T) {
	t.Parallel()
	now := time.Unix(2_000_000_000, 0)
	s := New(WithClock(func() time.Time { return now }))
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	for n := range 20_000 {
		key := fmt.Sprint("key ", n)
		e, refused := s.reserve(key, &call{path: "/v1/customers"})
		if refused != nil {
			t.Fatal(refused.message)
		}
		s.settle(key, e, answer{status: 200}, true)
		now = now.Add(time.Minute)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if kept := len(s.idempotency); kept < 24*60 || kept > 3*24*60 {
		t.Errorf("%d keys are kept, of which 1440 are a day's", kept)
	}
}
