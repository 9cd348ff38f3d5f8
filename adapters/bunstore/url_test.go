package bunstore

import (
	"strings"
	"testing"
)

func TestParseURL(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]target{
		"postgres://u@h/db":   {dialect: dialectPostgres, dsn: "postgres://u@h/db"},
		"postgresql://u@h/db": {dialect: dialectPostgres, dsn: "postgresql://u@h/db"},
		":memory:":            {dialect: dialectSQLite, dsn: "file::memory:"},
		"sqlite::memory:":     {dialect: dialectSQLite, dsn: "file::memory:"},
		"sqlite://:memory:":   {dialect: dialectSQLite, dsn: "file::memory:"},
		"file::memory:":       {dialect: dialectSQLite, dsn: "file::memory:"},
		"data/entitled.db":    {dialect: dialectSQLite, dsn: "file:data/entitled.db", path: "data/entitled.db"},
		"sqlite:/a b?c.db":    {dialect: dialectSQLite, dsn: "file:/a%20b%3Fc.db", path: "/a b?c.db"},
		"sqlite:///a.db":      {dialect: dialectSQLite, dsn: "file:/a.db", path: "/a.db"},
		"file:a%20b.db?x=1":   {dialect: dialectSQLite, dsn: "file:a%20b.db?x=1", path: "a b.db"},
		"file:///var/a.db":    {dialect: dialectSQLite, dsn: "file:/var/a.db", path: "/var/a.db"},
	} {
		got, err := parseURL(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		got.dsn = strings.TrimRight(strings.TrimSuffix(got.dsn, pragmas), "?&")
		if got != want {
			t.Errorf("%s: %+v, want %+v", in, got, want)
		}
	}
	for _, in := range []string{"", "sqlite:", "file:", "mysql://u@h/db", "file:%zz"} {
		if got, err := parseURL(in); err == nil {
			t.Errorf("%s: %+v, want an error", in, got)
		}
	}
}
