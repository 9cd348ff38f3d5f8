package ports

import (
	"context"
	"errors"
	"time"
)

// ErrAddressRefused: nothing is sent to an address. Its text says why, and what to do.
var ErrAddressRefused = errors.New("address refused")

// Letter is a message on its way: what is sent where, and what signs it.
type Letter struct {
	URL     string
	ID      string // the same in each attempt
	Body    []byte
	Secrets []string // each signs
}

// LetterAnswer is what came back.
type LetterAnswer struct {
	Status     int
	Body       string        // its first bytes
	RetryAfter time.Duration // what the answer asks for; 0: nothing
}

// Sender posts messages.
type Sender interface {
	// Check returns [ErrAddressRefused] for an address to which nothing can be sent, as far as
	// the address alone tells.
	Check(address string) error

	// Send posts a letter once and returns the answer, whatever its status. It follows no
	// redirect, and takes no longer than a bounded while. [ErrAddressRefused]: the name leads
	// to where nothing may be sent.
	Send(ctx context.Context, letter Letter) (LetterAnswer, error)

	// NewSecret makes a secret, and CheckSecret says what is wrong with one.
	NewSecret() string
	CheckSecret(secret string) error
}
