package stripespec

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// StartMock runs stripe-mock on a free loopback port until the end of the test
// and returns its URL, for stripe-go's BackendConfig.URL. It knows no state: it
// checks parameters and answers with fixtures.
func StartMock(t testing.TB) string {
	t.Helper()
	program, err := mockProgram()
	if err != nil {
		t.Fatalf("stripe-mock: %v", err)
	}
	return start(t, program)
}

// StartMockOf is StartMock with the description in another module of [Versions]. The
// go command builds it with the modules that it names itself, whose sums it checks.
func StartMockOf(t testing.TB, module string) string {
	t.Helper()
	dir, err := moduleDir("github.com/stripe/stripe-mock@" + module)
	if err != nil {
		t.Fatalf("stripe-mock %s: %v", module, err)
	}
	program := filepath.Join(t.TempDir(), "stripe-mock")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-C", dir, "-mod=mod", "-o", program, ".")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("stripe-mock %s: %v: %s", module, err, out)
	}
	return start(t, program)
}

func start(t testing.TB, program string) string {
	t.Helper()
	// A free port may be taken before the program has it.
	for range 3 {
		url, err := startMock(t, program)
		if err == nil {
			return url
		}
		t.Logf("stripe-mock: %v", err)
	}
	t.Fatalf("stripe-mock did not start")
	return ""
}

// mockProgram has the go command build stripe-mock into its own cache.
var mockProgram = sync.OnceValues(func() (string, error) {
	out, err := inTools("tool", "-n", "stripe-mock")
	return strings.TrimSpace(string(out)), err
})

func startMock(t testing.TB, program string) (string, error) {
	addr, err := freeAddress()
	if err != nil {
		return "", err
	}
	secure, err := freeAddress() // it opens both ports
	if err != nil {
		return "", err
	}
	var output bytes.Buffer
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "-http-addr", addr, "-https-addr", secure)
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		cancel()
		return "", err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // it is killed: how it ended says nothing
	}()
	stop := func() {
		cancel()
		<-ended
	}
	if err := awaitMock("http://"+addr, ended); err != nil {
		stop()
		return "", fmt.Errorf("%w: %s", err, output.String())
	}
	t.Cleanup(stop)
	return "http://" + addr, nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String(), nil
}

func awaitMock(url string, ended <-chan struct{}) error {
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		select {
		case <-ended:
			return fmt.Errorf("it ended")
		default:
		}
		resp, err := client.Get(url)
		if err == nil {
			return resp.Body.Close()
		}
	}
	return fmt.Errorf("no answer")
}
