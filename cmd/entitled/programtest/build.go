package programtest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// RaceFlags make a program that looks for races, for tests in which much goes on at once, or
// that walk through much of it: it takes five times as long, and the rooms are tested so too.
var RaceFlags = []string{"-race", "-gcflags=modernc.org/sqlite/lib=-race=false", "-gcflags=modernc.org/libc/...=-race=false"}

// RaceSettings are for such a program. It ends when it finds a race: one that is killed
// in the end would not tell. And it does not sleep a second whenever it ends.
const RaceSettings = "GORACE=halt_on_error=1 atexit_sleep_ms=10"

const module = "github.com/entitled-dev/entitled"

var (
	builds     sync.Map // of flags: the same program is built once
	buildCount atomic.Int32
	buildDir   string // outlives the test that built, and not the test process
)

// Build builds the program and returns the file. What PROGRAM names was built already, for
// all rooms of tests together, and is what is built without flags.
func Build(tb testing.TB, flags ...string) string {
	tb.Helper()
	if err := lookAtSources(); err != nil {
		tb.Fatal(err)
	}
	if built := os.Getenv("PROGRAM"); built != "" && len(flags) == 0 {
		return built
	}
	build, _ := builds.LoadOrStore(fmt.Sprint(flags), sync.OnceValues(func() (string, error) {
		file := filepath.Join(buildDir, fmt.Sprintf("entitled-%d", buildCount.Add(1)))
		// Without what a debugger needs it is linked in half the time.
		out, err := exec.Command("go", append(append([]string{"build", "-ldflags=-w"}, flags...), "-o", file, module+"/cmd/entitled")...).CombinedOutput()
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

// lookAtSources reads the folders of what the program is built from. `go test` takes an earlier
// result again while nothing changed that a test had looked at, and it does not see what a
// test has built.
var lookAtSources = sync.OnceValue(func() error {
	top, err := moduleRoot()
	if err != nil {
		return err
	}
	for _, room := range []string{"adapters", "app", "cmd", "domain", "migrations", "ports"} {
		err := filepath.WalkDir(filepath.Join(top, room), func(_ string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() && entry.Name() == "testdata" {
				return fs.SkipDir
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	_, err = os.Stat(filepath.Join(top, "go.sum"))
	return err
})

// moduleRoot is the folder of go.mod.
func moduleRoot() (string, error) {
	top, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(top, "go.mod")); err == nil {
			return top, nil
		}
		if top == filepath.Dir(top) {
			return "", errors.New("no folder above has a go.mod")
		}
		top = filepath.Dir(top)
	}
	return "", err
}
