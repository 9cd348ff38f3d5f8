package bunstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/entitled-dev/entitled/ports"
)

// nature says what an error of a database means for whoever met it.
type nature int

const (
	natureOther    nature = iota // a mistake of ours, or of a schema not migrated
	natureAborted                // rolled back for the sake of others: the same again may succeed
	natureLocked                 // another held a lock for too long: so it may be
	natureLost                   // the connection broke: what was under way is over, one way or the other
	natureDown                   // no answer to be had now
	natureConflict               // a uniqueness rule
	natureNotFound
)

// errStale restarts an update that would have looked at an account it does not
// hold the lock of, because one of its refs became known a moment ago.
var errStale = errors.New("a name became known while its account was being locked")

// unknownOutcome is an error of a write whose answer was lost. It may have been
// kept, so nobody here tries again: the caller does, by event id.
type unknownOutcome struct{ error }

func (u unknownOutcome) Unwrap() error { return u.error }

// lastTry is an error whose caller does not want to wait again.
type lastTry struct{ error }

func (l lastTry) Unwrap() error { return l.error }

// natureOf reads the nature of an error of either database.
func natureOf(err error) nature {
	var pg *pgconn.PgError
	var lite *sqlite.Error
	switch {
	case errors.Is(err, errStale):
		return natureAborted
	case errors.Is(err, errReadOnly):
		return natureLost
	case errors.Is(err, sql.ErrNoRows):
		return natureNotFound
	case errors.As(err, &pg):
		return natureOfPostgres(pg)
	case errors.As(err, &lite):
		return natureOfSQLite(lite)
	case connectionLost(err):
		return natureLost
	case errors.Is(err, context.DeadlineExceeded), closed(err):
		return natureDown // a limit of ours, see [Store.try], or a store that was closed
	default:
		return natureOther
	}
}

func natureOfPostgres(err *pgconn.PgError) nature {
	switch err.Code {
	case "40001", // serialization_failure
		"40P01": // deadlock_detected
		return natureAborted
	case "55P03": // lock_not_available: lock_timeout
		return natureLocked
	case "57P01", "57P02", "57P03", "57P05", // shutting down, crashed, starting up, idle too long
		"25P03", // idle in a transaction for too long
		"25006": // read-only: another server may have become the primary
		return natureLost
	case "57014": // statement_timeout
		return natureDown
	case "23505", // unique_violation
		"21000": // one statement meets the same row twice
		return natureConflict
	case "23502": // not_null_violation: see [keepOwner]
		if err.ColumnName == "user_id" {
			return natureConflict
		}
		return natureOther
	}
	switch {
	case staleStatement(err), // another connection prepares it anew
		strings.HasPrefix(err.Code, "08"): // connection exception
		return natureLost
	case strings.HasPrefix(err.Code, "53"), // disk full, out of memory, too many connections
		strings.HasPrefix(err.Code, "58"): // I/O error
		return natureDown
	default:
		return natureOther
	}
}

// staleStatement tells whether a statement was prepared before a migration.
func staleStatement(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) &&
		(pg.Code == "26000" || pg.Code == "0A000" && strings.Contains(pg.Message, "cached plan"))
}

func natureOfSQLite(err *sqlite.Error) nature {
	switch err.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return natureConflict
	case sqlite3.SQLITE_CONSTRAINT_NOTNULL: // see [keepOwner]
		if strings.Contains(err.Error(), ".user_id") {
			return natureConflict
		}
		return natureOther
	}
	const primary = 0xff // the rest of the bits only say more
	switch err.Code() & primary {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return natureAborted
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN,
		sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT:
		return natureDown
	default:
		return natureOther
	}
}

func connectionLost(err error) bool {
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) ||
		errors.As(err, &network) && !errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		pgconn.SafeToRetry(err)
}

// closed: neither database/sql nor the pool has an error value of its own for it.
func closed(err error) bool {
	return strings.Contains(err.Error(), "database is closed") || strings.Contains(err.Error(), "closed pool")
}

// translate puts an error into the words of the port and keeps its cause for the
// log.
func translate(doing string, err error) error {
	var sentinel error
	switch natureOf(err) {
	case natureLocked:
		sentinel = ports.ErrLocked
	case natureAborted, natureLost, natureDown:
		sentinel = ports.ErrUnavailable
	case natureConflict:
		sentinel = ports.ErrConflict
	case natureNotFound:
		sentinel = ports.ErrNotFound
	default:
		return fmt.Errorf("%s: %w", doing, refusalOf(err))
	}
	if errors.Is(err, sentinel) {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return fmt.Errorf("%s: %w: %w", doing, sentinel, err)
}
