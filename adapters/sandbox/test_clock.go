package sandbox

import (
	"time"
)

// testClock is one of Stripe's test clocks. There is one time in the sandbox, so each of them
// tells that: advancing one advances everything.
type testClock struct {
	id, name  string
	created   int64
	advancing bool
	target    int64 // what frozen_time says: where the clock is, or is going
}

var testClockRoutes = []route{
	{pattern: "POST /v1/test_helpers/test_clocks", params: []string{"frozen_time", "name"}, do: (*Sandbox).createTestClock},
	{pattern: "GET /v1/test_helpers/test_clocks/{id}", do: (*Sandbox).retrieveTestClock},
	{pattern: "POST /v1/test_helpers/test_clocks/{id}/advance", params: []string{"frozen_time"}, do: (*Sandbox).advanceTestClock},
	{pattern: "DELETE /v1/test_helpers/test_clocks/{id}", do: (*Sandbox).deleteTestClock},
	{pattern: "GET /v1/test_helpers/test_clocks", params: listParams, do: (*Sandbox).listTestClocks},
}

// createTestClock takes a time that is over as now: what happened in the sandbox cannot be
// before it.
func (s *Sandbox) createTestClock(c *call) (object, *apiError) {
	c.required("frozen_time")
	at := c.integer("frozen_time", 0, 1<<40)
	name := c.limited("name", 300)
	switch {
	case c.err != nil:
		return nil, c.err
	case s.ownClock:
		return nil, invalid("", "", "%s", "This sandbox's time is moved by the test that made it (WithClock), so there are no test clocks.")
	}
	clock := &testClock{id: newID("clock_1", 23), name: name, created: s.nowUnix(), target: s.nowUnix()}
	s.testClocks.add(clock.id, clock)
	s.emit("test_helpers.test_clock.created", s.testClockObject(clock), nil)
	if at > s.nowUnix() {
		s.advanceClock(clock, at)
	}
	return s.testClockObject(clock), nil
}

func (s *Sandbox) advanceTestClock(c *call) (object, *apiError) {
	clock := s.testClocks.get(c.id)
	c.required("frozen_time")
	at := c.integer("frozen_time", 0, 1<<40)
	switch {
	case clock == nil:
		return nil, notFound("test_helpers.test_clock", c.id, "test_clock")
	case c.err != nil:
		return nil, c.err
	case clock.advancing:
		return nil, invalid("", "test_clock_advancing", "The test clock is already advancing. Wait until its status is ready.")
	case at <= clock.target:
		return nil, invalid("frozen_time", "", "The frozen time must be later than the test clock's, which is %d.", clock.target)
	}
	s.advanceClock(clock, at)
	return s.testClockObject(clock), nil
}

// advanceClock answers before the time has come, as Stripe does: the clock is advancing until
// it is ready.
func (s *Sandbox) advanceClock(clock *testClock, at int64) {
	clock.advancing, clock.target = true, at
	s.emit("test_helpers.test_clock.advancing", s.testClockObject(clock), nil)
	s.work.Go(func() {
		if s.advanceTo(s.ctx, time.Unix(at, 0)) != nil {
			return // the sandbox was closed
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		clock.advancing = false
		if s.testClocks.get(clock.id) != nil {
			s.emit("test_helpers.test_clock.ready", s.testClockObject(clock), nil)
		}
	})
}

func (s *Sandbox) retrieveTestClock(c *call) (object, *apiError) {
	clock := s.testClocks.get(c.id)
	if clock == nil {
		return nil, notFound("test_helpers.test_clock", c.id, "test_clock")
	}
	return s.testClockObject(clock), nil
}

// deleteTestClock deletes its customers too, and with them ends their subscriptions.
func (s *Sandbox) deleteTestClock(c *call) (object, *apiError) {
	clock := s.testClocks.get(c.id)
	switch {
	case clock == nil:
		return nil, notFound("test_helpers.test_clock", c.id, "test_clock")
	case clock.advancing:
		return nil, invalid("", "test_clock_advancing", "The test clock is advancing. Wait until its status is ready.")
	}
	for _, cu := range s.customers.order {
		if cu.testClock == clock.id && !cu.deleted {
			s.removeCustomer(cu)
		}
	}
	s.testClocks.remove(clock.id)
	s.emit("test_helpers.test_clock.deleted", s.testClockObject(clock), nil)
	return object{"id": clock.id, "object": "test_helpers.test_clock", "deleted": true}, nil
}

func (s *Sandbox) listTestClocks(c *call) (object, *apiError) {
	return page[*testClock]{
		noun: "test_helpers.test_clock", items: s.testClocks.newestFirst(),
		id:     func(clock *testClock) string { return clock.id },
		keep:   func(*testClock) bool { return true },
		object: s.testClockObject,
	}.serve(c)
}

// testClockLife is how long Stripe keeps one.
const testClockLife = 30 * 24 * time.Hour

func (s *Sandbox) testClockObject(clock *testClock) object {
	status, details := "ready", object{}
	if clock.advancing {
		status, details = "advancing", object{"advancing": object{"target_frozen_time": clock.target}}
	}
	return object{
		"id": clock.id, "object": "test_helpers.test_clock", "created": clock.created, "deletes_after": clock.created + int64(testClockLife/time.Second),
		"frozen_time": clock.target, "livemode": false, "name": orNull(clock.name), "status": status, "status_details": details,
	}
}

// testClockOf is the clock that a customer was made with, as what is made for it shows it.
func (s *Sandbox) testClockOf(customerID string) any {
	cu := s.customers.get(customerID)
	if cu == nil {
		return nil
	}
	return orNull(cu.testClock)
}
