package bunstore

import "context"

// statement is one SQL statement and where its rows go.
type statement struct {
	sql  string
	args []any // on Postgres only: the SQL is then always the same, and prepared once a connection
	rows any   // pointer to a slice of rows; nil: it returns none
}

// transaction is one attempt at a transaction. What a use needs is few trips: on
// Postgres the way to the server and back costs more than most statements do, so
// all statements of a trip are sent together. SQLite has no way to go.
type transaction interface {
	// trip runs statements in order.
	trip(ctx context.Context, statements ...statement) error
	// commit runs the last statements and keeps everything.
	commit(ctx context.Context, statements ...statement) error
	// rollback keeps nothing. After a commit it does nothing.
	rollback()
}

// begin starts a transaction that reads and writes, or one that reads a single
// moment of the database and locks nothing.
func (s *Store) begin(ctx context.Context, readOnly bool) (transaction, error) {
	if s.onPostgres() {
		return s.beginPostgres(ctx, readOnly)
	}
	return s.beginSQLite(ctx, readOnly)
}
