package stripespec

import (
	"bufio"
	"bytes"
	"context"
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

// start lets the mock choose its ports and reads which: a port that is chosen for it
// may be another's by the time that it has read its description, and that other answers.
func start(t testing.TB, program string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "-http-addr", "127.0.0.1:0", "-https-addr", "127.0.0.1:0") // it opens both
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		t.Fatalf("stripe-mock: %v", err)
	}
	listens := make(chan string, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if address, is := strings.CutPrefix(lines.Text(), "Listening for HTTP at address: "); is {
				listens <- address
			}
		}
		_ = cmd.Wait() // it is killed: how it ended says nothing
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	select {
	case address := <-listens:
		return "http://" + address
	case <-ended:
		t.Fatalf("stripe-mock ended: %s", complaints.String())
	case <-time.After(time.Minute):
		t.Fatal("stripe-mock does not listen")
	}
	return ""
}

// mockProgram has the go command build stripe-mock into its own cache.
var mockProgram = sync.OnceValues(func() (string, error) {
	out, err := inTools("tool", "-n", "stripe-mock")
	return strings.TrimSpace(string(out)), err
})
