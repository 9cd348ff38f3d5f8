package bunstore

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/uptrace/bun"
)

// onPostgresTx is a transaction on a connection of the pool, past database/sql,
// which knows no way to send several statements at once.
type onPostgresTx struct {
	db       *bun.DB
	conn     *pgxpool.Conn
	begin    string // sent with the first trip; then empty
	readOnly bool
	over     bool
}

// patienceForConn is how long to wait for a free connection: who gets none by
// then had better say so than queue on.
const patienceForConn = 5 * time.Second

func (s *Store) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, patienceForConn)
	defer cancel()
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return conn, nil
}

func (s *Store) beginPostgres(ctx context.Context, readOnly bool) (transaction, error) {
	conn, err := s.acquire(ctx)
	if err != nil {
		return nil, err
	}
	begin := "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
	if readOnly {
		begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	}
	return &onPostgresTx{db: s.db, conn: conn, begin: begin, readOnly: readOnly}, nil
}

func (t *onPostgresTx) trip(ctx context.Context, statements ...statement) error {
	_, err := t.send(ctx, statements)
	return err
}

func (t *onPostgresTx) commit(ctx context.Context, statements ...statement) error {
	said, err := t.send(ctx, append(statements[:len(statements):len(statements)], statement{sql: "COMMIT"}))
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

// send sends statements together and returns what the last one was answered.
func (t *onPostgresTx) send(ctx context.Context, statements []statement) (string, error) {
	batch := &pgx.Batch{}
	if t.begin != "" {
		statements = append([]statement{{sql: t.begin}}, statements...)
		t.begin = ""
	}
	for _, st := range statements {
		if len(st.args) > 0 {
			if _, err := t.conn.Conn().Prepare(ctx, st.sql, st.sql); err != nil {
				return "", fmt.Errorf("prepare: %w", err)
			}
		}
		batch.Queue(st.sql, st.args...)
	}
	results := t.conn.SendBatch(ctx, batch)
	said, err := t.receive(results, statements)
	if closing := results.Close(); err == nil && closing != nil {
		err = closing
	}
	if staleStatement(err) {
		_ = t.conn.Conn().Close(ctx) // what it has prepared goes with it; the error is in err
	}
	return said, err
}

func (t *onPostgresTx) receive(results pgx.BatchResults, statements []statement) (said string, err error) {
	for _, st := range statements {
		if st.rows == nil {
			tag, err := results.Exec()
			if err != nil {
				return "", err
			}
			said = tag.String()
			continue
		}
		rows, err := results.Query()
		if err != nil {
			return "", err
		}
		if err := t.scan(rows, st.rows); err != nil {
			return "", err
		}
	}
	return said, nil
}

// scan reads rows as Bun would, column by column in the order of the row's
// fields: that is the order in which Bun asks for them.
func (t *onPostgresTx) scan(rows pgx.Rows, into any) error {
	defer rows.Close()
	slice := reflect.ValueOf(into).Elem()
	table := t.db.Table(slice.Type().Elem())
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return err
		}
		row := reflect.New(slice.Type().Elem()).Elem()
		for i, column := range rows.FieldDescriptions() {
			field, known := table.FieldMap[column.Name]
			if !known {
				return fmt.Errorf("table %s has no field for column %s", table.Name, column.Name)
			}
			if err := field.ScanValue(row, values[i]); err != nil {
				return fmt.Errorf("column %s: %w", column.Name, err)
			}
		}
		slice.Set(reflect.Append(slice, row))
	}
	return rows.Err()
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
