package main

import (
	"log/slog"

	"github.com/entitled-dev/entitled/adapters/breaker"
	"github.com/entitled-dev/entitled/adapters/bunstore"
	"github.com/entitled-dev/entitled/adapters/httpapi"
	"github.com/entitled-dev/entitled/adapters/telemetry"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/ports"
)

// watchLoad shows what fills up and what waits.
func watchLoad(m *telemetry.Meter, fulfill *app.Fulfill, show *app.ShowOrder, tell *app.TellChanges, deliver *app.Deliver, changes *app.ReadChanges, store *bunstore.Store, s *httpapi.Server, b ports.Breaker, clock ports.Clock) {
	m.WatchBreaker(b.State)
	m.WatchQuestions(fulfill.OpenQuestions, clock)
	bodies := func() (held, most float64) { now, limit := s.BodyBytes(); return float64(now), float64(limit) }
	connections := func() (open, most float64) { now, limit := s.Connections(); return float64(now), float64(limit) }
	for level, read := range map[telemetry.Level]func() float64{
		telemetry.EventsInHand:        func() float64 { return float64(fulfill.InHand()) },
		telemetry.QuestionsAsking:     func() float64 { return float64(fulfill.Asking()) },
		telemetry.QuestionsAskingMax:  func() float64 { return app.MostAsking },
		telemetry.WebhooksAwaiting:    func() float64 { return float64(fulfill.AwaitingAnswer()) },
		telemetry.WebhooksAwaitingMax: func() float64 { return app.MostAwaitingAnswer },
		telemetry.OrderWaits:          func() float64 { return float64(show.Waiting()) },
		telemetry.OrderWaitsMax:       func() float64 { return app.MostWaiting },
		telemetry.FeedLag:             func() float64 { return tell.Lag().Seconds() },
		telemetry.FeedReaders:         func() float64 { return float64(changes.Readers()) },
		telemetry.FeedReadersMax:      func() float64 { return app.MostReaders },
		telemetry.EndpointsFailing:    func() float64 { return float64(deliver.Counts().Failing) },
		telemetry.EndpointsDisabled:   func() float64 { return float64(deliver.Counts().Disabled) },
		telemetry.EndpointsBehind:     func() float64 { return float64(deliver.Counts().Behind) },
		telemetry.BodyBytes:           func() float64 { held, _ := bodies(); return held },
		telemetry.BodyBytesMax:        func() float64 { _, most := bodies(); return most },
		telemetry.Connections:         func() float64 { open, _ := connections(); return open },
		telemetry.ConnectionsMax:      func() float64 { _, most := connections(); return most },
		telemetry.StoreUsed:           func() float64 { return float64(store.Connections().Used) },
		telemetry.StoreIdle:           func() float64 { return float64(store.Connections().Idle) },
		telemetry.StoreMax:            func() float64 { return float64(store.Connections().Most) },
		telemetry.StoreWaits:          func() float64 { return float64(store.Connections().Waits) },
		telemetry.StoreWaited:         func() float64 { return store.Connections().Waited.Seconds() },
	} {
		m.Watch(level, read)
	}
}

// sayWhenAway logs when Stripe goes and when it comes back, and none of the probes between.
func sayWhenAway(logger *slog.Logger) breaker.Config {
	return breaker.Config{Changed: func(from, to ports.BreakerState) {
		switch {
		case from == ports.BreakerClosed:
			logger.Warn("Stripe does not answer: questions on doubt are kept and events go on without an answer; one is asked now and then, to see")
		case to == ports.BreakerClosed:
			logger.Info("Stripe answers again: the questions that were kept are asked")
		}
	}}
}
