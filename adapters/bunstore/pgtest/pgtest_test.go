package pgtest_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
)

func TestURL_EachHasItsOwn(t *testing.T) {
	t.Parallel()
	for range 2 {
		conn, err := pgx.Connect(t.Context(), pgtest.URL(t))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), "INSERT INTO accounts (user_id) VALUES ('ann')"); err != nil {
			t.Errorf("the database is not fresh: %v", err)
		}
		if err := conn.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestServer_KeepsItsDataOverARestart(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Durable())
	url := server.URL()
	for n, mode := range []pgtest.Mode{pgtest.Smart, pgtest.Fast, pgtest.Immediate} {
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		var count int
		if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM accounts").Scan(&count); err != nil || count != n {
			t.Errorf("%d rows, %v, want %d", count, err, n)
		}
		if _, err := conn.Exec(t.Context(), "INSERT INTO accounts (user_id) VALUES ($1)", fmt.Sprint(n)); err != nil {
			t.Fatal(err)
		}
		if err := conn.Close(t.Context()); err != nil {
			t.Error(err)
		}
		server.Stop(mode)
		if _, err := pgx.Connect(t.Context(), url); err == nil {
			t.Error("a server that was stopped answers")
		}
		server.Start()
	}
}

// TestNothingIsLeft kills a process that has a server; it is this test program,
// told to start one and wait.
func TestNothingIsLeft(t *testing.T) {
	if os.Getenv("PGTEST_WAIT_TO_BE_KILLED") != "" {
		pgtest.Start(t)
		homes, err := filepath.Glob(filepath.Join(os.TempDir(), "entitled-postgres-*"))
		fmt.Printf("\nstarted %v %v\n", homes, err)
		time.Sleep(time.Minute)
		return
	}
	t.Parallel()
	cmd := exec.Command(os.Args[0], "-test.run=^TestNothingIsLeft$")
	cmd.Env = append(os.Environ(), "PGTEST_WAIT_TO_BE_KILLED=1", "TMPDIR="+shortTemp(t))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	home := ""
	for lines := bufio.NewScanner(out); home == "" && lines.Scan(); {
		if rest, found := strings.CutPrefix(lines.Text(), "started ["); found {
			home = strings.TrimSuffix(rest, "] <nil>")
		}
	}
	pidFile, err := os.ReadFile(home + "/data/postmaster.pid")
	if err != nil {
		t.Fatalf("server in %q: %v", home, err)
	}
	var pid int
	if _, err := fmt.Sscan(string(pidFile), &pid); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed, as it should be

	gone := func() bool {
		_, err := os.Stat(home)
		return errors.Is(err, os.ErrNotExist) && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
	}
	for deadline := time.Now().Add(20 * time.Second); !gone(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s or process %d is still there", home, pid)
		}
	}
}

// shortTemp is a folder that others may pass through, with a path short enough
// for a socket.
func shortTemp(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pgt")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}
