package bunstore

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/uptrace/bun"
)

// onSQLiteTx is a transaction through Bun and database/sql.
type onSQLiteTx struct {
	db   *bun.DB
	tx   bun.Tx
	free func() // gives the writer's place back
}

// beginSQLite waits for its turn here rather than in SQLite, which polls.
func (s *Store) beginSQLite(ctx context.Context, readOnly bool) (transaction, error) {
	free := func() {}
	if !readOnly {
		select {
		case s.writer <- struct{}{}:
			free = func() { <-s.writer }
		case <-ctx.Done():
			return nil, fmt.Errorf("wait to write: %w", ctx.Err())
		}
	}
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: readOnly})
	if err != nil {
		free()
		return nil, fmt.Errorf("begin: %w", err)
	}
	return &onSQLiteTx{db: s.db, tx: tx, free: free}, nil
}

func (t *onSQLiteTx) trip(ctx context.Context, statements ...statement) error {
	for _, st := range statements {
		if st.text != nil {
			st.sql = st.text()
		}
		if st.rows == nil {
			if _, err := t.tx.Tx.ExecContext(ctx, st.sql); err != nil {
				return err
			}
			continue
		}
		rows, err := t.tx.Tx.QueryContext(ctx, st.sql)
		if err != nil {
			return err
		}
		if err := t.db.ScanRows(ctx, rows, st.rows); err != nil {
			return err
		}
	}
	return nil
}

func (t *onSQLiteTx) commit(ctx context.Context, statements ...statement) error {
	if err := t.trip(ctx, statements...); err != nil {
		return err
	}
	if err := t.tx.Commit(); err != nil {
		return unknownOutcome{err}
	}
	return nil
}

func (t *onSQLiteTx) rollback() {
	_ = t.tx.Rollback() // after a commit: sql.ErrTxDone; else the connection is thrown away
	if t.free != nil {
		t.free()
		t.free = nil
	}
}
