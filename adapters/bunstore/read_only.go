package bunstore

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// errReadOnly is of a server that answers and takes no writes.
var errReadOnly = errors.New("the database takes no writes: it is a standby, or was made read-only; " +
	"point DATABASE_URL at the primary, or name all servers as in postgres://user@one,two/name, and the primary is found")

// TakesNoWrites tells whether an error is of a server that answers and takes no writes: a
// standby, which may be made the primary any moment, or one that was made read-only.
func TakesNoWrites(err error) bool { return errors.Is(err, errReadOnly) }

// takesWrites refuses a connection to a server that takes none, so that the next one of
// several is tried. From version 14 on a server has said so by itself.
func takesWrites(ctx context.Context, conn *pgconn.PgConn) error {
	standby, readOnly := conn.ParameterStatus("in_hot_standby"), conn.ParameterStatus("default_transaction_read_only")
	switch {
	case standby == "on" || readOnly == "on":
		return errReadOnly
	case standby != "" && readOnly != "":
		return nil
	}
	err := pgconn.ValidateConnectTargetSessionAttrsReadWrite(ctx, conn)
	if errors.Is(err, pgconn.ErrReadOnlyConnection) {
		return errReadOnly
	}
	return err
}

// refusedWrite tells whether a server has refused to write at all: it became a standby, or
// read-only, under an open connection.
func refusedWrite(err error) bool {
	pg, is := errors.AsType[*pgconn.PgError](err)
	return is && pg.Code == "25006"
}
