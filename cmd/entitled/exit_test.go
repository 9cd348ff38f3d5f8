package main

import (
	"context"
	"database/sql"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"

	"github.com/spf13/cobra"
)

// leaves are all commands that can be run, as they are written.
func leaves(t *testing.T) []string {
	t.Helper()
	var all []string
	var visit func(*cobra.Command)
	visit = func(of *cobra.Command) {
		for _, cmd := range of.Commands() {
			if visit(cmd); !cmd.HasSubCommands() {
				all = append(all, strings.TrimPrefix(cmd.CommandPath(), "entitled "))
			}
		}
	}
	visit(newProgram(console{}))
	if len(all) < 10 {
		t.Fatalf("found only %v", all)
	}
	return all
}

// exit runs a command and returns its exit code and all that it said. One that serves
// where it should refuse to is ended.
func (p *program) exit(t *testing.T, args []string, more ...string) (code int, said string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, programtest.Build(t), args...)
	cmd.Env = append(append([]string{}, p.Cmd.Env...), more...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// commandLine is a program that can be run on a database of its own.
func commandLine(t *testing.T, more ...string) *program {
	t.Helper()
	env := environment(t, map[string]string{"DATABASE_URL": programtest.Databases["SQLite"](t)})
	return &program{&programtest.Program{Cmd: &exec.Cmd{Path: programtest.Build(t), Env: append(env, more...)}}}
}

func TestExit_EveryCommandSaysItsCodesAndRefusesMisuseWithTwo(t *testing.T) {
	t.Parallel()
	p := commandLine(t)
	for _, command := range append(leaves(t), "") {
		t.Run("entitled "+command, func(t *testing.T) {
			t.Parallel()
			args := strings.Fields(command)
			code, said := p.exit(t, append(args, "--help"))
			if code != 0 {
				t.Errorf("--help exits with %d", code)
			}
			for _, e := range exits {
				if !strings.Contains(said, e.String()) {
					t.Errorf("--help does not say %q:\n%s", e, said)
				}
			}
			if code, said := p.exit(t, append(args, "--no-such-flag")); code != 2 || !strings.Contains(said, "--no-such-flag") {
				t.Errorf("an unknown flag: exits with %d, want 2\n%s", code, said)
			}
		})
	}
}

// Ensure a script can tell what to do from the code alone: mend what it says (2), give
// up on a thing that is not there (3), or try again later (4). Every command is in each
// list that can be about it.
func TestExit_CodesTellWhatToDo(t *testing.T) {
	t.Parallel()
	const nowhere = "DATABASE_URL=postgres://x@127.0.0.1:1/x"
	noFolder := "DATABASE_URL=sqlite:" + filepath.Join(t.TempDir(), "nowhere", "x.db")
	noDatabase, noUser := refusedBy(t, programtest.Databases["Postgres"](t))
	readers := []string{
		"explain ana", "grants ana", "grant ana sso --reason r --by b", "revoke grant_1 --reason r --by b",
		"events list", "events show evt_1", "events replay evt_1", "events replay --dry-run evt_1", "quarantine list",
		"sync ana", "migrate status", "database mode", "verify", "admin-log", "catalog check --database", "serve",
	}
	type row struct {
		code      int
		args, set string
		says      []string
	}
	var rows []row
	for _, args := range append(readers, "migrate up", "migrate down") {
		rows = append(rows, row{4, args, nowhere, []string{"DATABASE_URL", "does not answer"}})
		rows = append(rows, row{2, args, "DATABASE_URL=mysql://x", []string{"DATABASE_URL", "mysql"}})
		rows = append(rows, row{2, args, "DATABASE_URL=" + noDatabase, []string{`DATABASE_URL: database "nowhere" does not exist: make it with createdb`}})
	}
	for _, args := range readers {
		rows = append(rows, row{2, args, noFolder, []string{"DATABASE_URL"}})
		rows = append(rows, row{2, args, "DATABASE_URL=sqlite:" + os.TempDir(), []string{"DATABASE_URL", "is a directory: name a file in it"}})
	}
	for _, args := range []string{"events show evt_1", "events replay evt_1", "events replay --dry-run evt_1", "revoke grant_1 --reason r --by b", "sync ana", "explain ana nothing"} {
		rows = append(rows, row{3, args, "", nil})
	}
	for _, args := range []string{"explain ana", "grant ana sso --reason r --by b", "revoke grant_1 --reason r --by b", "events replay evt_1", "sync ana", "catalog check", "serve"} {
		rows = append(rows, row{2, args, "CATALOG=/nowhere.yaml", []string{"CATALOG"}})
	}
	for _, args := range []string{"events replay evt_1", "sync ana", "serve", "catalog check --stripe"} {
		rows = append(rows, row{2, args, "STRIPE_SECRET_KEY=pk_test_1", []string{"STRIPE_SECRET_KEY"}})
	}
	rows = append(rows,
		row{2, "migrate up", "DATABASE_URL=" + noUser, []string{`DATABASE_URL: role "stranger" does not exist: see that it has this user`}},
		row{2, "dev --port 0 --database " + noDatabase, "", []string{`--database: database "nowhere" does not exist`}},
		row{4, "catalog check --stripe", programtest.NoStripe, []string{"STRIPE_API_BASE"}},
		row{2, "serve", "AUTH_JWKS_URL=https://id.example.com/keys", []string{"AUTH_ISSUER is empty", "AUTH_AUDIENCE is empty", "AUTH_AUDIENCE=any"}},
		row{2, "serve", "PORT=x", []string{"PORT"}},
		row{2, "serve", "HOST=192.0.2.1", []string{"HOST"}},
		row{2, "serve", "STRIPE_SECRET_KEY_FILE=/nowhere", []string{"STRIPE_SECRET_KEY"}},
		row{2, "dev --port 0 --catalog /nowhere.yaml", "", []string{"--catalog"}},
		row{2, "dev --port 0 --database mysql://x", "", []string{"--database"}},
		row{4, "dev --port 0 --database postgres://x@127.0.0.1:1/x", "", []string{"--database", "does not answer"}},
		row{2, "dev", "PORT=x", []string{"PORT", `"x"`}},
		row{2, "sandbox --catalog /nowhere.yaml", "", []string{"--catalog"}},
		row{2, "sandbox --calm --seed 1", "", []string{"--calm"}},
		row{2, "dev --port 0 --seed 1 --chaos 1", "", []string{"--chaos"}},
		row{2, "sandbox --url nowhere", "", []string{"--url is"}},
		row{2, "sandbox --webhook nowhere", "", []string{"--webhook is"}},
		row{2, "sandbox --webhook-secret whsec_1", "", []string{"--webhook is not"}},
		row{2, "sandbox --webhook http://localhost:1 --webhook-version 2001-01-01", "", []string{"--webhook-version"}},
		row{2, "", "", []string{"say which command", "serve, migrate, catalog"}},
		row{2, "events", "", []string{"list, show, replay", "entitled events --help"}},
		row{2, "evnts", "", []string{"did you mean events?", "entitled --help"}},
		row{2, "events lst", "", []string{"did you mean list?", "entitled events --help"}},
		row{2, "explain", "", []string{"USER is missing", "entitled explain USER [FEATURE]"}},
		row{2, "explain ana sso now", "", []string{"unexpected argument now"}},
		row{2, "explain ana --at", "", []string{"--at"}},
		row{2, "explain ana --json=maybe", "", []string{`--json is "maybe"`, "true or false"}},
		row{2, "grant ana sso -reason r", "", []string{"-reason is written with two dashes: --reason"}},
		row{2, "grant ana sso -by=b", "", []string{"-by is written with two dashes: --by"}},
		row{2, "dev -verbose", "", []string{"-verbose is written with two dashes: --verbose"}},
		row{2, "grant ana sso -r x", "", []string{"'r'"}},
		row{2, "events list --limit x", "", []string{`--limit is "x"`, "a whole number"}},
		row{2, "events list --outcome paid", "", []string{`--outcome is "paid"`, "one of applied, unchanged,"}},
		row{2, "database mode --set prod", "", []string{`--set is "prod"`, "one of test, live"}},
		row{2, "explain ~", "", []string{"USER"}},
		row{2, "explain ana --at yesterday", "", []string{"--at"}},
		row{2, "grants ~", "", []string{"USER"}},
		row{2, "sync ~", "", []string{"USER"}},
		row{2, "sync", "", []string{"a user", "--customer"}},
		row{2, "grant ana projects --reason r --by b", "", []string{"how many"}},
		row{2, "grant ana projects --limit x --reason r --by b", "", []string{"--limit"}},
		row{2, "grant ana sso --until 90d --key k --reason r --by b", "", []string{"--until"}},
		row{2, "events list --limit 0", "", []string{"--limit"}},
		row{2, "events list --older week", "", []string{"--older"}},
		row{2, "events replay", "", []string{"which events"}},
		row{2, "admin-log --limit 0", "", []string{"--limit"}},
		row{2, "quarantine list --limit 0", "", []string{"--limit"}},
	)
	p := commandLine(t)
	for _, r := range rows {
		t.Run(strings.TrimSpace(r.set+" entitled "+r.args), func(t *testing.T) {
			t.Parallel()
			code, said := p.exit(t, words(r.args), r.set)
			if code != r.code {
				t.Errorf("exits with %d, want %d:\n%s", code, r.code, said)
			}
			for _, want := range r.says {
				if !strings.Contains(said, want) {
					t.Errorf("does not say %q:\n%s", want, said)
				}
			}
		})
	}
}

// refusedBy are URLs that a running Postgres lets nobody in by.
func refusedBy(t *testing.T, databaseURL string) (noDatabase, noUser string) {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	database, stranger := *u, *u
	database.Path, stranger.User = "/nowhere", url.User("stranger")
	return database.String(), stranger.String()
}

// Ensure that commands agree on what is not found: the one thing that a command is about.
// A list of which nothing is left by its filters is empty, which is an answer.
func TestExit_OneRuleForWhatIsNotThere(t *testing.T) {
	t.Parallel()
	s := openShop(t, programtest.Databases["SQLite"](t))
	s.Call(t, "POST", "/api/checkout/pro", `{"user_id":"bob"}`, 201) // known, and has nothing
	table := []struct {
		args string
		code int
	}{
		{"explain nobody", 3}, {"explain nobody sso", 3}, {"explain nobody --json", 3}, {"explain nobody --at 2026-01-01", 3},
		{"explain bob", 0}, {"explain bob sso", 0}, {"explain bob ssso", 3},
		{"grants nobody", 3}, {"grants nobody --json", 3}, {"grants bob", 0}, {"grants bob --json", 0},
		{"sync nobody", 3}, {"sync bob", 0}, {"sync --customer cus_never", 3},
		{"verify", 0}, {"verify --user nobody", 3}, {"reconcile --user nobody", 3}, {"reconcile --user bob", 0}, {"reconcile --user nobody --dry-run", 0},
		{"grant eve ssso --reason r --by b", 3}, {"grant eve sso --reason r --by b", 0}, // whoever is given something is known
		{"revoke grant_never --reason r --by b", 3},
		{"events list --user nobody", 0}, {"events list --type never", 0}, {"events list --user nobody --json", 0},
		{"events show evt_never", 3},
		{"events replay evt_never", 3}, {"events replay evt_never --dry-run", 3},
		{"events replay --user nobody", 0}, {"events replay --user nobody --dry-run", 0},
		{"quarantine list --user nobody", 0}, {"quarantine list --user nobody --json", 0},
		{"endpoints change ep_never --disable", 3}, {"endpoints rotate ep_never", 3}, {"endpoints test ep_never", 3},
		{"endpoints deliveries ep_never", 3}, {"endpoints delete ep_never", 3},
		{"admin-log --user never", 0}, {"admin-log --user never --json", 0},
		{"user export nobody", 3}, {"user forget nobody --yes", 3}, {"user export bob", 0}, {"user forget bob --yes", 0}, {"user forget bob --yes", 3},
	}
	ofNoThing := []string{"dev", "sandbox", "serve", "migrate up", "migrate status", "migrate down", "catalog check", "database mode", "database deployment", "endpoints list", "endpoints add", "version"}
	for _, command := range leaves(t) {
		listed := slices.Contains(ofNoThing, command)
		for _, row := range table {
			listed = listed || strings.HasPrefix(row.args, command+" ")
		}
		if !listed {
			t.Errorf("%q is not in this test: is it about a thing that may not be there?", command)
		}
	}
	for _, row := range table { // in this order
		code, said := s.exit(t, words(row.args))
		if code != row.code {
			t.Errorf("entitled %s: exits with %d, want %d:\n%s", row.args, code, row.code, said)
		}
		if strings.Contains(row.args, " nobody") && code == 3 && !strings.Contains(said, "nothing is kept of user nobody: check the id") {
			t.Errorf("entitled %s: does not say that nobody is known:\n%s", row.args, said)
		}
	}
}

// Ensure that a file is not said to be a server that does not run.
func TestExit_ADatabaseFileThatCannotBeUsedIsNoServer(t *testing.T) {
	t.Parallel()
	file := strings.TrimPrefix(programtest.Databases["SQLite"](t), "sqlite:")
	p := commandLine(t)
	if code, said := p.exit(t, words("migrate up"), "DATABASE_URL=sqlite:"+file); code != 0 {
		t.Fatalf("migrate exits with %d:\n%s", code, said)
	}
	code, said := p.exit(t, words("events list"), "DATABASE_URL=file:"+file+"?mode=ro")
	if code != 4 || !strings.Contains(said, "the database file that DATABASE_URL names cannot be used now") || strings.Contains(said, "password") {
		t.Errorf("exits with %d, want 4 and that the file cannot be written:\n%s", code, said)
	}
	code, said = p.exit(t, words("dev --port 0 --database "+filepath.Dir(file)))
	if code != 2 || !strings.Contains(said, "--database: "+filepath.Dir(file)+" is a directory") {
		t.Errorf("dev exits with %d, want 2 and that it is a directory:\n%s", code, said)
	}
	text := filepath.Join(filepath.Dir(file), "notes.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("These are notes. ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"migrate up", "migrate status", "events list", "serve"} {
		if code, said := p.exit(t, words(args), "DATABASE_URL=sqlite:"+text); code != 2 || !strings.Contains(said, "DATABASE_URL: "+text+" is no SQLite database") {
			t.Errorf("%s exits with %d, want 2 and that it is no database:\n%s", args, code, said)
		}
	}
}

// Ensure that what no setting mends is not said to be a setting's fault.
func TestExit_AMigrationThatFailsIsNoMisuse(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "x.db")
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE accounts (mine text)"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	code, said := commandLine(t, "DATABASE_URL=sqlite:"+file).exit(t, words("migrate up"))
	if code != 1 || !strings.Contains(said, "accounts") || !strings.Contains(said, "DATABASE_URL") {
		t.Errorf("exits with %d, want 1, what is in the way and where:\n%s", code, said)
	}
}

