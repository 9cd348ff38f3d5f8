package bunstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// fault says what is wrong with a SQLite file that cannot be opened, and how to mend it;
// nil if it is not the file, or not known. SQLite itself says "unable to open database
// file", whatever it is.
func (t target) fault(err error) error {
	lite, is := errors.AsType[*sqlite.Error](err)
	if t.path == "" || !is {
		return nil
	}
	const primary = 0xff // the rest of the bits only say more
	switch lite.Code() & primary {
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return fmt.Errorf("%s is no SQLite database, or a damaged one: name another file, or restore a backup", t.path)
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_IOERR:
		return t.unwritable()
	default:
		return nil
	}
}

// unwritable says why a file cannot be written: itself, or its folder, where SQLite makes
// two more beside it. It is only asked of a file that SQLite could not open: to close one
// that it has open would take SQLite's locks on it.
func (t target) unwritable() error {
	what := t.path
	file, err := os.OpenFile(t.path, os.O_RDWR, 0)
	if err == nil {
		file.Close()
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		what = "the folder of " + t.path
		if file, err = os.CreateTemp(filepath.Dir(t.path), ".entitled-*"); err == nil {
			file.Close()
			os.Remove(file.Name())
			return nil
		}
	}
	if of, is := errors.AsType[*fs.PathError](err); is {
		err = of.Err // the path is said, or made up
	}
	return fmt.Errorf("%s cannot be written (%w): give file and folder to the user that this runs as (uid %d), or name another file", what, err, os.Getuid())
}

// OfFile tells whether an error is one of SQLite, which nobody mends by a host or a
// password.
func OfFile(err error) bool {
	_, is := errors.AsType[*sqlite.Error](err)
	return is
}

// isFile refuses a path that names a folder.
func (t target) isFile() error {
	if found, err := os.Stat(t.path); err == nil && found.IsDir() {
		return fmt.Errorf("%s is a directory: name a file in it, such as %s", t.path, filepath.Join(t.path, "entitled.db"))
	}
	return nil
}
