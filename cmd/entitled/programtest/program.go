// Package programtest runs the built program as a process of its own, with a Stripe in a box
// that sells what it sells. Each room of tests beside it asks such programs something else.
package programtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Program is a running `entitled serve`, a process of its own.
type Program struct {
	Address    string // host and port
	ReadyAfter time.Duration
	Cmd        *exec.Cmd
	Log        *LogBuffer // what it writes to stderr
	Ended      chan error // how it ended; whoever takes that puts it back
}

// LogBuffer is written to by the program while a test reads it.
type LogBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements [io.Writer].
func (l *LogBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// String is all that was written.
func (l *LogBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// NoStripe is where nobody listens: what is not to be asked is not looked up either.
const NoStripe = "STRIPE_API_BASE=http://127.0.0.1:1"

// Start starts a built program on a database and waits until it is ready.
// It ends with the test. More environment comes after, and wins.
func Start(tb testing.TB, binary, database string, more ...string) *Program {
	tb.Helper()
	catalog := filepath.Join(tb.TempDir(), "catalog.yaml")
	if err := os.WriteFile(catalog, []byte(Catalog), 0o600); err != nil {
		tb.Fatal(err)
	}
	address := FreeAddress(tb)
	host, port, _ := net.SplitHostPort(address)
	p := &Program{Address: address, Cmd: exec.Command(binary, "serve"), Log: &LogBuffer{}}
	p.Cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), RaceSettings,
		"HOST=" + host, "PORT=" + port, "DRAIN_TIME=0", "DATABASE_URL=" + database, "CATALOG=" + catalog,
		"STRIPE_SECRET_KEY=" + StripeKey, "STRIPE_WEBHOOK_SECRET=" + WebhookSecret,
		"APP_URL=https://app.example", "RECONCILE=off", "VERIFY=off", "API_KEYS=tests:admin:" + APIKey, NoStripe,
	}, more...)
	p.Cmd.Stdout, p.Cmd.Stderr = io.Discard, p.Log
	return p.Start(tb)
}

// Start starts a program that has an address, a command and a log, and waits until it is ready.
func (p *Program) Start(tb testing.TB) *Program {
	tb.Helper()
	p.Ended = make(chan error, 1)
	// The program must not outlive a test process that is killed.
	p.Cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	start := time.Now()
	if err := p.Cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	go func() { p.Ended <- p.Cmd.Wait() }()
	tb.Cleanup(p.Kill)
	for {
		response, err := http.Get("http://" + p.Address + "/readyz")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				p.ReadyAfter = time.Since(start)
				return p
			}
		}
		select {
		case err := <-p.Ended:
			p.Ended <- err
			tb.Fatalf("the program ended: %v\n%s", err, p.Log)
		case <-time.After(2 * time.Millisecond):
		}
		if time.Since(start) > 2*time.Minute {
			p.Kill()
			tb.Fatalf("the program is not ready after two minutes\n%s", p.Log)
		}
	}
}

// PID is the id of its process.
func (p *Program) PID() int { return p.Cmd.Process.Pid }

// Stop ends the program as an operator does, and fails the test if it does not end well.
func (p *Program) Stop(tb testing.TB) {
	tb.Helper()
	if err := p.Cmd.Process.Signal(syscall.SIGTERM); err != nil {
		tb.Fatal(err)
	}
	select {
	case err := <-p.Ended:
		p.Ended <- err
		if err != nil {
			tb.Errorf("the program did not end well: %v\n%s", err, p.Log)
		}
	case <-time.After(20 * time.Second):
		tb.Fatal("the program is still there 20 s after SIGTERM")
	}
}

// Kill ends the program at once, as a power cut does.
func (p *Program) Kill() {
	if err := p.Cmd.Process.Kill(); err == nil || errors.Is(err, os.ErrProcessDone) {
		err := <-p.Ended
		p.Ended <- err
	}
}

// lastPort is of the address that was given last. It begins anywhere, as another test
// process may give addresses too.
var lastPort atomic.Uint32

func init() { lastPort.Store(rand.Uint32N(15000)) }

// FreeAddress is one that nobody listens on. The system takes ports for connections from
// a range of its own, from 32768 up: one of those could be taken before the program is
// there.
func FreeAddress(tb testing.TB) string {
	tb.Helper()
	for range 1000 {
		address := fmt.Sprintf("127.0.0.1:%d", 15000+lastPort.Add(1)%15000)
		listener, err := net.Listen("tcp", address)
		if err == nil {
			listener.Close()
			return address
		}
	}
	tb.Fatal("no port is free")
	return ""
}
