package bunstore

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
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

var (
	keywords = regexp.MustCompile(`^\s*\w+\s*=`) // as libpq has them: host=... user=...
	scheme   = regexp.MustCompile(`^[A-Za-z][\w+.-]*:`)
	drive    = regexp.MustCompile(`^[A-Za-z]:[/\\]`)
)

// readDSN reads what names a Postgres, in any form that libpq has, with PGHOST and its
// like for what it does not say. What cannot be read may be a secret that is not escaped,
// so the error repeats nothing of it.
func readDSN(dsn string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(dsn)
	isList := keywords.MatchString(dsn)
	said := ""
	if err != nil {
		said = err.Error()
	}
	switch {
	case strings.Contains(said, "failed to parse as keyword/value"):
		return nil, errors.New(`database URL: it is no list of keyword=value: put a value with a space between single quotes, and a \ before a quote or a \`)
	case strings.Contains(said, "failed to parse as URL"), err == nil && !isList && strings.Contains(config.ConnConfig.Host+config.ConnConfig.Database, "@"):
		return nil, errors.New("database URL: write special characters of user and password as escapes: %23 for #, %25 for %, %2F for /, %3A for :, %3F for ?, %40 for @")
	case err != nil: // a setting that it names; before the last backtick is what it was given
		return nil, fmt.Errorf("database URL: %s", strings.TrimPrefix(said[strings.LastIndex(said, "`")+1:], ": "))
	default:
		return config, nil
	}
}

func parseURL(databaseURL string) (target, error) {
	if strings.HasPrefix(databaseURL, "postgres://") || strings.HasPrefix(databaseURL, "postgresql://") || keywords.MatchString(databaseURL) {
		if _, err := readDSN(databaseURL); err != nil {
			return target{}, err
		}
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
	} else if found := scheme.FindString(path); found != "" && !drive.MatchString(path) {
		return target{}, fmt.Errorf("database URL: scheme %q is none of postgres://, postgresql://, sqlite:, file:, and keywords are written as in host=db user=me", strings.TrimSuffix(found, ":"))
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
		return target{}, errors.New("database URL: after file: there is a % that begins no escape: write it as %25")
	}
	if query != "" {
		query += "&"
	}
	return target{dialect: dialectSQLite, path: path, dsn: "file:" + escaped + "?" + query + pragmas}, nil
}
