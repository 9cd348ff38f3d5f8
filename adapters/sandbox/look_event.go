package sandbox

import (
	"encoding/json"
	"time"
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
func (s *Sandbox) Events() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Event, 0, len(s.events.order))
	for _, e := range s.events.order {
		out = append(out, Event{e.id, e.kind, time.Unix(e.created, 0).UTC(), e.about, encode(s.eventObject(e))})
	}
	return out
}
