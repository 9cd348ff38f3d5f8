package sandbox

import (
	"slices"
)

// event is a snapshot: its object never changes after the making.
type event struct {
	id, kind       string
	created        int64
	object, before object // before is nil unless the event tells a change
	cause          cause
	since          string // the version that has such events, if the account's has not
	deliveries     []*delivery
}

var eventRoutes = []route{
	{pattern: "GET /v1/events/{id}", do: (*Sandbox).retrieveEvent},
	{pattern: "GET /v1/events", params: listing("type", "types[]", "delivery_success"), do: (*Sandbox).listEvents},
}

// emit is the one place where an event is made and queued. mu is held.
func (s *Sandbox) emit(kind string, o, before object) *event {
	e := &event{
		id: newID("evt_1", 23), kind: kind, created: s.nowUnix(),
		object: o, before: before, cause: s.cause,
	}
	s.events.add(e.id, e)
	s.queue(e)
	if s.chaos.twin() {
		twin := &event{id: newID("evt_1", 23), kind: kind, created: e.created, object: o, before: before, cause: e.cause}
		s.events.add(twin.id, twin)
		s.queue(twin)
	}
	if isOfSubscription(kind) {
		s.goesOn(e.objectID())
	}
	return e
}

// emitSince tells those endpoints whose version has such events. To the account,
// which is older, there are none.
func (s *Sandbox) emitSince(version, kind string, o object) {
	s.queue(&event{id: newID("evt_1", 23), kind: kind, created: s.nowUnix(), object: o, cause: s.cause, since: version})
}

// emitUpdated emits nothing if nothing has changed.
func (s *Sandbox) emitUpdated(kind string, before, after object) {
	if len(changedAttributes(before, after)) > 0 {
		s.emit(kind, after, before)
	}
}

// render writes the event as a receiver of that API version sees it.
func (e *event) render(version string) object {
	now := e.object.in(version)
	data := object{"object": now}
	if e.before != nil {
		data["previous_attributes"] = changedAttributes(e.before.in(version), now)
	}
	pending := 0
	for _, d := range e.deliveries {
		if d.state != deliverySucceeded {
			pending++
		}
	}
	return object{
		"id": e.id, "object": "event", "api_version": version, "created": e.created, "data": data, "livemode": false,
		"pending_webhooks": pending, "type": e.kind,
		"request": object{"id": orNull(e.cause.requestID), "idempotency_key": orNull(e.cause.idempotencyKey)},
	}
}

func (s *Sandbox) retrieveEvent(c *call) (object, *apiError) {
	e := s.events.get(c.id)
	if e == nil {
		return nil, notFound("event", c.id, "id")
	}
	return e.render(accountVersion), nil
}

func (s *Sandbox) listEvents(c *call) (object, *apiError) {
	created, kinds := c.createdFilter(), c.list("types")
	if len(kinds) > 20 {
		c.fail(invalid("types", "", "You may specify up to 20 event types."))
	}
	if kind := c.text("type"); kind != "" {
		if len(kinds) > 0 {
			c.fail(invalid("type", "parameters_exclusive", "You may only specify one of these parameters: type, types."))
		}
		kinds = []string{kind}
	}
	success, filtered := c.flag("delivery_success"), c.has("delivery_success")
	return page[*event]{
		noun: "event", items: s.events.newestFirst(),
		id: func(e *event) string { return e.id },
		keep: func(e *event) bool {
			return created(e.created) && (len(kinds) == 0 || matchesType(kinds, e.kind)) && (!filtered || success == e.delivered())
		},
		object: func(e *event) object { return e.render(accountVersion) },
	}.serve(c)
}

func (e *event) objectID() string {
	id, _ := e.object["id"].(string)
	return id
}

// delivered tells whether no delivery is pending or failed.
func (e *event) delivered() bool {
	return !slices.ContainsFunc(e.deliveries, func(d *delivery) bool { return d.state != deliverySucceeded })
}
