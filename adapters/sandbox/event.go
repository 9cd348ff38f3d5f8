package sandbox

import (
	"bytes"
	"encoding/json"
	"slices"
	"sort"
)

// event is a snapshot: what it tells never changes after the making.
type event struct {
	id, kind   string
	created    int64
	about      string // the id of data.object
	told       archived
	cause      cause
	since      string // the version that has such events, if the account's has not
	open       int    // deliveries neither accepted nor given up
	unaccepted int    // deliveries not accepted
}

// told is what an event tells, with everything that it has in any version.
type told struct {
	object, before object // before is nil unless the event tells a change
}

var eventRoutes = []route{
	{pattern: "GET /v1/events/{id}", do: (*Sandbox).retrieveEvent},
	{pattern: "GET /v1/events", params: listing("type", "types[]", "delivery_success"), do: (*Sandbox).listEvents},
}

// emit is the one place where an event is made and queued. mu is held.
func (s *Sandbox) emit(kind string, o, before object) *event {
	t := told{o, before}
	e := s.newEvent(kind, t)
	e.told = s.archive.put(t.text())
	s.events.add(e.id, e)
	s.queue(e, t)
	if s.chaos.twin() {
		twin := s.newEvent(kind, t)
		twin.told = e.told
		s.events.add(twin.id, twin)
		s.queue(twin, t)
	}
	if isOfSubscription(kind) {
		s.goesOn(e.about)
	}
	return e
}

func (s *Sandbox) newEvent(kind string, t told) *event {
	about, _ := t.object["id"].(string)
	return &event{id: newID("evt_1", 23), kind: kind, created: s.newSecond(), about: about, cause: s.cause}
}

// emitSince tells those endpoints whose version has such events. To the account,
// which is older, there are none.
func (s *Sandbox) emitSince(version, kind string, o object) {
	t := told{object: o}
	e := s.newEvent(kind, t)
	e.since = version
	s.queue(e, t)
}

// emitUpdated emits nothing if nothing has changed.
func (s *Sandbox) emitUpdated(kind string, before, after object) {
	if len(changedAttributes(before, after)) > 0 {
		s.emit(kind, after, before)
	}
}

// envelope is the event as a receiver of that API version sees it, but for its object, which
// has everything that it has in any version.
func (e *event) envelope(t told, version string) object {
	data := object{"object": t.object}
	if t.before != nil {
		data["previous_attributes"] = changedAttributes(t.before.in(version), t.object.in(version))
	}
	return object{
		"id": e.id, "object": "event", "api_version": version, "created": e.created, "data": data, "livemode": false,
		"pending_webhooks": e.unaccepted, "type": e.kind,
		"request": object{"id": orNull(e.cause.requestID), "idempotency_key": orNull(e.cause.idempotencyKey)},
	}
}

// in is the event as that version shows it.
func (e *event) in(t told, version string) object {
	o := e.envelope(t, version)
	data := o["data"].(object)
	data["object"] = t.object.in(version)
	return o
}

// eventObject is the event as the account's version shows it. mu is held.
func (s *Sandbox) eventObject(e *event) object { return e.in(s.tells(e), accountVersion) }

// tells is what the event tells. mu is held.
func (s *Sandbox) tells(e *event) told { return readTold(s.archive.get(e.told)) }

// text is what is kept of an event. Its two objects have most of their words in common.
func (t told) text() []byte { return compact([]object{t.object, t.before}) }

func readTold(text []byte) told {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber() // as it was written
	var both []any
	if err := d.Decode(&both); err != nil {
		panic("sandbox: an event cannot be read: " + err.Error()) // it was written here
	}
	var t told
	t.object, _ = asMade(both[0]).(object)
	t.before, _ = asMade(both[1]).(object)
	return t
}

// asMade is what was read of JSON in the types that objects are made of.
func asMade(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, each := range v {
			v[name] = asMade(each)
		}
		return object(v)
	case []any:
		objects := make([]object, 0, len(v))
		for _, each := range v {
			if o, ok := asMade(each).(object); ok {
				objects = append(objects, o)
			}
		}
		if len(objects) == len(v) {
			return objects
		}
	}
	return v
}

func (s *Sandbox) retrieveEvent(c *call) (object, *apiError) {
	e := s.events.get(c.id)
	if e == nil || e.created < s.oldestListed() {
		return nil, notFound("event", c.id, "id")
	}
	return s.eventObject(e), nil
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
		noun: "event", items: s.listedEvents(),
		id: func(e *event) string { return e.id },
		keep: func(e *event) bool {
			return created(e.created) && (len(kinds) == 0 || matchesType(kinds, e.kind)) && (!filtered || success == e.delivered())
		},
		object: s.eventObject,
	}.serve(c)
}

// eventsListed is how long Stripe's API knows an event.
const eventsListed = 30 * day

// oldestListed is from when on events can be asked for.
func (s *Sandbox) oldestListed() int64 { return s.now().Add(-eventsListed).Unix() }

// listedEvents are those that can be asked for, the newest first.
func (s *Sandbox) listedEvents() []*event {
	all, oldest := s.events.order, s.oldestListed()
	first := sort.Search(len(all), func(i int) bool { return all[i].created >= oldest })
	listed := slices.Clone(all[first:])
	slices.Reverse(listed)
	return listed
}

// delivered tells whether no delivery is pending or failed.
func (e *event) delivered() bool { return e.unaccepted == 0 }
