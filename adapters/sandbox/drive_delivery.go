package sandbox

import (
	"context"
	"fmt"
	"time"
)

// DeliveryState is how far the delivery of an event has come.
type DeliveryState string

// The states of a delivery.
const (
	DeliveryPending   DeliveryState = "pending"   // not yet accepted, more attempts to come
	DeliverySucceeded DeliveryState = "succeeded" // answered with a 2xx
	DeliveryFailed    DeliveryState = "failed"    // given up
)

// Attempt is one try to deliver an event.
type Attempt struct {
	Time   time.Time // of the signature, UTC
	Status int       // HTTP status; 0 without an answer
	Error  string    // why there was no answer
}

// Delivery is the sending of one event to one endpoint.
type Delivery struct {
	EventID   string
	EventType string
	URL       string
	State     DeliveryState
	Attempts  []Attempt
}

// Resend sends an event again to every endpoint that wants it, as a resend in
// Stripe's dashboard does. It fails for an unknown event.
func (s *Sandbox) Resend(eventID string) error {
	if !s.stripe.Webhooks.Resend(eventID) {
		return fmt.Errorf("sandbox: no such event: %s", eventID)
	}
	return nil
}

// Deliveries returns the deliveries so far, in the order of their events: the newest 20,000,
// and as many again at most, but for those that are still to be accepted.
func (s *Sandbox) Deliveries() []Delivery {
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	out := make([]Delivery, 0, len(s.stripe.Deliveries))
	for _, d := range s.stripe.Deliveries {
		shown := Delivery{EventID: d.Event, EventType: d.Kind, URL: d.URL, State: DeliveryState(d.State)}
		for _, a := range d.Attempts {
			shown.Attempts = append(shown.Attempts, Attempt{a.Time, a.Status, a.Err})
		}
		out = append(out, shown)
	}
	return out
}

// WaitIdle runs what is due at the sandbox's clock and waits until no delivery
// is due or under way. A delivery that failed and waits for its next attempt
// counts as idle. It returns ctx's error if that ends first.
func (s *Sandbox) WaitIdle(ctx context.Context) error {
	s.stripe.RunAllDue()
	return s.stripe.Webhooks.Idle(ctx)
}

// WaitDelivered waits until every event is accepted or given up, retries
// included. It returns ctx's error if that ends first.
func (s *Sandbox) WaitDelivered(ctx context.Context) error {
	s.stripe.RunAllDue()
	return s.stripe.Webhooks.AllDelivered(ctx)
}
