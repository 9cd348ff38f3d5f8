package render

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// EventEnvelope is the event as a receiver of that API version sees it, but for its object, which
// has everything that it has in any version.
func EventEnvelope(e *state.Event, t wire.Told, version string) wire.Object {
	data := wire.Object{"object": t.Object}
	if t.Before != nil {
		data["previous_attributes"] = wire.ChangedAttributes(t.Before.In(version), t.Object.In(version))
	}
	return wire.Object{
		"id": e.ID, "object": "event", "api_version": version, "created": e.Created, "data": data, "livemode": false,
		"pending_webhooks": e.Unaccepted, "type": e.Kind,
		"request": wire.Object{"id": wire.OrNull(e.Cause.RequestID), "idempotency_key": wire.OrNull(e.Cause.IdempotencyKey)},
	}
}

// EventIn is the event as that version shows it.
func EventIn(e *state.Event, t wire.Told, version string) wire.Object {
	o := EventEnvelope(e, t, version)
	data := o["data"].(wire.Object)
	data["object"] = t.Object.In(version)
	return o
}

// Event is the event as the account's version shows it. Mu is held.
func (r *Renderer) Event(e *state.Event) wire.Object {
	return EventIn(e, r.Tells(e), wire.AccountVersion)
}
