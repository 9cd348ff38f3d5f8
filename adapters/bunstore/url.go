package bunstore

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"
)

type dialect string // also the name of its folder in package migrations

const (
	dialectPostgres dialect = "postgres"
	dialectSQLite   dialect = "sqlite"
)

// target is what a database URL names.
type target struct {
	dialect dialect
	dsn     string
	path    string // of a SQLite file; empty: in memory
}

// pragmas make SQLite wait for a lock instead of failing, read while another
// writes, and keep a commit that was answered through a power cut. A transaction
// takes the lock for writing when it begins: to ask for it later can fail.
var pragmas = strings.Join([]string{
	"_pragma=busy_timeout(5000)", "_pragma=journal_mode(WAL)", "_pragma=foreign_keys(1)",
	"_pragma=synchronous(FULL)", "_txlock=immediate",
}, "&")

// CheckURL returns what is wrong with a database URL, without opening it.
func CheckURL(databaseURL string) error {
	_, err := parseURL(databaseURL)
	return err
}

// exists refuses a SQLite file that is not there: SQLite would make an empty one
// where a path was mistyped. Only a migration makes a database.
func (t target) exists() error {
	if t.path == "" {
		return nil
	}
	if _, err := os.Stat(t.path); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf(`there is no database at %s: set DATABASE_URL, or make one with "entitled migrate up"`, t.path)
	}
	return nil // any other fault shows when it is opened
}

func parseURL(databaseURL string) (target, error) {
	if strings.HasPrefix(databaseURL, "postgres://") || strings.HasPrefix(databaseURL, "postgresql://") {
		return target{dialect: dialectPostgres, dsn: databaseURL}, nil
	}
	rest, isURI := strings.CutPrefix(databaseURL, "file:")
	if !isURI {
		rest = strings.TrimPrefix(databaseURL, "sqlite:")
	}
	switch {
	case rest == "":
		return target{}, errors.New("database URL is empty: set postgres://... or the path of a SQLite file")
	case rest == ":memory:" || rest == "//:memory:":
		return target{dialect: dialectSQLite, dsn: "file::memory:?" + pragmas}, nil
	case isURI:
		return fileURI(rest)
	}
	// sqlite://PATH is what some write.
	path := rest
	if strings.HasPrefix(databaseURL, "sqlite:") {
		path = strings.TrimPrefix(path, "//")
	}
	if scheme, _, has := strings.Cut(path, "://"); has {
		return target{}, fmt.Errorf("database URL: scheme %q is none of postgres, postgresql, sqlite, file", scheme)
	}
	return target{
		dialect: dialectSQLite, path: path,
		dsn: "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + pragmas,
	}, nil
}

// fileURI reads what follows "file:", which may have a query of its own.
func fileURI(rest string) (target, error) {
	rest = strings.TrimPrefix(rest, "//")
	escaped, query, _ := strings.Cut(rest, "?")
	path, err := url.PathUnescape(escaped)
	if err != nil {
		return target{}, fmt.Errorf("database URL: %w", err)
	}
	if query != "" {
		query += "&"
	}
	return target{dialect: dialectSQLite, path: path, dsn: "file:" + escaped + "?" + query + pragmas}, nil
}
