package api

import (
	"fmt"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/life"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
)

// A client makes a key for each of its calls, and a long life has many.
func TestIdempotency_KeysOfMoreThanADayAreForgotten(t *testing.T) {
	t.Parallel()
	now := time.Unix(2_000_000_000, 0)
	s := New(life.New())
	s.Now = func() time.Time { return now }
	for n := range 20_000 {
		key := fmt.Sprint("key ", n)
		e, refused := s.reserve(key, &Call{path: "/v1/customers"})
		if refused != nil {
			t.Fatal(refused.Message)
		}
		s.settled(key, e, func() (state.Answer, bool) { return state.Answer{Status: 200}, true })
		now = now.Add(time.Minute)
	}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if kept := len(s.Idempotency); kept < 24*60 || kept > 3*24*60 {
		t.Errorf("%d keys are kept, of which 1440 are a day's", kept)
	}
}
