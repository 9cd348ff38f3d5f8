package bunstore

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// Refusal is an error of a Postgres that answers, and lets nobody in by what the URL says.
// Its own word comes first, then what mends it: pgx begins with every way that it tried,
// such as TLS where there is none.
type Refusal struct {
	said, mend string
	cause      error
}

// Error implements error.
func (r Refusal) Error() string { return r.said + ": " + r.mend + "\n" + r.cause.Error() }

// Unwrap is the error as pgx has it, with all that was tried.
func (r Refusal) Unwrap() error { return r.cause }

// mends are by Postgres's code, for a connection that it refuses.
var mends = map[string]string{
	"28P01": "see that user and password are right",                                     // invalid_password
	"28000": "see that it has this user, and that its pg_hba.conf lets it in from here", // invalid_authorization_specification
	"3D000": "make it with createdb, or name another",                                   // invalid_catalog_name
	"42501": "let the user in with GRANT CONNECT ON DATABASE, or name another",          // insufficient_privilege
}

// refusalOf is an error as a [Refusal], if it is one and does not say so yet.
func refusalOf(err error) error {
	if _, said := errors.AsType[Refusal](err); said {
		return err
	}
	connect, connecting := errors.AsType[*pgconn.ConnectError](err)
	pg, answered := errors.AsType[*pgconn.PgError](err)
	if !connecting || !answered || mends[pg.Code] == "" {
		return err
	}
	return Refusal{said: pg.Message, mend: mends[pg.Code], cause: connect}
}
