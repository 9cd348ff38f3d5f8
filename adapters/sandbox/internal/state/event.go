package state

import "github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"

// Event is a snapshot: what it tells never changes after the making.
type Event struct {
	ID, Kind   string
	Created    int64
	About      string // the id of data.object
	Told       Archived
	Cause      Cause
	Since      string // the version that has such events, if the account's has not
	Open       int    // deliveries neither accepted nor given up
	Unaccepted int    // deliveries not accepted
}

// Tells is what the event tells. Mu is held.
func (a *Account) Tells(e *Event) wire.Told { return wire.ReadTold(a.Archive.get(e.Told)) }

// Delivered tells whether no delivery is pending or failed.
func (e *Event) Delivered() bool { return e.Unaccepted == 0 }

// Cause is what an event says about the API request that it comes from; empty
// when it comes from the hosted page or the clock.
type Cause struct{ RequestID, IdempotencyKey string }
