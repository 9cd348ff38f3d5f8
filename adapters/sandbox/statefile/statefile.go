package statefile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// ErrInUse is returned for a file that another process has open.
var ErrInUse = errors.New("another process keeps its sandbox there")

// File is where the state of one sandbox is kept. It is for one goroutine at a time.
type File struct {
	path string
	lock *os.File // beside it, as the file itself is replaced at each save
	kept []byte   // the state as it was saved last
}

// Open takes a file for this process, which need not exist. It fails with ErrInUse if another
// process has it. Close it when done.
func Open(path string) (*File, error) {
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("state file: %w", err)
	}
	free, err := tryLock(lock)
	if err == nil && !free {
		err = ErrInUse
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("state file %s: %w", path, err), lock.Close())
	}
	return &File{path: path, lock: lock}, nil
}

// Snapshot is what was saved last, nil if nothing was.
func (f *File) Snapshot() ([]byte, error) {
	text, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("state file: %w", err)
	}
	return text, nil
}

// Save writes the sandbox down, unless nothing but its time has changed since. The file has
// the old state or the new one at any moment, whatever ends the process or the machine.
func (f *File) Save(box *sandbox.Sandbox) error {
	text, err := box.Snapshot()
	if err != nil {
		return err
	}
	_, state, _ := bytes.Cut(text, []byte(`"state":`))
	if bytes.Equal(state, f.kept) {
		return nil
	}
	if err := replace(f.path, text); err != nil {
		return fmt.Errorf("state file: %w", err)
	}
	f.kept = state
	return nil
}

// replace puts a file with the text in the place of the one that is there.
func replace(path string, text []byte) error {
	next, err := os.OpenFile(path+".next", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = next.Write(text)
	if err == nil {
		err = next.Sync()
	}
	if err = errors.Join(err, next.Close()); err == nil {
		err = os.Rename(next.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(next.Name()))
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close()) // so that the new name is there after a crash
}

const (
	// shortestPause is between two saves: what a process loses that is killed.
	shortestPause = time.Second
	// pauses is how much longer than a save takes the pause after it is, so that large ones
	// do not keep a processor busy.
	pauses = 20
)

// Keep saves the sandbox now and then until ctx ends, and says what went wrong each time that
// the reason is another one.
func (f *File) Keep(ctx context.Context, box func() *sandbox.Sandbox, failed func(error)) {
	pause, last := shortestPause, ""
	for {
		wait := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			wait.Stop()
			return
		case <-wait.C:
		}
		begun, reason := time.Now(), ""
		if err := f.Save(box()); err != nil {
			if reason = err.Error(); reason != last {
				failed(err)
			}
		}
		last = reason
		pause = max(shortestPause, pauses*time.Since(begun))
	}
}

// Close lets other processes have the file.
func (f *File) Close() error { return errors.Join(unlock(f.lock), f.lock.Close()) }
