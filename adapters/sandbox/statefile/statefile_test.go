package statefile_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/adapters/sandbox/statefile"
)

func open(t *testing.T, path string) *statefile.File {
	t.Helper()
	f, err := statefile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func TestFile_WhatIsSavedIsThere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "state.json")
	f := open(t, path)
	if text, err := f.Snapshot(); text != nil || err != nil {
		t.Fatalf("before anything was saved there is %q, %v", text, err)
	}
	box, other := sandbox.NewTest(t), sandbox.NewTest(t)
	if _, err := box.AddPrice(sandbox.PriceSpec{ID: "price_1", Product: "Pro", UnitAmount: 100}); err != nil {
		t.Fatal(err)
	}
	if err := f.Save(box); err != nil {
		t.Fatal(err)
	}
	text, err := f.Snapshot()
	if err == nil {
		err = other.Restore(text)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.AddPrice(sandbox.PriceSpec{ID: "price_1", Product: "Pro", UnitAmount: 100}); !errors.Is(err, sandbox.ErrTaken) {
		t.Errorf("the price is not there: %v", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 { // and its lock
		t.Errorf("got files %v, %v", entries, err)
	}
}

func TestFile_IsWrittenOnlyIfSomethingChanged(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.json")
	f, box := open(t, path), sandbox.NewTest(t)
	save := func() time.Time {
		t.Helper()
		if err := f.Save(box); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.ModTime()
	}
	save()
	long := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, long, long); err != nil {
		t.Fatal(err)
	}
	if at := save(); time.Since(at) < time.Minute {
		t.Error("it was written again, though nothing had changed")
	}
	box.AddWebhookEndpoint("http://127.0.0.1:1/", "whsec_1")
	if at := save(); time.Since(at) > time.Minute {
		t.Error("it was not written, though something had changed")
	}
}

func TestFile_IsForOneProcess(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.json")
	f := open(t, path)
	if _, err := statefile.Open(path); !errors.Is(err, statefile.ErrInUse) {
		t.Errorf("got %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, path)
}

func TestFile_SaysWhyItCannotBeWritten(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "gone")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	f := open(t, filepath.Join(dir, "state.json"))
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := f.Save(sandbox.NewTest(t)); err == nil || !strings.Contains(err.Error(), "no such file or directory") {
		t.Errorf("got %v", err)
	}
}