func TestExit_AnAddressInUseNamesTheSetting(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	p := commandLine(t, "HOST=127.0.0.1", "PORT="+port)
	for args, names := range map[string][]string{
		"serve":                  {"PORT"},
		"dev --port " + port:     {"--port"},
		"sandbox --port " + port: {"--port"},
		"dev --port " + portOf(programtest.FreeAddress(t)) + " --sandbox-port " + port: {"--sandbox-port"},
	} {
		code, said := p.exit(t, words(args))
		if code != 2 || !strings.Contains(said, "address already in use") {
			t.Errorf("%s: exits with %d, want 2 and that the address is in use:\n%s", args, code, said)
		}
		for _, name := range names {
			if !strings.Contains(said, name) {
				t.Errorf("%s: does not name %s:\n%s", args, name, said)
			}
		}
	}
}

func portOf(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

// Ensure that a log of everything is about this program, and has no traces of how it is
// put together.
func TestExit_ADebugLogHasNoTraces(t *testing.T) {
	t.Parallel()
	p := startProgram(t, programtest.Build(t), programtest.Databases["SQLite"](t), "LOG_LEVEL=debug")
	p.Stop(t)
	log := p.Log.String()
	for _, trace := range []string{"trace", ".go:", "goroutine", "constructor"} {
		if strings.Contains(log, trace) {
			t.Errorf("the log has %q in it:\n%s", trace, log)
		}
	}
	if !strings.Contains(log, "DEBUG") || !strings.Contains(log, "started") {
		t.Errorf("the log does not say what was started:\n%s", log)
	}
}

func TestExit_WhoIsToldToEndBeforeItIsReadyEndsWell(t *testing.T) {
	t.Parallel()
	cfg, err := readConfig(environment(t, map[string]string{"DATABASE_URL": programtest.Databases["SQLite"](t)}), os.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	log := &programtest.LogBuffer{}
	p, err := cfg.parts(console{io.Discard, log})
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	end()
	if err := runService(ctx, p); err != nil || !strings.Contains(log.String(), "not ready yet") {
		t.Errorf("got %v, and the log says:\n%s", err, log)
	}
}

func TestExit_ReadmeListsTheCodes(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range exits {
		if !strings.Contains(string(text), e.row()) {
			t.Errorf("README.md lacks the row %q", e.row())
		}
	}
}
