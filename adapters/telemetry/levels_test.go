package telemetry_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/telemetry"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func TestMeter_ShowsLevelsAsTheyAreNow(t *testing.T) {
	t.Parallel()
	m := telemetry.New()
	level, state := 3.0, ports.BreakerClosed
	m.Watch(telemetry.OrderWaits, func() float64 { return level })
	m.Watch(telemetry.StoreWaits, func() float64 { return 2 * level })
	m.WatchBreaker(func() ports.BreakerState { return state })
	want(t, shown(t, m), "entitled_order_waits 3", "# TYPE entitled_order_waits gauge", "entitled_store_waits_total 6", "# TYPE entitled_store_waits_total counter",
		`entitled_stripe_breaker{state="closed"} 1`, `entitled_stripe_breaker{state="open"} 0`, `entitled_stripe_breaker{state="half_open"} 0`)
	level, state = 0, ports.BreakerOpen
	m.Deriving(true, 64)
	want(t, shown(t, m), "entitled_order_waits 0", "entitled_deriving 1", "entitled_deriving_users_looked_at 64",
		`entitled_stripe_breaker{state="closed"} 0`, `entitled_stripe_breaker{state="open"} 1`, `entitled_stripe_breaker{state="half_open"} 0`)
}

// store says what is open and counts how often it is asked.
type store struct {
	mu    sync.Mutex
	asked int
	err   error
	now   time.Time
}

func (s *store) read(context.Context) ([]ports.OpenQuestions, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	return []ports.OpenQuestions{
		{About: domain.RefCharge, Count: 2, Oldest: s.now.Add(-time.Minute)},
		{About: domain.RefRenewal, Count: 1, Oldest: s.now.Add(-time.Hour)},
	}, s.err
}

func TestMeter_OpenQuestionsAreReadSeldomWhoeverScrapes(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	s := &store{now: start}
	now := start
	m := telemetry.New()
	m.WatchQuestions(s.read, func() time.Time { return now })
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			want(t, shown(t, m), `entitled_open_questions{about="charge"} 2`, `entitled_open_questions{about="renewal"} 1`,
				`entitled_open_questions{about="subscription"} 0`, `entitled_open_questions{about="customer_account"} 0`, "entitled_oldest_question_seconds 3600")
		})
	}
	wait.Wait()
	now = start.Add(9 * time.Second)
	want(t, shown(t, m), "entitled_oldest_question_seconds 3609")
	if s.asked != 1 {
		t.Errorf("read %d times within ten seconds", s.asked)
	}

	now = start.Add(10 * time.Second)
	s.err = errors.New("the database is away")
	for range 2 { // a failure counts for as long
		for line := range shown(t, m) {
			if strings.HasPrefix(line, "entitled_open_questions{") || strings.HasPrefix(line, "entitled_oldest_question_seconds ") {
				t.Errorf("shows %s while the database does not say", line)
			}
		}
	}
	if s.asked != 2 {
		t.Errorf("read %d times, want once more", s.asked)
	}
	now, s.err = start.Add(-time.Hour), nil // the clock was put back
	want(t, shown(t, m), `entitled_open_questions{about="charge"} 2`, "entitled_oldest_question_seconds 0")
}
