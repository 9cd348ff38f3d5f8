package telemetry

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/entitled-dev/entitled/ports"
)

// Level is something that is looked at when somebody asks for the counts, and not before.
type Level struct {
	name, help string
	sums       bool // it only ever grows
}

// What there is to look at.
var (
	EventsInHand = Level{name: "entitled_events_in_hand", help: "Events and answers that came in and wait for their commit: in the queue, or in a batch."}

	QuestionsAsking     = Level{name: "entitled_questions_asking", help: "Questions to Stripe that are in line or under way."}
	QuestionsAskingMax  = Level{name: "entitled_questions_asking_max", help: "How many may be; beyond, a question waits in the database until it is due."}
	WebhooksAwaiting    = Level{name: "entitled_webhooks_awaiting_answer", help: "Webhooks that are kept and held for a moment, for Stripe's answer to their doubt."}
	WebhooksAwaitingMax = Level{name: "entitled_webhooks_awaiting_answer_max", help: "How many may be; beyond, they are answered at once."}

	OrderWaits    = Level{name: "entitled_order_waits", help: "Requests that wait until an order is settled."}
	OrderWaitsMax = Level{name: "entitled_order_waits_max", help: "How many may wait; beyond, they are answered at once."}

	FeedLag        = Level{name: "entitled_feed_lag_seconds", help: "For how long there was always some change that the feed did not tell yet, as far as this process knows."}
	FeedReaders    = Level{name: "entitled_feed_readers", help: "Requests and streams that wait for changes."}
	FeedReadersMax = Level{name: "entitled_feed_readers_max", help: "How many may wait; beyond, they are refused."}

	EndpointsFailing  = Level{name: "entitled_endpoints_failing", help: "Endpoints whose last delivery failed, and to which it is tried again."}
	EndpointsDisabled = Level{name: "entitled_endpoints_disabled", help: "Endpoints to which nothing is delivered: by hand, or after they failed for days. Nothing is lost: enabled, they go on where they stopped."}
	EndpointsBehind   = Level{name: "entitled_endpoints_behind", help: "By how many changes the slowest of the enabled endpoints is behind the feed."}

	BodyBytes      = Level{name: "entitled_http_body_bytes", help: "Bytes that are held of the bodies of requests."}
	BodyBytesMax   = Level{name: "entitled_http_body_bytes_max", help: "How many may be; beyond, the body that has been coming for longest is cut off."}
	Connections    = Level{name: "entitled_http_connections", help: "Connections of clients."}
	ConnectionsMax = Level{name: "entitled_http_connections_max", help: "How many there may be: MAX_CONNECTIONS."}

	StoreUsed   = Level{name: "entitled_store_connections_used", help: "Connections to the database that are in use."}
	StoreIdle   = Level{name: "entitled_store_connections_idle", help: "Connections to the database that are open and idle."}
	StoreMax    = Level{name: "entitled_store_connections_max", help: "How many connections to the database there may be."}
	StoreWaits  = Level{name: "entitled_store_waits_total", help: "How often a connection to the database had to be waited for.", sums: true}
	StoreWaited = Level{name: "entitled_store_wait_seconds_total", help: "For how long connections to the database were waited for.", sums: true}
)

// Watch has a level shown. Reading it must be quick and ask nobody.
func (m *Meter) Watch(l Level, read func() float64) {
	if l.sums {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: l.name, Help: l.help}, read))
		return
	}
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: l.name, Help: l.help}, read))
}

// WatchBreaker shows how the breaker before the questions to Stripe stands: the state
// that it is in is 1, the others are 0.
func (m *Meter) WatchBreaker(state func() ports.BreakerState) {
	for _, each := range ports.BreakerStates {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name:        "entitled_stripe_breaker",
			Help:        "1 for the state of the breaker before questions to Stripe: open while Stripe does not answer, half_open while one question finds out.",
			ConstLabels: prometheus.Labels{"state": string(each)},
		}, func() float64 {
			if state() == each {
				return 1
			}
			return 0
		}))
	}
}
