package api

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

var testClockRoutes = []route{
	{pattern: "POST /v1/test_helpers/test_clocks", params: []string{"frozen_time", "name"}, do: (*Server).createTestClock},
	{pattern: "GET /v1/test_helpers/test_clocks/{id}", do: (*Server).retrieveTestClock},
	{pattern: "POST /v1/test_helpers/test_clocks/{id}/advance", params: []string{"frozen_time"}, do: (*Server).advanceTestClock},
	{pattern: "DELETE /v1/test_helpers/test_clocks/{id}", do: (*Server).deleteTestClock},
	{pattern: "GET /v1/test_helpers/test_clocks", params: wire.ListParams, do: (*Server).listTestClocks},
}

// createTestClock takes a time that is over as now: what happened in the sandbox cannot be
// before it.
func (s *Server) createTestClock(c *Call) (wire.Object, *wire.Error) {
	c.Required("frozen_time")
	at := c.Integer("frozen_time", 0, s.Latest().Unix())
	name := c.Limited("name", 300)
	switch {
	case c.Err != nil:
		return nil, c.Err
	case s.OwnClock:
		return nil, wire.Invalid("", "", "%s", "This sandbox's time is moved by the test that made it (WithClock), so there are no test clocks.")
	}
	clock := &state.TestClock{ID: wire.NewID("clock_1", 23), Name: name, Created: s.NowUnix(), Target: s.NowUnix()}
	s.TestClocks.Add(clock.ID, clock)
	s.Emit("test_helpers.test_clock.created", s.Render.TestClock(clock), nil)
	if at > s.NowUnix() {
		s.AdvanceClock(clock, at)
	}
	return s.Render.TestClock(clock), nil
}

func (s *Server) advanceTestClock(c *Call) (wire.Object, *wire.Error) {
	clock := s.TestClocks.Get(c.id)
	c.Required("frozen_time")
	at := c.Integer("frozen_time", 0, s.Latest().Unix())
	switch {
	case clock == nil:
		return nil, wire.NotFound("test_helpers.test_clock", c.id, "test_clock")
	case c.Err != nil:
		return nil, c.Err
	case clock.Advancing:
		return nil, wire.Invalid("", "test_clock_advancing", "The test clock is already advancing. Wait until its status is ready.")
	case at <= clock.Target:
		return nil, wire.Invalid("frozen_time", "", "The frozen time must be later than the test clock's, which is %d.", clock.Target)
	}
	s.AdvanceClock(clock, at)
	return s.Render.TestClock(clock), nil
}

func (s *Server) retrieveTestClock(c *Call) (wire.Object, *wire.Error) {
	clock := s.TestClocks.Get(c.id)
	if clock == nil {
		return nil, wire.NotFound("test_helpers.test_clock", c.id, "test_clock")
	}
	return s.Render.TestClock(clock), nil
}

// deleteTestClock deletes its customers too, and with them ends their subscriptions.
func (s *Server) deleteTestClock(c *Call) (wire.Object, *wire.Error) {
	clock := s.TestClocks.Get(c.id)
	switch {
	case clock == nil:
		return nil, wire.NotFound("test_helpers.test_clock", c.id, "test_clock")
	case clock.Advancing:
		return nil, wire.Invalid("", "test_clock_advancing", "The test clock is advancing. Wait until its status is ready.")
	}
	for _, cu := range s.Customers.Order {
		if cu.TestClock == clock.ID && !cu.Deleted {
			s.RemoveCustomer(cu)
		}
	}
	s.TestClocks.Remove(clock.ID)
	s.Emit("test_helpers.test_clock.deleted", s.Render.TestClock(clock), nil)
	return wire.Object{"id": clock.ID, "object": "test_helpers.test_clock", "deleted": true}, nil
}

func (s *Server) listTestClocks(c *Call) (wire.Object, *wire.Error) {
	return page[*state.TestClock]{
		noun: "test_helpers.test_clock", items: s.TestClocks.NewestFirst(),
		id:     func(clock *state.TestClock) string { return clock.ID },
		keep:   func(*state.TestClock) bool { return true },
		object: s.Render.TestClock,
	}.serve(c)
}
