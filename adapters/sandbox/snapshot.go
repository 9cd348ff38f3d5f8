package sandbox

// Snapshot writes down all that the sandbox is now, as JSON: its objects, events and
// deliveries, its time and what is to happen later, idempotency keys, the logs, and what is
// planned to go wrong, with how far the seed of its chaos has come. What New was told
// (options, the API key, the address) is not in it.
//
// A request or a delivery that is under way is as if it was not begun: the client asks again
// with its idempotency key, and the delivery is made again.
func (s *Sandbox) Snapshot() ([]byte, error) { return s.stripe.Snapshot() }

// Restore has the sandbox be what Snapshot has written, of this sandbox or another one, and go
// on from there: its time is that of the snapshot, however long ago that was taken, and
// AdvanceTo catches up. Deliveries that were not accepted go on. Links to pages lead to this
// sandbox.
//
// It fails, and changes nothing, if the snapshot is damaged, is none, or is of a program of
// another version; also where one of the two was made WithClock, and the other was not. While
// the clock is being advanced it waits.
func (s *Sandbox) Restore(snapshot []byte) error { return s.stripe.Restore(snapshot) }
