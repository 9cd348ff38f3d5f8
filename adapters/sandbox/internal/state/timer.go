package state

import "time"

// Timer is something that happens by itself at a time of the account's clock. It says what
// in words alone, so that it can be written down; clock.On says what to do.
type Timer struct {
	Due    time.Time
	Kind   TimerKind
	About  string // the id of the object that it happens to
	With   string // what else is needed, such as the id of a second object
	Number int64  // what else is needed, such as the moment that was planned
}

// TimerKind is what happens. Its text is in snapshots: it stays what it is.
type TimerKind string
