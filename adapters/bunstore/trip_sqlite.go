package bunstore

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"

	"github.com/uptrace/bun"
)

// onSQLiteTx is a transaction through Bun and database/sql.
type onSQLiteTx struct {
	db   *bun.DB
	tx   bun.Tx
	free func() // gives the writer's place back

	prepared *prepared
	missed   []string // what it had to have read anew
	kept     bool
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
	return &onSQLiteTx{db: s.db, tx: tx, free: free, prepared: &s.prepared}, nil
}

func (t *onSQLiteTx) trip(ctx context.Context, statements ...statement) error {
	for _, st := range statements {
		if st.late != nil {
			if err := t.read(ctx, st); err != nil {
				return err
			}
			continue
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

// read runs a statement that is always the same. To have SQLite prepare each of the dozen that
// read a purchase takes a third of the time of an update.
func (t *onSQLiteTx) read(ctx context.Context, st statement) error {
	var rows *sql.Rows
	var err error
	if known := t.prepared.known(st.sql); known != nil {
		//nolint:sqlclosecheck // it ends with the transaction, and what it stands for stays
		rows, err = t.tx.Tx.StmtContext(ctx, known).QueryContext(ctx, st.late()...)
	} else {
		t.missed = append(t.missed, st.sql)
		rows, err = t.tx.Tx.QueryContext(ctx, st.sql, st.late()...)
	}
	if err != nil {
		return err
	}
	return t.db.ScanRows(ctx, rows, st.rows)
}

func (t *onSQLiteTx) commit(ctx context.Context, statements ...statement) error {
	if err := t.trip(ctx, statements...); err != nil {
		return err
	}
	if err := t.tx.Commit(); err != nil {
		return unknownOutcome{err}
	}
	t.kept = true
	return nil
}

func (t *onSQLiteTx) rollback() {
	_ = t.tx.Rollback() // after a commit: sql.ErrTxDone; else the connection is thrown away
	if t.free != nil {
		t.free()
		t.free = nil
	}
	if t.kept { // else somebody had no time, or the store ends
		t.prepared.add(t.db.DB, t.missed)
	}
	t.missed = nil
}

// prepared are statements that each connection prepares once.
type prepared struct {
	mu         sync.Mutex
	statements map[string]*sql.Stmt
}

// known is nil for what is not prepared.
func (p *prepared) known(text string) *sql.Stmt {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.statements[text]
}

// add prepares statements. It needs a connection, so whoever calls it has none: with all of
// them waiting for another one, none would get it. What cannot be prepared now is read anew.
func (p *prepared) add(db *sql.DB, texts []string) {
	for _, text := range texts {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		//nolint:sqlclosecheck // it is closed with the database
		statement, err := db.PrepareContext(ctx, text)
		cancel()
		if err != nil {
			return
		}
		if !p.keep(text, statement) {
			_ = statement.Close() //nolint:sqlclosecheck // this one alone
		}
	}
}

// keep tells whether nobody was quicker.
func (p *prepared) keep(text string, statement *sql.Stmt) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, have := p.statements[text]; have {
		return false
	}
	if p.statements == nil {
		p.statements = map[string]*sql.Stmt{}
	}
	p.statements[text] = statement
	return true
}
