package sandbox_test

import (
	"slices"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

func TestOrderedEvents_HaveASecondOfTheirOwnAndArriveInOrder(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]sandbox.Option{
		"the sandbox's clock": {sandbox.WithOrderedEvents()},
		"another's clock":     {sandbox.WithOrderedEvents(), sandbox.WithClock(func() time.Time { return time.Unix(2_000_000_000, 0) })},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, opts...)
			id := s.subscribed().ID
			s.ok(s.SetCard(id, "4000000000000341"))
			s.ok(s.RenewSubscription(id, true))
			s.idle()
			var made, told []string
			var last time.Time
			for _, e := range s.Events() {
				made = append(made, e.ID)
				if !e.Created.After(last) {
					t.Errorf("%s is of %s, and what was before it of %s", e.Type, e.Created, last)
				}
				last = e.Created
			}
			for _, e := range s.endpoint.accepted() {
				told = append(told, e.ID)
			}
			if len(made) < 15 || !slices.Equal(made, told) {
				t.Errorf("made %v\ntold %v", made, told)
			}
		})
	}
}

// What fails is sent again later, and does not hold up what comes after it.
func TestOrderedEvents_GoOnAfterAFailure(t *testing.T) {
	t.Parallel()
	s := newShop(t, sandbox.WithOrderedEvents(), sandbox.WithRetryPolicy(sandbox.RetryPolicy{Base: time.Hour, Max: time.Hour, Attempts: 3}))
	s.endpoint.answerNext(500)
	first, second := s.customer(), s.customer()
	s.ok(s.Advance(2 * time.Hour))
	var told []string
	for _, e := range s.endpoint.accepted() {
		told = append(told, e.Data.Object["id"].(string))
	}
	if want := []string{second.ID, first.ID}; !slices.Equal(told, want) {
		t.Errorf("told of %v, want %v", told, want)
	}
}
