package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is a Postgres of a test's own, which it may stop and start again.
type Server struct {
	t       testing.TB
	bin     string
	dir     string // where home is made; empty: where temporary files are
	home    string // everything of the server is below it
	port    int
	durable bool
	who     *syscall.Credential // nil: as ourselves

	databases *home
	process   *os.Process
	ended     chan struct{}
	release   func() // removes the server's files
}

// Option changes how a server is started.
type Option func(*Server)

// Durable makes the server write as it does in production: for measuring.
func Durable() Option { return func(s *Server) { s.durable = true } }

// On has the server's files in a directory that anybody may write to.
func On(dir string) Option { return func(s *Server) { s.dir = dir } }

// Start starts a server of the test's own, whatever TEST_DATABASE_URL says.
func Start(t testing.TB, opts ...Option) *Server {
	t.Helper()
	var want Server
	for _, opt := range opts {
		opt(&want)
	}
	s, err := start(want.dir, want.durable)
	if err != nil {
		t.Fatal(err)
	}
	s.t = t
	t.Cleanup(func() {
		s.halt(syscall.SIGQUIT)
		s.release()
	})
	if s.databases, err = settle(s.adminURL()); err != nil {
		t.Fatal(err)
	}
	return s
}

// URL is a fresh database with the schema on the server.
func (s *Server) URL() string {
	s.t.Helper()
	return s.URLFor(s.t)
}

// URLFor is one that is gone after a test that the server outlives.
func (s *Server) URLFor(t testing.TB) string {
	t.Helper()
	return s.databases.clone(t, s.databases.template)
}

// Mode is a way to stop a server.
type Mode syscall.Signal

const (
	Smart     = Mode(syscall.SIGTERM) // after the last client has gone
	Fast      = Mode(syscall.SIGINT)  // clients are sent away
	Immediate = Mode(syscall.SIGQUIT) // as in a crash
)

// Stop stops the server and waits for its end.
func (s *Server) Stop(mode Mode) {
	s.t.Helper()
	s.halt(syscall.Signal(mode))
}

// Start starts a server that was stopped, on the same port with the same data.
func (s *Server) Start() {
	s.t.Helper()
	if err := s.run(); err != nil {
		s.t.Fatal(err)
	}
}

// TablesOn moves the files of all tables to a directory that the server's user may reach. The
// server's log stays where it is: without room for that a server ends.
func (s *Server) TablesOn(dir string) {
	s.t.Helper()
	s.Stop(Fast)
	tables, moved := filepath.Join(s.data(), "base"), filepath.Join(dir, "base")
	if out, err := exec.Command("cp", "-a", tables, moved).CombinedOutput(); err != nil {
		s.t.Fatalf("pgtest: %v\n%s", err, out)
	}
	if err := errors.Join(os.RemoveAll(tables), os.Symlink(moved, tables)); err != nil {
		s.t.Fatalf("pgtest: %v", err)
	}
	s.Start()
}

func (s *Server) adminURL() string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", s.port)
}

// start makes a cluster and runs it.
func start(dir string, durable bool) (*Server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	s, err := newServer(bin, dir, durable)
	if err != nil {
		return nil, err
	}
	if err := s.initialize(); err != nil {
		return nil, err
	}
	return s, s.run()
}

// newServer is one with a folder and a port of its own, and nothing in the folder.
func newServer(bin, dir string, durable bool) (*Server, error) {
	home, err := os.MkdirTemp(dir, "entitled-postgres-")
	if err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	s := &Server{bin: bin, dir: dir, home: home, durable: durable}
	if err := s.watch(); err != nil {
		return nil, err
	}
	if err := s.dropRoot(); err != nil {
		return nil, err
	}
	s.port, err = freePort()
	return s, err
}

