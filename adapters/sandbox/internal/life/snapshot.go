package life

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/chaos"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
)

const (
	snapshotFormat = "entitled sandbox"
	// snapshotVersion goes up with each change of what is written: a test knows its shape.
	snapshotVersion = 1
)

// envelope is what a snapshot says about itself. The state is a text in it, which stays what it
// is where a program reads JSON and writes it again: that may change how a character or a number
// is written, and the order of names.
type envelope struct {
	Format  string    `json:"format"`
	Version int       `json:"version"`
	Now     time.Time `json:"now"` // of the account
	SHA256  string    `json:"sha256"`
	State   string    `json:"state"`
}

// saved is all that a Stripe is, except for what it was made with (options, addresses) and for
// what is under way (requests, attempts to deliver).
type saved struct {
	GivenClock bool // another moves it
	Contents   state.Contents
	Chaos      chaos.Saved
}

// Snapshot writes down what the account is now. Mu is not held.
func (s *Stripe) Snapshot() ([]byte, error) {
	text, now, err := s.save()
	if err != nil {
		return nil, fmt.Errorf("sandbox: write the snapshot: %w", err)
	}
	written, err := json.Marshal(envelope{Format: snapshotFormat, Version: snapshotVersion, Now: now, SHA256: sum(text), State: string(text)})
	if err != nil {
		return nil, fmt.Errorf("sandbox: write the snapshot: %w", err)
	}
	return append(written, '\n'), nil
}

func (s *Stripe) save() (text []byte, now time.Time, err error) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	mishaps, err := s.Chaos.Save()
	if err != nil {
		return nil, now, err
	}
	text, err = json.Marshal(saved{GivenClock: s.OwnClock, Contents: s.Contents, Chaos: mishaps})
	return text, s.Now().UTC(), err
}

func sum(text []byte) string {
	of := sha256.Sum256(text)
	return hex.EncodeToString(of[:])
}

// readSnapshot says what is wrong with a snapshot, and what to do about it.
func readSnapshot(text []byte) (was *saved, now time.Time, err error) {
	var e envelope
	if err := json.Unmarshal(text, &e); err != nil {
		return nil, now, fmt.Errorf("sandbox: this is no snapshot, or only a part of one: %w", err)
	}
	switch {
	case e.Format != snapshotFormat:
		return nil, now, errors.New("sandbox: this is no snapshot of a sandbox: take what Snapshot returned")
	case e.Version > snapshotVersion:
		return nil, now, fmt.Errorf("sandbox: the snapshot is of a newer program (version %d, and this one reads %d): update this one", e.Version, snapshotVersion)
	case e.Version < snapshotVersion:
		return nil, now, fmt.Errorf("sandbox: the snapshot is of an older program (version %d, and this one reads %d): take a new one", e.Version, snapshotVersion)
	}
	if sum([]byte(e.State)) != e.SHA256 {
		return nil, now, errors.New("sandbox: the snapshot is damaged, or was changed by hand: its state is not what its sha256 says")
	}
	was = new(saved)
	if err := json.Unmarshal([]byte(e.State), was); err != nil {
		return nil, now, fmt.Errorf("sandbox: the snapshot is damaged: %w", err)
	}
	return was, e.Now, nil
}

// Restore has the account be what a snapshot says, and go on from there. It changes nothing if
// it fails. It waits until nobody advances the clock. Mu is not held.
func (s *Stripe) Restore(text []byte) error {
	was, now, err := readSnapshot(text)
	if err != nil {
		return err
	}
	mishaps, err := was.Chaos.Read()
	if err != nil {
		return fmt.Errorf("sandbox: the snapshot is damaged: %w", err)
	}
	for _, t := range was.Contents.Timers {
		if !s.Knows(t.Kind) {
			return fmt.Errorf("sandbox: the snapshot is of another program: something happens in it that this one does not know (%s)", t.Kind)
		}
	}
	if was.GivenClock != s.OwnClock {
		return errors.New("sandbox: the snapshot and this sandbox have different clocks: WithClock belongs to both of them, or to neither")
	}
	if err := s.beginAdvancing(s.Running); err != nil {
		return err
	}
	defer func() { <-s.advancing }()
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if s.Webhooks.Closed {
		return errors.New("sandbox: closed")
	}
	s.become(was, now, mishaps)
	return nil
}

// become puts what was written down in the place of what is. Mu is held.
func (s *Stripe) become(was *saved, now time.Time, mishaps *chaos.Chaos) {
	s.Contents = was.Contents
	s.ShareDiscounts()
	if s.Idempotency == nil {
		s.Idempotency = map[string]*state.RememberedAnswer{}
	}
	// A request that was under way ended without an answer.
	maps.DeleteFunc(s.Idempotency, func(_ string, a *state.RememberedAnswer) bool { return !a.Done })
	s.Chaos.Dice, s.Chaos.Planned = mishaps.Dice, mishaps.Planned
	if s.Base != "" {
		s.MovePages(s.Base)
	}
	if !s.OwnClock {
		s.SetTo(now)
	}
	s.goOnAdvancing()
	s.Webhooks.Resume()
}
