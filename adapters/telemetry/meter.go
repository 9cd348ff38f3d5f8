package telemetry

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Meter counts in a registry of its own.
type Meter struct {
	registry *prometheus.Registry

	events      *prometheus.CounterVec
	asked       *prometheus.CounterVec
	grants      *prometheus.HistogramVec
	refused     prometheus.Counter
	remade      prometheus.Counter
	drift       *prometheus.CounterVec
	differences prometheus.Counter
	twice       *prometheus.CounterVec

	deliveries *prometheus.CounterVec

	deriving prometheus.Gauge
	derived  prometheus.Gauge

	// The counters that are expected, resolved once. Nobody writes to these maps
	// after New.
	ofEvents map[eventLabels]prometheus.Counter
	ofAsked  map[askedLabels]prometheus.Counter

	sinceSent, sinceReceived prometheus.Observer
}

type (
	eventLabels struct {
		outcome domain.Outcome
		cause   ports.Cause
	}
	askedLabels struct {
		about  domain.RefKind
		answer ports.Answer
	}
)

var _ ports.Meter = (*Meter)(nil)

// askable is what Stripe is asked about: on doubt, and where news did not come.
var askable = []domain.RefKind{
	domain.RefSubscription, domain.RefPaymentIntent, domain.RefCharge, domain.RefInvoice, domain.RefCreditNote, domain.RefCustomer,
	domain.RefRenewal, domain.RefCompletion, domain.RefCollection, domain.RefTwice,
}

// grantBuckets reach from a quick commit to the three days for which Stripe sends an
// event again.
var grantBuckets = []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 21600, 86400, 259200}

// New returns a meter that counts the program and its process too.
func New() *Meter {
	m := &Meter{
		registry: prometheus.NewRegistry(),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "entitled_events_total",
			Help: "Events from Stripe that were processed, by what became of them and, of ignored ones, why.",
		}, []string{"outcome", "cause"}),
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "entitled_events_refused_total",
			Help: "Events from Stripe that could not be kept, as of a database that is away or full: they were answered 5xx, and Stripe sends them again.",
		}),
		asked: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "entitled_stripe_questions_total",
			Help: "Questions put to Stripe on doubt, by what they were about and how that ended.",
		}, []string{"about", "answer"}),
		grants: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "entitled_grant_seconds",
			Help:    "How long it took until a right was kept that an event gives: since Stripe sent the event (to the second, by Stripe's clock), and since it was received.",
			Buckets: grantBuckets,
		}, []string{"since"}),
		remade: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "entitled_orders_remade_total",
			Help: "Orders that Stripe knew and the database did not, and that were made again: was it restored from a backup?",
		}),
		drift: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "entitled_drift_total",
			Help: "What no webhook brought in time and reconciliation found, by what it is about: 0 while webhooks arrive.",
		}, []string{"about"}),
		differences: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "entitled_differences_total",
			Help: "Rows that are kept otherwise than they follow from what else is kept, as verifying found them: 0.",
		}),
		twice: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "entitled_bought_twice_total",
			Help: "Purchases that a user has made twice, by what came of it.",
		}, []string{"outcome"}),
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "entitled_deliveries_total",
			Help: "Attempts to deliver a message to an endpoint, by how they ended.",
		}, []string{"outcome"}),
		deriving: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "entitled_deriving",
			Help: "1 while this process derives again what users have, since the catalog has changed.",
		}),
		derived: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "entitled_deriving_users_looked_at",
			Help: "Users at whom this process has looked in the pass that is under way.",
		}),
		ofEvents: map[eventLabels]prometheus.Counter{},
		ofAsked:  map[askedLabels]prometheus.Counter{},
	}
	for _, outcome := range domain.Outcomes {
		for _, cause := range ports.Causes {
			if cause == ports.CauseNone || outcome == domain.OutcomeIgnored {
				m.ofEvents[eventLabels{outcome, cause}] = m.events.WithLabelValues(string(outcome), string(cause))
			}
		}
	}
	for _, about := range askable {
		for _, answer := range ports.Answers {
			m.ofAsked[askedLabels{about, answer}] = m.asked.WithLabelValues(string(about), string(answer))
		}
	}
	for _, kind := range ports.DriftKinds {
		m.drift.WithLabelValues(string(kind))
	}
	for _, outcome := range ports.TwiceOutcomes {
		m.twice.WithLabelValues(string(outcome))
	}
	for _, delivered := range []bool{true, false} {
		m.deliveries.WithLabelValues(deliveryOutcome(delivered))
	}
	m.sinceSent, m.sinceReceived = m.grants.WithLabelValues("sent"), m.grants.WithLabelValues("received")
	m.registry.MustRegister(
		m.events, m.refused, m.asked, m.grants, m.remade, m.drift, m.differences, m.twice, m.deliveries, m.deriving, m.derived,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// Event implements [ports.Meter].
func (m *Meter) Event(outcome domain.Outcome, cause ports.Cause) {
	counter, expected := m.ofEvents[eventLabels{outcome, cause}]
	if !expected {
		counter = m.events.WithLabelValues(string(outcome), string(cause))
	}
	counter.Inc()
}

// Granted implements [ports.Meter]. Clocks may differ: nothing is kept before it was sent.
func (m *Meter) Granted(sinceSent, sinceReceived time.Duration) {
	m.sinceSent.Observe(max(sinceSent, 0).Seconds())
	m.sinceReceived.Observe(max(sinceReceived, 0).Seconds())
}

// Asked implements [ports.Meter].
func (m *Meter) Asked(about domain.RefKind, answer ports.Answer) {
	counter, expected := m.ofAsked[askedLabels{about, answer}]
	if !expected {
		counter = m.asked.WithLabelValues(string(about), string(answer))
	}
	counter.Inc()
}

// Remade implements [ports.Meter].
func (m *Meter) Remade(orders int) { m.remade.Add(float64(orders)) }

// Drift implements [ports.Meter].
func (m *Meter) Drift(kind ports.DriftKind) { m.drift.WithLabelValues(string(kind)).Inc() }

// Delivered implements [ports.Meter].
func (m *Meter) Delivered(delivered bool) {
	m.deliveries.WithLabelValues(deliveryOutcome(delivered)).Inc()
}

func deliveryOutcome(delivered bool) string {
	if delivered {
		return "delivered"
	}
	return "failed"
}

// Refused implements [ports.Meter].
func (m *Meter) Refused() { m.refused.Inc() }

// Differences implements [ports.Meter].
func (m *Meter) Differences(n int) { m.differences.Add(float64(n)) }

// BoughtTwice implements [ports.Meter].
func (m *Meter) BoughtTwice(outcome ports.TwiceOutcome) {
	m.twice.WithLabelValues(string(outcome)).Inc()
}

// Deriving implements [ports.Meter].
func (m *Meter) Deriving(underWay bool, looked int) {
	m.deriving.Set(0)
	if underWay {
		m.deriving.Set(1)
	}
	m.derived.Set(float64(looked))
}

// Handler shows the counts in the format of Prometheus. Who may see them is up to
// whoever mounts it.
func (m *Meter) Handler(logger *slog.Logger) http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
		Registry: m.registry, // counts the handler's own errors
	})
}
