package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// This file verifies what is derived of everybody while the service runs, a few users at a
// time. One program of all on the database is at it; how far it has come is kept after each
// slice, so that whoever goes on goes on there.

const (
	// verifySlice is how many users are read in a row, and verifyRest the time until the next
	// ones: a percent or two of a core, and a million users in a day.
	verifySlice = 20
	verifyRest  = time.Second
	// verifyLook is how often it is looked whether there is something to do.
	verifyLook = 30 * time.Second
	// verifyLease is how long a pass of which nothing is heard is still somebody's.
	verifyLease = 2 * time.Minute
	// settingVerify is how far it has come. Who has written it last has the lease.
	settingVerify = "verify"
)

// VerifyPass is one pass through all users.
type VerifyPass struct {
	StartedAt   time.Time
	EndedAt     time.Time // zero: it is under way
	Looked      int
	Different   int // of them, those with a difference
	Differences int
	After       domain.UserID // who was looked at last
}

// verification is what is kept of it.
type verification struct {
	Pass  VerifyPass
	Lease time.Time // when it is over

	text string // as it is kept
}

// OnDifference has somebody told of every user with a difference that a pass finds. It is for
// before Run, and must not block.
func (v *Verify) OnDifference(tell func(UserVerified)) { v.onDifference = tell }

// Last returns the pass that is under way, or else the last one; [ports.ErrNotFound] if there
// was none.
func (v *Verify) Last(ctx context.Context) (VerifyPass, error) {
	s, err := v.load(ctx)
	if err == nil && s.Pass.StartedAt.IsZero() {
		err = fmt.Errorf("%w: nothing was verified yet", ports.ErrNotFound)
	}
	return s.Pass, err
}

// Run goes through all users again and again until ctx ends; a pass begins so long after the
// one before began as the settings say. Nothing is begun before a while has passed, so that
// not all begin who start together. tell is told of every pass that has ended or cannot go on.
func (v *Verify) Run(ctx context.Context, while time.Duration, tell func(VerifyPass, error)) {
	notBefore := v.clock().Add(while)
	for v.every > 0 {
		pass, err := v.turn(ctx, notBefore)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, errNotDue), errors.Is(err, ErrDeriving): // it has its time
		default:
			tell(pass, err)
		}
		select {
		case <-v.timer(verifyLook):
		case <-ctx.Done():
			return
		}
	}
}

// turn goes on with the pass that there is, or begins one that is due.
func (v *Verify) turn(ctx context.Context, notBefore time.Time) (VerifyPass, error) {
	s, err := v.load(ctx)
	if err != nil {
		return s.Pass, err
	}
	now := v.clock()
	over := !s.Pass.EndedAt.IsZero() || s.Pass.StartedAt.IsZero()
	switch {
	case now.Before(s.Lease), now.Before(notBefore), over && now.Sub(s.Pass.StartedAt) < v.every:
		return s.Pass, errNotDue
	case over:
		s.Pass = VerifyPass{StartedAt: now.UTC()}
	}
	for s.Pass.EndedAt.IsZero() {
		if err := v.slice(ctx, &s); err != nil {
			if !errors.Is(err, errNotDue) { // then it is another's
				v.release(ctx, &s)
			}
			return s.Pass, err
		}
		select {
		case <-v.timer(verifyRest):
		case <-ctx.Done():
			v.release(ctx, &s)
			return s.Pass, ctx.Err()
		}
	}
	return s.Pass, nil
}

// slice looks at a few users, once the lease is ours.
func (v *Verify) slice(ctx context.Context, s *verification) error {
	if err := v.derived(ctx); err != nil {
		return err
	}
	if err := v.hold(ctx, s); err != nil {
		return err
	}
	users, err := v.store.Users(ctx, s.Pass.After, verifySlice)
	if err != nil {
		return fmt.Errorf("list users: %w", err)
	}
	for _, user := range users {
		found, err := v.verified(ctx, user, false)
		if err != nil {
			return err
		}
		s.Pass.Looked++
		if n := len(found.Differences); n > 0 {
			s.Pass.Different++
			s.Pass.Differences += n
			v.meter.Differences(n)
			v.onDifference(found)
		}
		s.Pass.After = user
	}
	if len(users) < verifySlice {
		s.Pass.EndedAt, s.Pass.After = v.clock().UTC(), ""
	}
	return v.hold(ctx, s)
}

func (v *Verify) load(ctx context.Context) (verification, error) {
	text, err := v.store.Setting(ctx, settingVerify)
	if errors.Is(err, ports.ErrNotFound) {
		return verification{}, nil
	}
	if err != nil {
		return verification{}, fmt.Errorf("read how far verifying has come: %w", err)
	}
	s, is := readBack[verification](text)
	if !is {
		s = verification{} // it is begun anew
	}
	s.text = text
	return s, nil
}

// hold keeps how far it has come, and the lease for another while; errNotDue if somebody else
// has taken it.
func (v *Verify) hold(ctx context.Context, s *verification) error {
	s.Lease = v.clock().Add(verifyLease).UTC()
	if !s.Pass.EndedAt.IsZero() {
		s.Lease = time.Time{}
	}
	return v.keep(ctx, s)
}

func (v *Verify) keep(ctx context.Context, s *verification) error {
	text, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("write down how far verifying has come: %w", err)
	}
	kept, err := v.store.SwapSetting(ctx, settingVerify, s.text, string(text))
	switch {
	case err != nil:
		return fmt.Errorf("keep how far verifying has come: %w", err)
	case !kept:
		return errNotDue
	}
	s.text = string(text)
	return nil
}

// release keeps how far it has come, and gives the lease back, so that another goes on at once.
func (v *Verify) release(ctx context.Context, s *verification) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), failTime)
	defer cancel()
	s.Lease = time.Time{}
	_ = v.keep(ctx, s) // else it is over in a while
}
