package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const (
	testStripeKey     = "sk_test_0123456789abcdef"
	testWebhookSecret = "whsec_0123456789abcdef"
	testAPIKey        = "0123456789abcdef0123456789abcdef"
)

// testCatalog is what the programs of the tests sell.
const testCatalog = `
features:
  projects: {type: limit}
  sso: {type: flag}
plans:
  basic:
    name: Basic
    mode: payment
    prices: {once: {id: price_basic}}
    grants: {projects: 10}
  pro:
    name: Pro
    mode: subscription
    group: main
    prices: {monthly: {lookup_key: pro_monthly}}
    grants: {sso: true, projects: 100}
`

// program is a running `entitled serve`, a process of its own.
type program struct {
	address    string
	readyAfter time.Duration
	cmd        *exec.Cmd
	log        *logBuffer
	ended      chan error
}

// logBuffer is written to by the program while a test reads it.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

var (
	builds     sync.Map // of flags: the same program is built once
	buildCount atomic.Int32
)

// raceFlags make a program that looks for races, for tests in which much goes on at once, or
// that walk through much of it: it takes five times as long, and the rooms are tested so too.
var raceFlags = []string{"-race", "-gcflags=modernc.org/sqlite/lib=-race=false", "-gcflags=modernc.org/libc/...=-race=false"}

// raceSettings are for such a program. It ends when it finds a race: one that is killed
// in the end would not tell. And it does not sleep a second whenever it ends.
const raceSettings = "GORACE=halt_on_error=1 atexit_sleep_ms=10"

// buildProgram builds the program and returns the file.
func buildProgram(tb testing.TB, flags ...string) string {
	tb.Helper()
	build, _ := builds.LoadOrStore(fmt.Sprint(flags), sync.OnceValues(func() (string, error) {
		file := filepath.Join(buildDir, fmt.Sprintf("entitled-%d", buildCount.Add(1)))
		// Without what a debugger needs it is linked in half the time.
		out, err := exec.Command("go", append(append([]string{"build", "-ldflags=-w"}, flags...), "-o", file, ".")...).CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%w\n%s", err, out)
		}
		return file, err
	}))
	file, err := build.(func() (string, error))()
	if err != nil {
		tb.Fatalf("build the program: %v", err)
	}
	return file
}

// buildDir outlives the test that built, and not the test process.
var buildDir string

// atEnd ends what all tests share, after the last of them.
var atEnd = func() error { return nil }

func TestMain(m *testing.M) {
	if serve, is := benchHandlers[os.Getenv("BENCH_HANDLER")]; is {
		serve(os.Getenv("BENCH_ADDRESS"))
		return
	}
	dir, err := os.MkdirTemp("", "entitled")
	if err != nil {
		panic(err)
	}
	buildDir = dir
	debug.SetGCPercent(400) // what a test keeps is small, and there is room
	// Most of a test here is waiting, so more go together than there are processors.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	answers, err := newDocumented(http.DefaultTransport)
	if err != nil {
		panic(err)
	}
	// A benchmark measures the program, and not who reads its answers.
	if flag.Parse(); flag.Lookup("test.bench").Value.String() == "" {
		http.DefaultClient.Transport = answers // not the default transport, which the program itself takes
	}
	code := m.Run()
	if err := atEnd(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.RemoveAll(dir)
	os.Exit(answers.verdict(code, os.Stderr))
}

// noStripe is where nobody listens: what is not to be asked is not looked up either.
const noStripe = "STRIPE_API_BASE=http://127.0.0.1:1"

// startProgram starts a built program on a database and waits until it is ready.
// It ends with the test. More environment comes after, and wins.
func startProgram(tb testing.TB, binary, database string, more ...string) *program {
	tb.Helper()
	catalog := filepath.Join(tb.TempDir(), "catalog.yaml")
	if err := os.WriteFile(catalog, []byte(testCatalog), 0o600); err != nil {
		tb.Fatal(err)
	}
	address := freeAddress(tb)
	host, port, _ := net.SplitHostPort(address)
	p := &program{address: address, cmd: exec.Command(binary, "serve"), log: &logBuffer{}}
	p.cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), raceSettings,
		"HOST=" + host, "PORT=" + port, "DRAIN_TIME=0", "DATABASE_URL=" + database, "CATALOG=" + catalog,
		"STRIPE_SECRET_KEY=" + testStripeKey, "STRIPE_WEBHOOK_SECRET=" + testWebhookSecret,
		"APP_URL=https://app.example", "RECONCILE=off", "VERIFY=off", "API_KEYS=tests:admin:" + testAPIKey, noStripe,
	}, more...)
	p.cmd.Stdout, p.cmd.Stderr = io.Discard, p.log
	return p.start(tb)
}

// start starts the program and waits until it is ready.
func (p *program) start(tb testing.TB) *program {
	tb.Helper()
	p.ended = make(chan error, 1)
	// The program must not outlive a test process that is killed.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	start := time.Now()
	if err := p.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	go func() { p.ended <- p.cmd.Wait() }()
	tb.Cleanup(p.kill)
	for {
		response, err := http.Get("http://" + p.address + "/readyz")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				p.readyAfter = time.Since(start)
				return p
			}
		}
		select {
		case err := <-p.ended:
			p.ended <- err
			tb.Fatalf("the program ended: %v\n%s", err, p.log)
		case <-time.After(2 * time.Millisecond):
		}
		if time.Since(start) > 2*time.Minute {
			p.kill()
			tb.Fatalf("the program is not ready after two minutes\n%s", p.log)
		}
	}
}

func (p *program) pid() int { return p.cmd.Process.Pid }

// stop ends the program as an operator does, and returns how it ended.
func (p *program) stop(tb testing.TB) {
	tb.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		tb.Fatal(err)
	}
	select {
	case err := <-p.ended:
		p.ended <- err
		if err != nil {
			tb.Errorf("the program did not end well: %v\n%s", err, p.log)
		}
	case <-time.After(20 * time.Second):
		tb.Fatal("the program is still there 20 s after SIGTERM")
	}
}

// kill ends the program at once, as a power cut does.
func (p *program) kill() {
	if err := p.cmd.Process.Kill(); err == nil || errors.Is(err, os.ErrProcessDone) {
		err := <-p.ended
		p.ended <- err
	}
}

// lastPort is of the address that was given last. It begins anywhere, as another test
// process may give addresses too.
var lastPort atomic.Uint32

func init() { lastPort.Store(rand.Uint32N(15000)) }

// freeAddress is one that nobody listens on. The system takes ports for connections from
// a range of its own, from 32768 up: one of those could be taken before the program is
// there.
func freeAddress(tb testing.TB) string {
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
