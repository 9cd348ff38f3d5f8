package bunstore

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/ports"
)

// lockedFolder is one in which nobody may make a file, root neither.
func lockedFolder(t *testing.T) string {
	t.Helper()
	if os.Getuid() == 0 {
		return "/sys"
	}
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o500); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestOpen_SaysWhatIsWrongWithAFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	text := filepath.Join(folder, "notes.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("These are notes. ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ path, says string }{
		"a folder":                  {folder, folder + " is a directory: name a file in it, such as " + folder + "/entitled.db"},
		"a folder, as folders are":  {folder + "/", " is a directory: name a file in it"},
		"no database":               {text, text + " is no SQLite database, or a damaged one: name another file"},
		"below a file":              {filepath.Join(text, "x.db"), "not a directory): make it, or name another file"},
		"a folder that is no place": {"/proc/nowhere/x.db", "the folder of /proc/nowhere/x.db is not there and cannot be made"},
		"a folder of others":        {filepath.Join(lockedFolder(t), "x.db"), "/x.db cannot be written (permission denied): give file and folder to the user that this runs as (uid "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Open(t.Context(), "sqlite:"+c.path, WithMigration())
			for _, direction := range []Direction{Up, Status} {
				if direction == Up || c.path == text {
					_, migrateErr := Migrate(t.Context(), "sqlite:"+c.path, direction)
					if err == nil || migrateErr == nil || err.Error() != migrateErr.Error() {
						t.Errorf("to migrate: %v, want as to open: %v", migrateErr, err)
					}
				}
			}
			if err == nil || !strings.Contains(err.Error(), c.says) || errors.Is(err, ports.ErrUnavailable) {
				t.Errorf("got %v, want %q, and nothing to wait for", err, c.says)
			}
		})
	}
	if left, _ := os.ReadDir(folder); len(left) != 1 {
		t.Errorf("something was left beside what was there: %v", left)
	}
}
