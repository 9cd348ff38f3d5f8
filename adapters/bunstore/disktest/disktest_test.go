package disktest_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/entitled-dev/entitled/adapters/bunstore/disktest"
)

func TestDisk_IsFullAndHasRoomAgain(t *testing.T) {
	t.Parallel()
	dir := ""
	t.Run("in use", func(t *testing.T) {
		disk := disktest.New(t, 1<<20)
		dir = disk.Dir
		file := filepath.Join(disk.Dir, "x")
		write := func() error { return os.WriteFile(file, make([]byte, 1<<16), 0o600) }
		if err := write(); err != nil {
			t.Errorf("there is no room from the start: %v", err)
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		disk.Fill()
		if err := write(); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("a full disk takes more: %v", err)
		}
		disk.Free()
		if err := write(); err != nil {
			t.Errorf("there is no room after all: %v", err)
		}
	})
	if _, err := os.Stat(dir); dir != "" && !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left: %v", dir, err)
	}
}
