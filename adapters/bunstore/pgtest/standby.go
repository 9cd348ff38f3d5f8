package pgtest

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Standby starts a server that follows this one and takes no writes until it is promoted.
// It ends with the test.
func (s *Server) Standby() *Server {
	s.t.Helper()
	standby, err := s.standby()
	if err != nil {
		s.t.Fatal(err)
	}
	standby.t = s.t
	s.t.Cleanup(func() {
		standby.halt(syscall.SIGQUIT)
		standby.release()
	})
	return standby
}

func (s *Server) standby() (*Server, error) {
	standby, err := newServer(s.bin, s.dir, s.durable)
	if err != nil {
		return nil, err
	}
	cmd := standby.command("pg_basebackup", "--pgdata", standby.data(), "--write-recovery-conf", "--checkpoint", "fast",
		"--no-sync", "--host", "127.0.0.1", "--port", strconv.Itoa(s.port), "--username", "postgres")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("pgtest: pg_basebackup: %w\n%s", err, out)
	}
	return standby, standby.run()
}

// Promote makes a standby a server that takes writes.
func (s *Server) Promote() {
	s.t.Helper()
	conn, err := pgx.Connect(s.t.Context(), s.adminURL())
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var done bool
	if err := conn.QueryRow(s.t.Context(), "SELECT pg_promote(true, 60)").Scan(&done); err != nil || !done {
		s.t.Fatalf("promote: %t, %v", done, err)
	}
}

// Follow waits until a standby has what its primary has had so far.
func (s *Server) Follow(primary *Server) {
	s.t.Helper()
	from, err := pgx.Connect(s.t.Context(), primary.adminURL())
	if err != nil {
		s.t.Fatal(err)
	}
	defer from.Close(context.Background())
	var at string
	if err := from.QueryRow(s.t.Context(), "SELECT pg_current_wal_lsn()::text").Scan(&at); err != nil {
		s.t.Fatal(err)
	}
	conn, err := pgx.Connect(s.t.Context(), s.adminURL())
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for caught := false; !caught; time.Sleep(10 * time.Millisecond) {
		if err := conn.QueryRow(s.t.Context(), "SELECT pg_last_wal_replay_lsn() >= $1::text::pg_lsn", at).Scan(&caught); err != nil {
			s.t.Fatal(err)
		}
	}
}

// URLOn is the URL of a database that another server has too: of this one.
func (s *Server) URLOn(databaseURL string) string {
	s.t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		s.t.Fatal(err)
	}
	u.Host = fmt.Sprintf("127.0.0.1:%d", s.port)
	return u.String()
}
