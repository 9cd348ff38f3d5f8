package telemetry

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

const (
	// questionsFresh is for how long a look at the open questions counts: whoever
	// scrapes, and however often, the database is asked no more than that.
	questionsFresh = 10 * time.Second
	// questionsTime is less than what a scrape has, so that the rest of it is seen
	// without a database too.
	questionsTime = 2 * time.Second
)

// questions shows which wait for an answer. While the database cannot say, it shows
// nothing, so that nobody takes silence for zero.
type questions struct {
	read  func(context.Context) ([]ports.OpenQuestions, error)
	clock ports.Clock

	mu     sync.Mutex // held while the database is asked: once, for all who want to know
	looked time.Time
	open   map[domain.RefKind]ports.OpenQuestions // nil: not known
}

// WatchQuestions has the open questions shown that read tells of.
func (m *Meter) WatchQuestions(read func(context.Context) ([]ports.OpenQuestions, error), clock ports.Clock) {
	m.registry.MustRegister(&questions{read: read, clock: clock})
}

var (
	openQuestions = prometheus.NewDesc("entitled_open_questions",
		"Questions to Stripe that are due or were asked in vain, in the database, by what they are about. Absent while the database does not say.", []string{"about"}, nil)
	oldestQuestion = prometheus.NewDesc("entitled_oldest_question_seconds",
		"For how long the oldest open question has been due; 0 if there is none.", nil, nil)
)

// Describe implements [prometheus.Collector].
func (*questions) Describe(descs chan<- *prometheus.Desc) {
	descs <- openQuestions
	descs <- oldestQuestion
}

// Collect implements [prometheus.Collector].
func (q *questions) Collect(metrics chan<- prometheus.Metric) {
	now := q.clock()
	open := q.look(now)
	if open == nil {
		return
	}
	var oldest time.Duration
	for _, of := range open {
		oldest = max(oldest, now.Sub(of.Oldest))
	}
	kinds := append([]domain.RefKind{domain.RefAccount}, askable...)
	for _, about := range kinds {
		metrics <- prometheus.MustNewConstMetric(openQuestions, prometheus.GaugeValue, float64(open[about].Count), string(about))
	}
	metrics <- prometheus.MustNewConstMetric(oldestQuestion, prometheus.GaugeValue, oldest.Seconds())
}

// look is what was seen a moment ago, or is now. A failure is remembered as well.
func (q *questions) look(now time.Time) map[domain.RefKind]ports.OpenQuestions {
	q.mu.Lock()
	defer q.mu.Unlock()
	// A clock that was put back must not make an old answer last.
	if age := now.Sub(q.looked); !q.looked.IsZero() && age >= 0 && age < questionsFresh {
		return q.open
	}
	ctx, cancel := context.WithTimeout(context.Background(), questionsTime)
	defer cancel()
	found, err := q.read(ctx)
	q.looked, q.open = now, nil
	if err != nil {
		return nil // the log and /readyz say what is wrong with the database
	}
	q.open = map[domain.RefKind]ports.OpenQuestions{}
	for _, of := range found {
		q.open[of.About] = of
	}
	return q.open
}
