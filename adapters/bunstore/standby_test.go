package bunstore_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/bunstore"
	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
	"github.com/entitled-dev/entitled/ports"
)

func openAsIs(t *testing.T, url string) *bunstore.Store {
	t.Helper()
	s, err := bunstore.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func wantNotReady(t *testing.T, s *bunstore.Store, why string) {
	t.Helper()
	err := s.Ready(t.Context())
	if err == nil || !strings.Contains(err.Error(), why) || errors.Is(err, ports.ErrUnavailable) {
		t.Errorf("Ready: %v, want %q", err, why)
	}
}

// A standby answers, and takes nothing: it is not ready. Of two servers the store finds
// the one that takes writes, before and after they change places.
func TestStandby(t *testing.T) {
	t.Parallel()
	primary := pgtest.Start(t)
	url := primary.URL()
	standby := primary.Standby()
	standby.Follow(primary)
	const takesNoWrites = "takes no writes"

	s := openAsIs(t, standby.URLOn(url))
	wantNotReady(t, s, takesNoWrites)
	wantUnavailable(t, "Update", keepReceipt(t.Context(), s, "ann", "evt_0"))
	// Who asks for any server may be given this one, and has to be told.
	wantNotReady(t, openAsIs(t, standby.URLOn(url)+"&target_session_attrs=prefer-standby"), takesNoWrites)

	hostOf := func(url string) string { return strings.Split(strings.TrimPrefix(url, "postgres://postgres@"), "/")[0] }
	both := strings.Replace(url, hostOf(url), hostOf(standby.URLOn(url))+","+hostOf(url), 1)
	either := openAsIs(t, both)
	if err := either.Ready(t.Context()); err != nil {
		t.Errorf("Ready, with a primary: %v", err)
	}
	for _, event := range []string{"evt_1", "evt_2"} {
		if err := keepReceipt(t.Context(), either, "ann", event); err != nil {
			t.Errorf("Update, with a primary: %v", err)
		}
	}
	standby.Follow(primary)
	primary.Stop(pgtest.Fast)
	standby.Promote()
	if err := keepReceipt(t.Context(), either, "ann", "evt_3"); err != nil {
		t.Errorf("Update after the failover: %v", err)
	}
	if err := keepReceipt(t.Context(), s, "ann", "evt_4"); err != nil {
		t.Errorf("Update of who had only the standby: %v", err)
	}
	for _, store := range []*bunstore.Store{either, s} {
		if err := store.Ready(t.Context()); err != nil {
			t.Errorf("Ready after the failover: %v", err)
		}
	}
}

// A primary that is made read-only keeps its connections. They are dropped, and whoever
// connects anew is told; when it takes writes again, nobody has to start anything.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	url := server.URL()
	s := openAsIs(t, url)
	if err := keepReceipt(t.Context(), s, "ann", "evt_0"); err != nil {
		t.Fatal(err)
	}
	for _, on := range []string{"on", "off"} {
		db := database(t, url)
		for _, change := range []string{"ALTER SYSTEM SET default_transaction_read_only = " + on, "SELECT pg_reload_conf()"} {
			if _, err := db.ExecContext(t.Context(), change); err != nil {
				t.Fatal(err)
			}
		}
		for query(t, database(t, url), "SHOW default_transaction_read_only")[0][0] != on {
			time.Sleep(10 * time.Millisecond)
		}
		if on == "on" {
			wantUnavailable(t, "Update", keepReceipt(t.Context(), s, "ann", "evt_1"))
			wantUnavailable(t, "SetSetting", s.SetSetting(t.Context(), "name", "value"))
			wantNotReady(t, s, "takes no writes")
			continue
		}
		if err := keepReceipt(t.Context(), s, "ann", "evt_2"); err != nil {
			t.Errorf("Update when it takes writes again: %v", err)
		}
		if err := s.Ready(t.Context()); err != nil {
			t.Errorf("Ready when it takes writes again: %v", err)
		}
	}
}