// binaries finds the folder of Postgres' programs, the newest where there are
// several.
func binaries() (string, error) {
	candidates := []string{os.Getenv("PGBIN")}
	if initdb, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(initdb); err == nil {
			candidates = append(candidates, filepath.Dir(real))
		}
	}
	installed, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is a good one
	slices.Reverse(installed)
	for _, dir := range append(candidates, installed...) {
		if _, err := exec.LookPath(filepath.Join(dir, "initdb")); dir != "" && err == nil {
			if _, err := exec.LookPath(filepath.Join(dir, "postgres")); err == nil {
				return dir, nil
			}
		}
	}
	return "", errors.New("pgtest: no Postgres found: install it (apt-get install postgresql), " +
		"set PGBIN to the folder of initdb and postgres, or TEST_DATABASE_URL to a server that tests may use")
}

// dropRoot: Postgres refuses to run as root.
func (s *Server) dropRoot() error {
	if os.Geteuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(account.Uid)
		gid, gidErr := strconv.Atoi(account.Gid)
		if err := errors.Join(uidErr, gidErr, os.Chown(s.home, uid, gid)); err != nil {
			return fmt.Errorf("pgtest: %w", err)
		}
		s.who = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		return nil
	}
	return errors.New("pgtest: there is no user postgres or nobody to run Postgres as, and it refuses root")
}

func (s *Server) data() string { return filepath.Join(s.home, "data") }

func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.home
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.who}
	return cmd
}

func (s *Server) initialize() error {
	cmd := s.command("initdb", "--pgdata", s.data(), "--username", "postgres", "--auth", "trust",
		"--encoding", "UTF8", "--no-locale", "--no-sync")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("pgtest: initdb: %w\n%s", err, out)
	}
	return nil
}

// run starts postgres itself, not pg_ctl, which leaves a process that is not
// ours and holds on to our output.
func (s *Server) run() error {
	args := []string{
		"-D", s.data(), "-k", s.home, "-h", "127.0.0.1", "-p", strconv.Itoa(s.port),
		"-c", "max_connections=200",
	}
	if !s.durable {
		args = append(args, "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
	}
	cmd := s.command("postgres", args...)
	log, err := os.OpenFile(filepath.Join(s.home, "log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := s.spawn(cmd); err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	return s.await()
}

// spawn starts the server and reaps it. The kernel stops it when the thread that
// started it ends, so that thread is kept for as long as the server runs.
func (s *Server) spawn(cmd *exec.Cmd) error {
	cmd.SysProcAttr.Pdeathsig = syscall.SIGQUIT
	started := make(chan error)
	ended := make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is in its log
			close(ended)
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	s.process, s.ended = cmd.Process, ended
	return nil
}

// await returns once the server answers.
func (s *Server) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, s.adminURL())
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-s.ended:
			return fmt.Errorf("pgtest: postgres ended at once:\n%s", s.lastWords())
		case <-ctx.Done():
			return fmt.Errorf("pgtest: postgres does not answer: %w\n%s", err, s.lastWords())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (s *Server) lastWords() []byte {
	log, err := os.ReadFile(filepath.Join(s.home, "log"))
	if err != nil {
		return []byte(err.Error())
	}
	lines := bytes.Split(log, []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-10):], []byte("\n"))
}

// halt signals our own child and waits for its end; one that has ended already is
// left alone.
func (s *Server) halt(signal syscall.Signal) {
	select {
	case <-s.ended:
		return
	default:
	}
	_ = s.process.Signal(signal) // the only error is that it has just ended
	<-s.ended
}

// watch starts a shell that waits for the end of this process, however it comes,
// then stops the server and removes its files: nothing is left of a test that was
// killed. It finds the server by the pid file in its own folder.
func (s *Server) watch() error {
	const script = `cat >/dev/null
pid=$(head -n 1 data/postmaster.pid 2>/dev/null)
[ -n "$pid" ] && kill -QUIT "$pid" 2>/dev/null
for i in 1 2 3 4 5 6 7 8 9 10; do
	[ -n "$pid" ] && kill -0 "$pid" 2>/dev/null || break
	sleep 0.2
done
cd / && rm -rf "$1"`
	cmd := exec.Command("/bin/sh", "-c", script, "sh", s.home)
	cmd.Dir = s.home
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // what is typed at the terminal is not for it
	leash, err := cmd.StdinPipe()                        // the kernel closes it with us
	if err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	s.release = func() {
		_ = leash.Close() // of a shell that may have ended
		_ = cmd.Wait()
	}
	return nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("pgtest: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
