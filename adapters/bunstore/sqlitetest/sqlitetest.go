// Package sqlitetest gives tests a SQLite file of their own, with the schema: a copy
// of one that is migrated once for the process. To migrate takes longer than most tests.
package sqlitetest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/entitled-dev/entitled/adapters/bunstore"
)

// URL is a fresh database with the schema. It is gone after the test.
func URL(t testing.TB) string {
	t.Helper()
	schema, err := migrated()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "entitled.db")
	if err := os.WriteFile(file, schema, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + file
}

// migrated is the content of a file with the schema.
var migrated = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "entitled-sqlite-")
	if err != nil {
		return nil, fmt.Errorf("sqlitetest: %w", err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "entitled.db")
	// Who closes a database last writes all of it into the one file.
	if _, err := bunstore.Migrate(context.Background(), "sqlite:"+file, bunstore.Up); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})

// Copy is a database as another one is now, which nobody has open: a backup of it. It is
// gone after the test.
func Copy(t testing.TB, url string) string {
	t.Helper()
	if journal, err := os.Stat(strings.TrimPrefix(url, "sqlite:") + "-wal"); err == nil && journal.Size() > 0 {
		t.Fatalf("somebody still has %s: %d bytes are in its journal", url, journal.Size())
	}
	content, err := os.ReadFile(strings.TrimPrefix(url, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "copy.db")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + file
}
