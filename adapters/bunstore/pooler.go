package bunstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A pooler such as PgBouncer in transaction mode gives each transaction of a connection to
// another connection to the server. So nothing can be prepared, and what a connection is
// set to is either refused or forgotten: it goes with each transaction then.

// perTransaction are the settings that a pooler does not know and a transaction needs. What
// plans are made of is not among them: unprepared, they are made of what the tables are.
var perTransaction = []string{"lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout", "jit", "entitled.purchases"}

// withoutSettings makes a connection without the settings that a pooler refuses.
func (s *Store) withoutSettings(_ context.Context, config *pgx.ConnConfig) error {
	if s.pooled.Load() {
		maps.DeleteFunc(config.RuntimeParams, func(name, _ string) bool {
			return slices.Contains(perTransaction, name) || slices.Contains(forPrepared, name)
		})
	}
	return nil
}

// settingsStatement sets a transaction to what else the connection would be.
func settingsStatement(config *pgxpool.Config) string {
	set := make([]string, len(perTransaction))
	for i, name := range perTransaction {
		value := strings.ReplaceAll(config.ConnConfig.RuntimeParams[name], "'", "''")
		set[i] = fmt.Sprintf("set_config('%s', '%s', true)", name, value)
	}
	return "SELECT " + strings.Join(set, ", ")
}

// refusedSettings tells whether a pooler has refused a connection for its settings.
func refusedSettings(err error) bool {
	pg, is := errors.AsType[*pgconn.PgError](err)
	return is && pg.Code == "08P01" && strings.Contains(pg.Message, "unsupported startup parameter")
}

// whoAnswers tells a pooler from Postgres: behind one, the process that answers is not the
// one that has greeted.
const whoAnswers = "SELECT pg_backend_pid()"

func isDirect(conn *pgx.Conn, answer string) bool {
	return answer == strconv.FormatUint(uint64(conn.PgConn().PID()), 10)
}

// refusePooler: what keeps two migrations apart is a lock of the session.
func refusePooler(ctx context.Context, config *pgx.ConnConfig) error {
	conn, err := pgx.ConnectConfig(ctx, config)
	direct := false
	if err == nil {
		defer conn.Close(ctx)
		var answer string
		err = conn.QueryRow(ctx, whoAnswers+"::text").Scan(&answer)
		direct = isDirect(conn, answer)
	}
	switch {
	case refusedSettings(err), err == nil && !direct:
		return errors.New(`DATABASE_URL leads to a pooler, such as PgBouncer: "entitled migrate" needs the URL of Postgres itself`)
	case err != nil:
		return translate("migrate the database", err)
	default:
		return nil
	}
}
