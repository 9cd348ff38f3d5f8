package state

import "time"

// RememberedAnswer is the first answer under an idempotency key.
type RememberedAnswer struct {
	Request string // path and parameters
	At      time.Time
	Done    bool // false while the first request is under way
	Answer  Answer
}

// Stripe forgets keys after a day at the earliest.
const idempotencyLife = 24 * time.Hour

// Expired tells whether the key may be used anew.
func (e *RememberedAnswer) Expired(now time.Time) bool {
	return e.Done && now.Sub(e.At) > idempotencyLife
}

// Answer is a response as it can be repeated for the same idempotency key.
type Answer struct {
	Status  int
	Body    []byte
	Version string // of the API, that the body is in
}
