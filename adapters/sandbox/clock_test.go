package sandbox_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// A client that dates what it has fetched by the answer finds it later than the events
// before, however far the clock was advanced.
func TestAdvance_AnswersAreDatedByTheClock(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.ok(s.Advance(400 * day))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"/v1/events", nil)
	s.ok(err)
	r.Header.Set("Authorization", "Bearer sk_test_123")
	answer, err := http.DefaultClient.Do(r)
	s.ok(err)
	s.ok(answer.Body.Close())
	if dated, err := http.ParseTime(answer.Header.Get("Date")); err != nil || s.Now().Sub(dated) > time.Minute {
		t.Errorf("the answer is of %q, and it is %s: %v", answer.Header.Get("Date"), s.Now(), err)
	}
}

// served is an endpoint of the sandbox that answers as it likes, until the test ends.
func (s *shop) served(answer http.HandlerFunc) {
	s.t.Helper()
	e := httptest.NewServer(answer)
	s.t.Cleanup(e.Close)
	s.AddWebhookEndpoint(e.URL, secret)
}

func TestAdvance_GoesNoFurtherThanItsContext(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	ctx, cancel := context.WithCancel(t.Context())
	answered := make(chan struct{})
	s.served(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		select {
		case <-answered:
		case <-r.Context().Done():
		}
	})
	s.customer()
	before := s.Now()
	err := s.AdvanceContext(ctx, day)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "customer.created, sent to http://127.0.0.1") {
		t.Errorf("got %v", err)
	}
	if went := s.Now().Sub(before); went > day/2 {
		t.Errorf("the clock went on by %s", went)
	}
	close(answered)
	s.ok(s.AdvanceContext(t.Context(), day))
	if went := s.Now().Sub(before); went < day {
		t.Errorf("in the end the clock went on by %s", went)
	}
}

// A service that lives on the sandbox's clock may wait by it before it answers a webhook.
func TestSleep_PassesTimeWhileAWebhookIsAnswered(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.served(func(http.ResponseWriter, *http.Request) {
		if err := s.Sleep(time.Hour); err != nil {
			t.Error(err)
		}
	})
	before := s.Now()
	s.customer()
	s.ok(s.Advance(time.Minute))
	if went := s.Now().Sub(before); went < time.Hour || went > 2*time.Hour {
		t.Errorf("the clock went on by %s", went)
	}
	if err := sandbox.NewTest(t, sandbox.WithClock(time.Now)).Sleep(time.Second); !errors.Is(err, sandbox.ErrOwnClock) {
		t.Errorf("of a clock that is another's: %v", err)
	}
}

func TestEvents_AreAskedForDuringThirtyDays(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.customer()
	old := s.Events()[0]
	s.ok(s.Advance(29 * day))
	s.fetch("", "/v1/events/"+old.ID).wants(t, "after 29 days", map[string]string{"id": old.ID})
	s.fetch("", "/v1/events").wants(t, "after 29 days", map[string]string{"data.0.id": old.ID})
	s.ok(s.Advance(2 * day))
	s.customer()
	young := s.Events()[1]
	s.fetch("", "/v1/events").wants(t, "after 31 days", map[string]string{"data.0.id": young.ID, "data.1": "<none>"})
	if status, answer := s.ask("", http.MethodGet, "/v1/events/"+old.ID, nil); status != 404 {
		t.Errorf("got %d %s", status, answer)
	}
	s.ok(s.Resend(old.ID)) // the dashboard's, and here of any age
}
