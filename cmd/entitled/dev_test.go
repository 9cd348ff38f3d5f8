//go:build !nodev

package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"
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

func TestDev_LeadsBackToTheProduct(t *testing.T) {
	t.Parallel()
	urls, origins, err := devCommand{Port: 8080, AppURL: "http://localhost:3000/"}.returns()
	if err != nil || urls.Success != "http://localhost:3000/?order_id={ORDER_ID}" || !slices.Contains(origins, "http://localhost:3000") {
		t.Errorf("got %+v, %v, %v", urls, origins, err)
	}
	urls, origins, err = devCommand{Port: 8080}.returns()
	if err != nil || urls.Success != "http://localhost:8080/return?order_id={ORDER_ID}" || len(origins) > 0 {
		t.Errorf("without one: %+v, %v, %v", urls, origins, err)
	}
	for _, wrong := range []string{"localhost:3000", "ftp://localhost", "http://localhost/{WHAT}"} {
		if _, _, err := (devCommand{AppURL: wrong}).returns(); exitCode(err) != exitMisused {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}

func TestDev_AnyPortIsOneThatCanBePrinted(t *testing.T) {
	t.Parallel()
	if port, err := freePort(0); err != nil || port == 0 {
		t.Errorf("got port %d, %v", port, err)
	}
}

// Ensure that whoever is sent to the service's log finds there why, without asking for every
// request to be logged.
func TestDev_LogsWhyCredentialsWereRefused(t *testing.T) {
	t.Parallel()
	for verbose, want := range map[bool]string{false: "request code=bad_credentials reason=expired\nhung\n", true: "request code=bad_credentials reason=expired\nrequest code=not_found\nready\nhung\n"} {
		var log bytes.Buffer
		logger := newDevLogger(&log, verbose)
		logger.Info("request", "code", "bad_credentials", "reason", "expired")
		logger.Info("request", "code", "not_found")
		logger.With("port", 1).Info("ready")
		logger.Warn("hung")
		said := regexp.MustCompile(`(?m)^.* msg=(.*?)( port=1)?$`).ReplaceAllString(log.String(), "$1")
		if said != want {
			t.Errorf("verbose %t: the log says\n%swant\n%s", verbose, said, want)
		}
	}
}

// Ensure that commands work with what dev prints for them, wherever it was started.
func TestDev_PrintsWhatCommandsWorkWith(t *testing.T) {
	t.Parallel()
	here, source := t.TempDir(), filepath.Join("..", "..")
	for name, c := range map[string]struct {
		in    string
		flags []string
		want  string
		run   string
	}{
		"anywhere":                   {in: here, want: filepath.Join(here, "data"), run: "entitled"},
		"with a database of its own": {in: here, flags: []string{"--database", "mine.db"}, want: filepath.Join(here, "mine.catalog.yaml"), run: "entitled"},
		"in the source":              {in: source, flags: []string{"--database", filepath.Join(t.TempDir(), "x.db")}, want: "/adapters/catalog/demo.yaml", run: "go run ./cmd/entitled"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := programtest.FreeAddress(t)
			_, port, err := net.SplitHostPort(address)
			if err != nil {
				t.Fatal(err)
			}
			p := &program{&programtest.Program{Address: address, Log: &programtest.LogBuffer{}}}
			p.Cmd = exec.Command(programtest.Build(t, programtest.RaceFlags...), append([]string{"dev", "--port", port}, c.flags...)...)
			p.Cmd.Dir = c.in
			p.Cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), programtest.RaceSettings}
			p.Cmd.Stdout, p.Cmd.Stderr = p.Log, p.Log
			p.Start(t)
			defer p.Stop(t)

			line := regexp.MustCompile(`(?m)^ *export (.*)$`)
			var said []string
			for range 100 {
				if said = line.FindStringSubmatch(p.Log.String()); said != nil {
					break
				}
				time.Sleep(50 * time.Millisecond)
			}
			if said == nil || !strings.Contains(said[1], " CATALOG=") || !strings.Contains(said[1], c.want) {
				t.Fatalf("want a line to export, with a catalog in %s:\n%s", c.want, p.Log)
			}
			if !strings.Contains(p.Log.String(), "too: "+c.run+" events list") {
				t.Errorf("want to be told to run %s:\n%s", c.run, p.Log)
			}
			p.Cmd.Env = append(p.Cmd.Env, strings.Fields(said[1])...)
			p.says(t, "grant ana sso --reason a~favor --by sam", "grant_")
			p.says(t, "catalog check", "pro_monthly")
			p.says(t, "explain ana sso", "given by sam")
			p.says(t, "endpoints add http://localhost:1", "whsec_") // as dev takes it over HTTP
		})
	}
}
