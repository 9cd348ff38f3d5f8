package sandbox

import (
	"encoding/json"
	"math"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// Event is an event that the sandbox has sent or would have sent.
type Event struct {
	ID       string
	Type     string
	Created  time.Time
	ObjectID string          // of data.object
	Body     json.RawMessage // the whole envelope
}

// Events returns all events in the order of their making, also those that are too old for
// GET /v1/events. Nothing delivers them in that order, but see WithOrderedEvents.
func (s *Sandbox) Events() []Event { return s.EventsFrom(0) }

// EventsFrom returns the events of [Sandbox.Events] but for the first n, without the work of
// writing those.
func (s *Sandbox) EventsFrom(n int) []Event { return s.SomeEvents(n, math.MaxInt) }

// SomeEvents returns at most so many events of [Sandbox.EventsFrom]: of a long life there are
// too many to hold all at once.
func (s *Sandbox) SomeEvents(n, most int) []Event {
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	all := s.stripe.Events.Order
	all = all[min(max(n, 0), len(all)):]
	all = all[:min(max(most, 0), len(all))]
	out := make([]Event, 0, len(all))
	for _, e := range all {
		out = append(out, Event{e.ID, e.Kind, time.Unix(e.Created, 0).UTC(), e.About, wire.Encode(s.stripe.Render.Event(e))})
	}
	return out
}

// CountEvents is how many events there are so far.
func (s *Sandbox) CountEvents() int {
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	return len(s.stripe.Events.Order)
}
