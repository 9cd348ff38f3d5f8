package state

import "time"

// DeliveryState is how far the delivery of an event has come.
type DeliveryState string

const (
	DeliveryPending   DeliveryState = "pending"   // not yet accepted, more attempts to come
	DeliverySucceeded DeliveryState = "succeeded" // answered with a 2xx
	DeliveryFailed    DeliveryState = "failed"    // given up
)

// DeliveryAttempt is one try to deliver an event.
type DeliveryAttempt struct {
	Time   time.Time // of the signature, UTC
	Status int       // HTTP status; 0 without an answer
	Err    string    // why there was no answer
}

// Delivery is the sending of one event to one endpoint.
type Delivery struct {
	ID            int64  // counted
	Event, Kind   string // the event's id, and its type
	Endpoint, URL string // the endpoint's id, and where it was at the last attempt
	Body          []byte // nil once the delivery is finished
	State         DeliveryState
	Attempts      []DeliveryAttempt
	Due           bool // its next attempt is due or under way
	Lost          bool // its first attempt does not arrive
}
