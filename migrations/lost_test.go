package migrations

import (
	"slices"
	"strings"
	"testing"
)

func TestLost_SaysWhatOnlyAMigrationHasAPlaceFor(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"00003_settings.sql":    "table settings",
		"00006_event_lists.sql": "",
		"00007_admin_log.sql":   "table admin_log",
		"00009_retention.sql":   "column redacted of processed_events",
	} {
		lost, err := Lost(name)
		if got := strings.Join(lost, ", "); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, want)
		}
	}
	lost, err := Lost("00005_invoices.sql")
	for _, want := range []string{"some rows of entitlement_changes", "column cause of entitlement_changes", "column subtotal of orders", "table invoices"} {
		if err != nil || !slices.Contains(lost, want) {
			t.Errorf("%v, %v: lacks %q", lost, err, want)
		}
	}
	if _, err := Lost("00000_none.sql"); err == nil {
		t.Error("a migration that there is not loses nothing")
	}
}

// Ensure that nothing is lost in a way that is not said: with what a new migration takes
// back there comes a word for it.
func TestLost_KnowsEveryStatementThatTakesBack(t *testing.T) {
	t.Parallel()
	files, err := FS.ReadDir("postgres")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := FS.ReadFile("postgres/" + file.Name())
		if err != nil {
			t.Fatal(err)
		}
		_, down, _ := strings.Cut(string(text), "-- +goose Down\n")
		takes := 0
		for _, word := range []string{"DROP TABLE", "DROP COLUMN", "DELETE FROM", "TRUNCATE", "DROP SCHEMA"} {
			takes += strings.Count(down, word)
		}
		if lost, err := Lost(file.Name()); err != nil || len(lost) != takes {
			t.Errorf("%s takes back %d things, and %v, %v are said", file.Name(), takes, lost, err)
		}
	}
}
