package pgtest

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Bouncer starts a PgBouncer in transaction mode before the server of a database, for as
// long as the test runs. It has few connections to the server, so that whoever comes next
// rarely gets the one that he had. Settings are lines of its configuration.
func Bouncer(t testing.TB, databaseURL string, settings ...string) *Pooler {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		program = "/usr/sbin/pgbouncer" // not in everybody's PATH
	}
	target, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newServer(filepath.Dir(program), "", false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.release() })
	password, _ := target.User.Password()
	files := map[string]string{
		"users": fmt.Sprintf("%q %q\n", target.User.Username(), password),
		"bouncer.ini": fmt.Sprintf(`[databases]
* = host=%s port=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = trust
auth_file = %s
pool_mode = transaction
default_pool_size = 3
%s
`, target.Hostname(), target.Port(), s.port, filepath.Join(s.home, "users"), strings.Join(settings, "\n")),
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(s.home, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := s.command(filepath.Base(program), filepath.Join(s.home, "bouncer.ini"))
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatalf("pgtest: no PgBouncer found: install it (apt-get install pgbouncer): %v", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed, as it should be
	})
	p := &Pooler{host: fmt.Sprintf("127.0.0.1:%d", s.port)}
	deadline := time.Now().Add(30 * time.Second)
	for {
		conn, err := pgx.Connect(t.Context(), p.URL(databaseURL))
		if err == nil {
			_ = conn.Close(t.Context())
			return p
		}
		if time.Now().After(deadline) {
			t.Fatalf("pgtest: PgBouncer does not answer: %v\n%s", err, said.String())
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// Pooler is a PgBouncer before a server.
type Pooler struct{ host string }

// URL is that of a database of the server, through the pooler.
func (p *Pooler) URL(databaseURL string) string {
	u, err := url.Parse(databaseURL)
	if err != nil {
		panic(err) // it was made by this package
	}
	u.Host = p.host
	return u.String()
}
