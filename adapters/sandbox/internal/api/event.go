package api

import (
	"slices"
	"sort"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/clock"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

var eventRoutes = []route{
	{pattern: "GET /v1/events/{id}", do: (*Server).retrieveEvent},
	{pattern: "GET /v1/events", params: wire.Listing("type", "types[]", "delivery_success"), do: (*Server).listEvents},
}

func (s *Server) retrieveEvent(c *Call) (wire.Object, *wire.Error) {
	e := s.Events.Get(c.id)
	if e == nil || e.Created < s.oldestListed() {
		return nil, wire.NotFound("event", c.id, "id")
	}
	return s.Render.Event(e), nil
}

func (s *Server) listEvents(c *Call) (wire.Object, *wire.Error) {
	created, kinds := c.createdFilter(), c.List("types")
	if len(kinds) > 20 {
		c.Fail(wire.Invalid("types", "", "You may specify up to 20 event types."))
	}
	if kind := c.Text("type"); kind != "" {
		if len(kinds) > 0 {
			c.Fail(wire.Invalid("type", "parameters_exclusive", "You may only specify one of these parameters: type, types."))
		}
		kinds = []string{kind}
	}
	success, filtered := c.Flag("delivery_success"), c.Has("delivery_success")
	return page[*state.Event]{
		noun: "event", items: s.listedEvents(),
		id: func(e *state.Event) string { return e.ID },
		keep: func(e *state.Event) bool {
			return created(e.Created) && (len(kinds) == 0 || state.MatchesType(kinds, e.Kind)) && (!filtered || success == e.Delivered())
		},
		object: s.Render.Event,
	}.serve(c)
}

// eventsListed is how long Stripe's API knows an event.
const eventsListed = 30 * clock.Day

// oldestListed is from when on events can be asked for.
func (s *Server) oldestListed() int64 { return s.Now().Add(-eventsListed).Unix() }

// listedEvents are those that can be asked for, the newest first.
func (s *Server) listedEvents() []*state.Event {
	all, oldest := s.Events.Order, s.oldestListed()
	first := sort.Search(len(all), func(i int) bool { return all[i].Created >= oldest })
	listed := slices.Clone(all[first:])
	slices.Reverse(listed)
	return listed
}
