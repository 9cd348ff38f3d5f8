package bunstore_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/adapters/bunstore"
	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
	"github.com/entitled-dev/entitled/adapters/bunstore/sqlitetest"
	"github.com/entitled-dev/entitled/ports"
	"github.com/entitled-dev/entitled/ports/portstest"
)

func TestStore_SQLite(t *testing.T) {
	t.Parallel()
	portstest.TestStore(t, func(t *testing.T) ports.Store { return open(t, sqlitetest.URL(t)) })
}

// In memory, as the migrations leave it: to run them for each test takes longer than the
// tests.
func TestStore_SQLiteInMemory(t *testing.T) {
	t.Parallel()
	portstest.TestStore(t, func(t *testing.T) ports.Store {
		s := openAsIs(t, ":memory:")
		if err := s.Restore(t.Context(), strings.TrimPrefix(sqlitetest.URL(t), "sqlite:")); err != nil {
			t.Fatal(err)
		}
		return s
	})
}

func TestStore_InMemoryIsReadyOnceItIsOpened(t *testing.T) {
	t.Parallel()
	if err := open(t, ":memory:").Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

// eachDatabase runs a test on a fresh database of both kinds.
func eachDatabase(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); test(t, sqlitetest.URL(t)) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); test(t, pgtest.URL(t)) })
}

// sqliteFile is one that is not there yet.
func sqliteFile(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "folder", "entitled.db")
}

func open(t testing.TB, url string, opts ...bunstore.Option) *bunstore.Store {
	t.Helper()
	s, err := bunstore.Open(t.Context(), url, append(opts, bunstore.WithMigration())...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
