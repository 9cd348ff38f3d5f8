package bunstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/entitled-dev/entitled/ports"
)

func pgError(code string) error { return &pgconn.PgError{Code: code, ColumnName: "user_id"} }

func TestTry_RepeatsWhatWasRolledBack(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what  string
		err   error
		tries int
		want  error
	}{
		{"serialization failure", pgError("40001"), 3, ports.ErrUnavailable},
		{"deadlock", pgError("40P01"), 3, ports.ErrUnavailable},
		{"deadlock while committing", unknownOutcome{pgError("40P01")}, 3, ports.ErrUnavailable},
		{"lock timeout", pgError("55P03"), 3, ports.ErrLocked},
		{"lock timeout of who does not wait again", lastTry{pgError("55P03")}, 1, ports.ErrLocked},
		{"a name became known", errStale, 3, ports.ErrUnavailable},
		{"connection lost", io.ErrUnexpectedEOF, 3, ports.ErrUnavailable},
		{"shutdown", pgError("57P01"), 3, ports.ErrUnavailable},
		{"starting up", pgError("57P03"), 3, ports.ErrUnavailable},
		{"connection lost while committing", unknownOutcome{io.ErrUnexpectedEOF}, 1, ports.ErrUnavailable},
		{"shutdown while committing", unknownOutcome{pgError("57P01")}, 1, ports.ErrUnavailable},
		{"disk full", pgError("53100"), 1, ports.ErrUnavailable},
		{"too many connections", pgError("53300"), 1, ports.ErrUnavailable},
		{"read-only", pgError("25006"), 3, ports.ErrUnavailable},
		{"statement timeout", pgError("57014"), 1, ports.ErrUnavailable},
		{"no free connection", fmt.Errorf("connect: %w", context.DeadlineExceeded), 1, ports.ErrUnavailable},
		{"closed", errors.New("sql: database is closed"), 1, ports.ErrUnavailable},
		{"taken", pgError("23505"), 1, ports.ErrConflict},
		{"another user's row", pgError("23502"), 1, ports.ErrConflict},
		{"no row", sql.ErrNoRows, 1, ports.ErrNotFound},
		{"a rule of the schema", pgError("23514"), 1, nil},
		{"no such table", pgError("42P01"), 1, nil},
		{"the caller's error", callersError{pgError("40001")}, 1, nil},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			tried := 0
			err := new(Store).try(t.Context(), "test", func(context.Context) error { tried++; return c.err })
			if tried != c.tries {
				t.Errorf("tried %d times, want %d", tried, c.tries)
			}
			for _, sentinel := range []error{ports.ErrUnavailable, ports.ErrLocked, ports.ErrConflict, ports.ErrNotFound} {
				if got := errors.Is(err, sentinel); got != errors.Is(c.want, sentinel) {
					t.Errorf("%v: is %v: %v", err, sentinel, got)
				}
			}
			cause := c.err
			if own, is := cause.(callersError); is {
				cause = own.error
			}
			if !errors.Is(err, cause) {
				t.Errorf("%v: does not wrap its cause", err)
			}
		})
	}
}

// A transaction of database/sql whose time is over is rolled back, and says no more than that.
func TestTry_ATransactionThatTookTooLongIsUnavailable(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	err := bounded(ctx, func(context.Context) error { return sql.ErrTxDone })
	if err = translate("test", err); !errors.Is(err, ports.ErrUnavailable) || !errors.Is(err, sql.ErrTxDone) {
		t.Errorf("got %v, want %v", err, ports.ErrUnavailable)
	}
	err = bounded(t.Context(), func(context.Context) error { return sql.ErrTxDone })
	if err = translate("test", err); errors.Is(err, ports.ErrUnavailable) {
		t.Errorf("one that was ended by ourselves: %v", err)
	}
}

func TestTry_SucceedsAtLast(t *testing.T) {
	t.Parallel()
	tried := 0
	err := new(Store).try(t.Context(), "test", func(context.Context) error {
		if tried++; tried < 3 {
			return pgError("40001")
		}
		return nil
	})
	if err != nil || tried != 3 {
		t.Errorf("%v after %d tries, want success at the third", err, tried)
	}
}

func TestTry_StopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	tried := 0
	err := new(Store).try(ctx, "test", func(context.Context) error {
		tried++
		cancel()
		return pgError("40001")
	})
	if !errors.Is(err, context.Canceled) || errors.Is(err, ports.ErrUnavailable) || tried != 1 {
		t.Errorf("%v after %d tries, want %v after one", err, tried, context.Canceled)
	}
}

// Ensure that whoever wrote the password wrongly reads so first, and not that TLS, which was
// tried before, is not there; and that no secret is repeated.
func TestRefusal_TheServersOwnWordComesFirst(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"28P01": "the server's word: see that user and password are right\n",
		"28000": "the server's word: see that it has this user",
		"3D000": "the server's word: make it with createdb",
		"42501": "the server's word: let the user in with GRANT CONNECT",
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			address := refusing(t, code, "the server's word")
			_, migrating := Migrate(t.Context(), "postgres://shop:secret@"+address+"/shop", Up)
			store, err := Open(t.Context(), "postgres://shop:secret@"+address+"/shop")
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			for doing, err := range map[string]error{"migrate": migrating, "ready": store.Ready(t.Context())} {
				refusal, is := errors.AsType[Refusal](err)
				if !is || !strings.HasPrefix(refusal.Error(), want) {
					t.Errorf("%s: %v\nwant first %q", doing, err, want)
				}
				if err != nil && (strings.Count(err.Error(), "see that") > 1 || strings.Contains(err.Error(), "secret")) {
					t.Errorf("%s says something twice, or a secret: %v", doing, err)
				}
			}
			if _, is := errors.AsType[Refusal](translate("test", pgError(code))); is {
				t.Error("what a statement may not do is taken for a connection that is refused")
			}
		})
	}
}

// refusing speaks as a Postgres without TLS that lets nobody in.
func refusing(t *testing.T, code, word string) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			server := pgproto3.NewBackend(conn, conn)
			first, err := server.ReceiveStartupMessage()
			if _, asksTLS := first.(*pgproto3.SSLRequest); err == nil && asksTLS {
				_, _ = conn.Write([]byte("N"))
				_, _ = server.ReceiveStartupMessage()
			}
			server.Send(&pgproto3.ErrorResponse{Severity: "FATAL", Code: code, Message: word})
			_ = server.Flush() // who asked may be gone
			conn.Close()
		}
	}()
	return listener.Addr().String()
}
