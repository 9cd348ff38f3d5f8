package bunstore

import (
	"context"
	"database/sql/driver"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/entitled-dev/entitled/ports"
)

const (
	// patienceForConn is how long to wait for a free connection: who gets none by
	// then had better say so than queue on.
	patienceForConn = 4 * time.Second
	// patienceInLine is how long a request waits to be let to them at all. What is left
	// of its patience then is for the connections that it needs later.
	patienceInLine = 3 * time.Second
)

// queue is where requests wait for their first connection. The pool gives connections in turn:
// if all queued there, each would have one or two and be refused in the middle. So few of
// those that come queue beside those that were let in, which are soon through.
type queue struct {
	places chan struct{}
	waits  atomic.Int64 // how often one was not let in at once
	waited atomic.Int64 // for how many nanoseconds, in all
}

// newQueue lets a quarter as many wait for a connection as there are: a checkout needs four.
func newQueue(conns int32) *queue {
	return &queue{places: make(chan struct{}, max(1, conns/4))}
}

// stand waits for one connection, in line if the context is of a request that has had none.
func (q *queue) stand(ctx context.Context, get func(context.Context) error) (err error) {
	ctx, first, done := ports.Waiting(ctx, patienceForConn)
	defer func() { done(err == nil) }()
	if first {
		if err := q.letIn(ctx); err != nil {
			return err
		}
		defer func() { <-q.places }()
	}
	return get(ctx)
}

func (q *queue) letIn(ctx context.Context) error {
	select {
	case q.places <- struct{}{}:
		return nil
	default:
	}
	came := time.Now()
	q.waits.Add(1)
	defer func() { q.waited.Add(int64(time.Since(came))) }()
	ctx, cancel := context.WithTimeout(ctx, patienceInLine)
	defer cancel()
	select {
	case q.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// patient is where database/sql has its connections from: it waits no longer either.
type patient struct {
	driver.Connector
	queue *queue
}

func (p patient) Connect(ctx context.Context) (conn driver.Conn, err error) {
	err = p.queue.stand(ctx, func(ctx context.Context) error {
		conn, err = p.Connector.Connect(ctx)
		return err
	})
	return conn, err
}

func (s *Store) acquire(ctx context.Context) (conn *pgxpool.Conn, err error) {
	err = s.queue.stand(ctx, func(ctx context.Context) error {
		conn, err = s.pool.Acquire(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return conn, nil
}
