package life

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// AdvanceTo moves the clock forward to a time, and makes happen on the way, each at its time,
// what is due until then. It fails where ctx ends or the sandbox is closed meanwhile.
func (s *Stripe) AdvanceTo(ctx context.Context, t time.Time) error {
	if t.After(s.Latest()) {
		return fmt.Errorf("sandbox: the clock goes no further than %s", s.Latest().Format(time.DateOnly))
	}
	if err := s.beginAdvancing(ctx); err != nil {
		return err
	}
	defer func() { <-s.advancing }()
	for {
		err := s.Webhooks.Idle(ctx)
		switch {
		case s.Running.Err() != nil:
			return errors.New("sandbox: closed")
		case err != nil:
			return s.heldBy(ctx.Err())
		case !s.RunNext(t):
			return nil
		}
	}
}

// beginAdvancing waits until nobody else advances the clock: two at once would skip what is due
// between them.
func (s *Stripe) beginAdvancing(ctx context.Context) error {
	select {
	case s.advancing <- struct{}{}:
		return nil
	default: // somebody does; else a ctx that has ended is not the reason
	}
	select {
	case s.advancing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("sandbox: the clock is being advanced already: %w", ctx.Err())
	case <-s.Running.Done():
		return errors.New("sandbox: closed")
	}
}

// heldBy says which endpoint the clock waits for.
func (s *Stripe) heldBy(err error) error {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	held := "a webhook"
	for _, d := range s.Deliveries {
		if d.Due {
			held = fmt.Sprintf("%s, sent to %s,", d.Kind, d.URL)
			break
		}
	}
	return fmt.Errorf("sandbox: the clock stands at %s, since %s is not answered: %w", s.Now().UTC().Format(time.RFC3339), held, err)
}
