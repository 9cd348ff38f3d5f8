package bunstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	tries   = 3
	backoff = 10 * time.Millisecond // before the second try, four times as long before the third

	// patience bounds one try, so that a server that has gone silent cannot hold
	// a caller who set no deadline. It is longer than statement_timeout.
	patience = 20 * time.Second
)

// callersError carries an error of the caller's own function past translation.
type callersError struct{ error }

func (e callersError) Unwrap() error { return e.error }

// try runs one operation, again if it was rolled back for the sake of others or
// lost its connection before anything could have been kept.
func (s *Store) try(ctx context.Context, doing string, op func(context.Context) error) error {
	for n := 1; ; n++ {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("%s: %w", doing, err)
		}
		err := bounded(ctx, op)
		if err == nil {
			return nil
		}
		if refusedSettings(err) {
			s.pooled.Store(true)
		}
		if (refusedWrite(err) || errors.Is(err, errReadOnly)) && s.pool != nil {
			s.pool.Reset() // the other connections lead to the same server
		}
		if own, is := errors.AsType[callersError](err); is {
			return own.error
		}
		if done := ctx.Err(); done != nil {
			return fmt.Errorf("%s: %w: %w", doing, done, err)
		}
		if n == tries || !repeatable(err) {
			return translate(doing, err)
		}
		pause(ctx, n)
	}
}

func bounded(ctx context.Context, op func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := op(ctx)
	if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", ctx.Err(), err) // which is why database/sql has ended it
	}
	return err
}

func repeatable(err error) bool {
	switch natureOf(err) {
	case natureAborted:
		return true
	case natureLocked:
		_, last := errors.AsType[lastTry](err)
		return !last
	case natureLost:
		_, unknown := errors.AsType[unknownOutcome](err)
		_, unsent := errors.AsType[*pgconn.ConnectError](err)
		return unsent || !unknown
	default:
		return false
	}
}

// pause waits longer each time, and never as long as whoever it collided with.
func pause(ctx context.Context, n int) {
	longest := backoff << (2 * (n - 1))
	timer := time.NewTimer(longest/2 + rand.N(longest))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
