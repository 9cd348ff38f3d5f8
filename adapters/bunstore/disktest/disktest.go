// Package disktest gives tests a disk of their own, small enough to be filled: a file
// system in memory. Linux lets root alone make one. Elsewhere a test that wants it is
// skipped, and says why: nothing else that a test may do is answered with ENOSPC in the
// middle of a write.
package disktest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// Disk is a file system of a test's own.
type Disk struct {
	Dir string // where it is mounted; anybody may write there

	t testing.TB
}

// New mounts a disk of so many bytes for as long as the test runs.
func New(t testing.TB, size int64) *Disk {
	t.Helper()
	dir, err := os.MkdirTemp("", "entitled-disk-")
	if err != nil {
		t.Fatal(err)
	}
	err = syscall.Mount("entitled-test", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=1777", size))
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.ENODEV) {
		_ = os.Remove(dir)
		t.Skipf("NOT TESTED: what a full disk does. A disk that may be filled cannot be made here (mount a tmpfs: %v): run this test as root", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	d := &Disk{Dir: dir, t: t}
	d.watch()
	return d
}

// watch has the disk unmounted at the end of this process, however it comes: a shell waits
// for it. What still has a file open there keeps it until it is gone, too.
func (d *Disk) watch() {
	cmd := exec.Command("/bin/sh", "-c", `cat >/dev/null; umount -l "$1" && rmdir "$1"`, "sh", d.Dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // what is typed at the terminal is not for it
	var said bytes.Buffer
	cmd.Stderr = &said
	leash, err := cmd.StdinPipe() // the kernel closes it with us
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		_ = syscall.Unmount(d.Dir, syscall.MNT_DETACH)
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() {
		_ = leash.Close()
		if err := cmd.Wait(); err != nil {
			d.t.Errorf("unmount %s: %v\n%s", d.Dir, err, &said)
		}
	})
}

func (d *Disk) ballast() string { return filepath.Join(d.Dir, "ballast") }

// Fill takes all room that there is, to the last block.
func (d *Disk) Fill() {
	d.t.Helper()
	file, err := os.OpenFile(d.ballast(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		d.t.Fatal(err)
	}
	defer file.Close()
	for block := make([]byte, 1<<16); len(block) >= 512; {
		_, err := file.Write(block)
		switch {
		case errors.Is(err, syscall.ENOSPC):
			block = block[:len(block)/2]
		case err != nil:
			d.t.Fatal(err)
		}
	}
}

// Free gives back what Fill has taken.
func (d *Disk) Free() {
	d.t.Helper()
	if err := os.Remove(d.ballast()); err != nil {
		d.t.Fatal(err)
	}
}
