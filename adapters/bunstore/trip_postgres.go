package bunstore

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// onPostgresTx is a transaction on a connection of the pool, past database/sql,
// which knows no way to send several statements at once.
type onPostgresTx struct {
	store    *Store
	conn     *pgxpool.Conn
	begin    []statement // sent with the first trip; then empty
	readOnly bool
	over     bool
}

func (s *Store) beginPostgres(ctx context.Context, o txOptions) (transaction, error) {
	conn, err := s.acquire(ctx)
	if err != nil {
		return nil, err
	}
	begin := []statement{{sql: "BEGIN ISOLATION LEVEL READ COMMITTED", same: true}}
	if o.readOnly {
		begin = []statement{{sql: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", same: true}}
	}
	if s.pooled.Load() {
		begin = append(begin, statement{sql: s.settings})
	}
	if o.lockWait > 0 {
		begin = append(begin, statement{sql: fmt.Sprintf("SET LOCAL lock_timeout = %d", max(o.lockWait.Milliseconds(), 1)), same: true})
	}
	return &onPostgresTx{store: s, conn: conn, begin: begin, readOnly: o.readOnly}, nil
}

func (t *onPostgresTx) trip(ctx context.Context, statements ...statement) error {
	if len(statements) == 0 {
		return nil
	}
	_, err := t.send(ctx, statements)
	return err
}

func (t *onPostgresTx) send(ctx context.Context, statements []statement) (string, error) {
	statements = append(t.begin, statements...)
	t.begin = nil
	return t.store.pipeline(ctx, t.conn.Conn(), statements)
}

func (t *onPostgresTx) commit(ctx context.Context, statements ...statement) error {
	said, err := t.send(ctx, append(statements[:len(statements):len(statements)], statement{sql: "COMMIT", same: true}))
	switch {
	case err != nil && t.readOnly:
		return err
	case err != nil:
		return unknownOutcome{err}
	}
	if said != "COMMIT" { // the server rolled back a transaction that had failed before
		return fmt.Errorf("commit: the server answered %s", said)
	}
	t.end()
	return nil
}

// rollback sends ROLLBACK on a connection that still works; any other is thrown
// away by the pool, and the server rolls back by itself.
func (t *onPostgresTx) rollback() {
	if t.over {
		return
	}
	conn := t.conn.Conn()
	if !conn.IsClosed() && conn.PgConn().TxStatus() != 'I' {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if _, err := conn.Exec(ctx, "ROLLBACK"); err != nil {
			_ = conn.Close(ctx) // the error is of a connection that is thrown away
		}
	}
	t.end()
}

func (t *onPostgresTx) end() {
	t.over = true
	t.conn.Release()
}
