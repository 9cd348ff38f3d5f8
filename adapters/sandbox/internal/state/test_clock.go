package state

// TestClock is one of Stripe's test clocks. There is one time in the sandbox, so each of them
// tells that: advancing one advances everything.
type TestClock struct {
	ID, Name  string
	Created   int64
	Advancing bool
	Target    int64 // what frozen_time says: where the clock is, or is going
}
