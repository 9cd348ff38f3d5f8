//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package statefile

import (
	"path/filepath"
	"syscall"
	"testing"
)

// A child process that was forked while the file was open shares its descriptor until it runs
// another program: that must not keep the next one out.
func TestFile_IsFreeOnceItIsClosed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.json")
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	child, err := syscall.Dup(int(f.lock.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(child) })
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}
