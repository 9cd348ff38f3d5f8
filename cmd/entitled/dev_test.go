//go:build !nodev

package main

import (
	"path/filepath"
	"testing"
)

func TestDev_EachPortHasADatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		dev  devCommand
		want string
	}{
		"the usual port": {devCommand{Port: 8080}, "data/dev.db"},
		"another port":   {devCommand{Port: 8081}, "data/dev-8081.db"},
		"one of its own": {devCommand{Port: 8081, Database: "mine.db"}, "mine.db"},
	} {
		if got := c.dev.database(); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestDev_NamesFilesForEveryDirectory(t *testing.T) {
	t.Parallel()
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"data/dev.db":               filepath.Join(here, "data/dev.db"),
		"sqlite:dev.db":             filepath.Join(here, "dev.db"),
		"/my data/it's.db":          `'/my data/it'\''s.db'`,
		"postgres://a:b@localhost/": "postgres://a:b@localhost/",
		"file:/x.db?mode=ro":        "'file:/x.db?mode=ro'",
	} {
		if got := fromAnywhere(path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}
