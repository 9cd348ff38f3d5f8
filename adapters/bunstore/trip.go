package bunstore

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// statement is one SQL statement and where its rows go.
type statement struct {
	sql  string
	args []any // on Postgres only: the SQL is then always the same, and prepared once a connection
	same bool  // it has no arguments, and is prepared all the same
	rows any   // pointer to a slice of rows; nil: it returns none, or they go to each

	each func(pgx.Rows) error // on Postgres only: reads one row
	late func() []any         // the same on SQLite: the arguments, which may follow from what was read before in the trip
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

// txOptions say what a transaction is: one that reads and writes, if nothing else is said.
type txOptions struct {
	readOnly bool          // it reads a single moment of the database and locks nothing
	lockWait time.Duration // how long to wait for a lock; zero: as the connection does
}

func (s *Store) begin(ctx context.Context, o txOptions) (transaction, error) {
	if s.onPostgres() {
		return s.beginPostgres(ctx, o)
	}
	return s.beginSQLite(ctx, o.readOnly)
}
