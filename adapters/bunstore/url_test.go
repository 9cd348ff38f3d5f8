package bunstore

import (
	"strings"
	"testing"
)

func TestParseURL(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]target{
		"postgres://u@h/db":                  {dialect: dialectPostgres, dsn: "postgres://u@h/db"},
		"postgresql://u@h/db":                {dialect: dialectPostgres, dsn: "postgresql://u@h/db"},
		"postgres://":                        {dialect: dialectPostgres, dsn: "postgres://"}, // PGHOST and the like say the rest
		"host=h password='a b'  user = u":    {dialect: dialectPostgres, dsn: "host=h password='a b'  user = u"},
		" host=h dbname=db":                  {dialect: dialectPostgres, dsn: " host=h dbname=db"},
		"postgres://u@h/db?pool_max_conns=3": {dialect: dialectPostgres, dsn: "postgres://u@h/db?pool_max_conns=3"},
		"sqlite:a=b.db":                      {dialect: dialectSQLite, dsn: "file:a=b.db", path: "a=b.db"},
		":memory:":                           {dialect: dialectSQLite, dsn: "file::memory:"},
		"sqlite::memory:":                    {dialect: dialectSQLite, dsn: "file::memory:"},
		"sqlite://:memory:":                  {dialect: dialectSQLite, dsn: "file::memory:"},
		"file::memory:":                      {dialect: dialectSQLite, dsn: "file::memory:"},
		"data/entitled.db":                   {dialect: dialectSQLite, dsn: "file:data/entitled.db", path: "data/entitled.db"},
		"sqlite:/a b?c.db":                   {dialect: dialectSQLite, dsn: "file:/a%20b%3Fc.db", path: "/a b?c.db"},
		"sqlite:///a.db":                     {dialect: dialectSQLite, dsn: "file:/a.db", path: "/a.db"},
		"file:a%20b.db?x=1":                  {dialect: dialectSQLite, dsn: "file:a%20b.db?x=1", path: "a b.db"},
		"file:///var/a.db":                   {dialect: dialectSQLite, dsn: "file:/var/a.db", path: "/var/a.db"},
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

// What is refused may have a secret in it, at any place: none of it is in what is said.
func TestParseURL_KeepsSecrets(t *testing.T) {
	t.Parallel()
	const secret = "s3cret"
	for _, in := range []string{
		"user=u password=s3cret host",
		"user=u password=my s3cret host=h",
		"user=u password='s3cret host=h",
		"host=h password=s3cret sslmode=nonsense",
		"postgres://u:s3cret%@h/db",
		"postgres://u:/s3cret@h:port/db",
		"postgres://u:s3cret@h/db?sslmode=nonsense",
		"postgres://u:s3cret@h/db?pool_max_conns=many",
		"postgres:u:s3cret@h/db",
		"mysql://u:s3cret@h/db",
		"jdbc:postgresql://h/db?password=s3cret",
		"u:s3cret@h/db",
		"file:%zz?password=s3cret",
	} {
		got, err := parseURL(in)
		switch {
		case err == nil:
			t.Errorf("%s: %+v, want an error", in, got)
		case strings.Contains(err.Error(), secret):
			t.Errorf("%s: %v", in, err)
		}
	}
}

func TestPoolConfig_TakesDefaultsFromTheEnvironment(t *testing.T) {
	t.Setenv("PGHOST", "db.example")
	t.Setenv("PGUSER", "ann")
	t.Setenv("PGDATABASE", "rights")
	for _, dsn := range []string{"postgres://", "user=bob"} {
		config, err := poolConfig(dsn, 10)
		if err != nil {
			t.Fatal(err)
		}
		user := map[string]string{"postgres://": "ann", "user=bob": "bob"}[dsn]
		if c := config.ConnConfig; c.Host != "db.example" || c.User != user || c.Database != "rights" {
			t.Errorf("%s: user=%s host=%s dbname=%s", dsn, c.User, c.Host, c.Database)
		}
	}
}
