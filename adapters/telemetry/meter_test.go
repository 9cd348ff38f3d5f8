package telemetry_test

import (
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/telemetry"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// shown is what Prometheus reads, line by line.
func shown(t *testing.T, m *telemetry.Meter) map[string]bool {
	t.Helper()
	answer := httptest.NewRecorder()
	m.Handler(slog.New(slog.NewTextHandler(io.Discard, nil))).ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	if kind := answer.Header().Get("Content-Type"); answer.Code != 200 || !strings.HasPrefix(kind, "text/plain") {
		t.Fatalf("got %d, Content-Type %q: %s", answer.Code, kind, answer.Body)
	}
	lines := map[string]bool{}
	for line := range strings.Lines(answer.Body.String()) {
		lines[strings.TrimSpace(line)] = true
	}
	return lines
}

func want(t *testing.T, lines map[string]bool, wanted ...string) {
	t.Helper()
	for _, line := range wanted {
		if !lines[line] {
			t.Errorf("there is no line %s", line)
		}
	}
}

func TestMeter_EverySeriesIsThereFromTheStart(t *testing.T) {
	t.Parallel()
	lines := shown(t, telemetry.New())
	for _, outcome := range domain.Outcomes {
		want(t, lines, `entitled_events_total{cause="",outcome="`+string(outcome)+`"} 0`)
	}
	for _, cause := range ports.Causes {
		want(t, lines, `entitled_events_total{cause="`+string(cause)+`",outcome="ignored"} 0`)
	}
	for _, about := range []string{"subscription", "payment_intent", "charge", "invoice", "customer", "renewal", "completion", "collection"} {
		for _, answer := range ports.Answers {
			want(t, lines, `entitled_stripe_questions_total{about="`+about+`",answer="`+string(answer)+`"} 0`)
		}
	}
	want(t, lines, "# TYPE entitled_events_total counter", "# TYPE go_goroutines gauge", "# TYPE entitled_grant_seconds histogram",
		`entitled_grant_seconds_count{since="sent"} 0`, `entitled_grant_seconds_count{since="received"} 0`,
		"entitled_orders_remade_total 0", "entitled_events_refused_total 0", "entitled_deriving 0")
}

func TestMeter_CountsAtOnceFromManyPlaces(t *testing.T) {
	t.Parallel()
	m := telemetry.New()
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			m.Event(domain.OutcomeApplied, ports.CauseNone)
			m.Event(domain.OutcomeIgnored, ports.CauseStranger)
			m.Asked(domain.RefCharge, ports.AnswerFailed)
			m.Granted(90*time.Second, 20*time.Millisecond)
			m.Remade(2)
			m.Refused()
		})
	}
	wait.Wait()
	want(t, shown(t, m),
		`entitled_events_total{cause="",outcome="applied"} 50`,
		`entitled_events_total{cause="stranger",outcome="ignored"} 50`,
		`entitled_events_total{cause="",outcome="ignored"} 0`,
		`entitled_stripe_questions_total{about="charge",answer="failed"} 50`,
		`entitled_grant_seconds_bucket{since="received",le="0.025"} 50`,
		`entitled_grant_seconds_bucket{since="sent",le="60"} 0`,
		`entitled_grant_seconds_bucket{since="sent",le="300"} 50`,
		"entitled_orders_remade_total 100",
	)
}

func TestMeter_ShowsHowFarDerivingIs(t *testing.T) {
	t.Parallel()
	m := telemetry.New()
	want(t, shown(t, m), "entitled_deriving 0")
	m.Deriving(true, 3000)
	want(t, shown(t, m), "entitled_deriving 1", "entitled_deriving_users_looked_at 3000")
	m.Deriving(false, 0)
	want(t, shown(t, m), "entitled_deriving 0", "entitled_deriving_users_looked_at 0")
}

// What nobody expected is counted all the same.
func TestMeter_CountsWhatIsNew(t *testing.T) {
	t.Parallel()
	m := telemetry.New()
	m.Event("postponed", "weather")
	m.Event("postponed", "weather")
	m.Asked(domain.RefInvoice, "perhaps")
	want(t, shown(t, m),
		`entitled_events_total{cause="weather",outcome="postponed"} 2`,
		`entitled_stripe_questions_total{about="invoice",answer="perhaps"} 1`,
	)
}

func TestMeter_CountingAllocatesNothing(t *testing.T) {
	m := telemetry.New()
	if n := testing.AllocsPerRun(100, func() {
		m.Event(domain.OutcomeIgnored, ports.CauseNothingNew)
		m.Asked(domain.RefSubscription, ports.AnswerSettled)
		m.Granted(-time.Second, time.Second) // Stripe's clock is ahead
	}); n > 0 {
		t.Errorf("counting allocates %.0f times", n)
	}
}
