package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"
)

// A slip in the catalog: who has sso would lose it at the next start.
func TestLosses_AStartIsRefusedAndAcceptedByItsOperator(t *testing.T) {
	t.Parallel()
	s := openShop(t, programtest.Databases["SQLite"](t))
	s.buys(t, "ana", "pro")
	s.idle(t)
	s.Stop(t)
	poorer := filepath.Join(t.TempDir(), "poorer.yaml")
	text := strings.Replace(programtest.Catalog, "{sso: true, projects: 100}", "{projects: 100}", 1)
	if err := os.WriteFile(poorer, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	const loss = "plan pro no longer grants sso: 1 user has it"

	s.says(t, "catalog check --database", "nobody loses a right by it")
	out, complaint, ok := s.command(t, words("catalog check --database "+poorer))
	if ok || !strings.Contains(out, "lookup key pro_monthly") || !strings.Contains(complaint, loss) {
		t.Errorf("checked beforehand: succeeded %t, %s%s, want what it sells and %q", ok, out, complaint, loss)
	}
	for range 2 {
		_, complaint, ok = s.command(t, words("serve"), "CATALOG="+poorer)
		if ok || !strings.Contains(complaint, loss) || !strings.Contains(complaint, "--accept-losses") {
			t.Errorf("started with it: succeeded %t, %s, want %q and what to do", ok, complaint, loss)
		}
	}
	// What prices meant is known to the database, and not to the file.
	renamed := filepath.Join(t.TempDir(), "renamed.yaml")
	if err := os.WriteFile(renamed, []byte(strings.Replace(programtest.Catalog, "\n  pro:\n", "\n  professional:\n", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, checked, _ := s.command(t, words("catalog check --database "+renamed))
	_, started, _ := s.command(t, words("serve"), "CATALOG="+renamed)
	for _, complaint := range []string{checked, started} {
		if !strings.Contains(complaint, "plan pro is gone, and sso with it: 1 user has it") {
			t.Errorf("its key renamed: checked beforehand %q, and started with %q: want both to say what is lost", checked, started)
		}
	}
	// Who is refused has changed nothing: the catalog in use is the old one.
	s.says(t, "grant bob sso --reason a~favor --by sam", "bob")
	s.says(t, "explain ana sso", "sso: yes")

	p := &program{&programtest.Program{Address: s.Address, Cmd: exec.Command(s.Cmd.Path, "serve", "--accept-losses"), Log: &programtest.LogBuffer{}}}
	p.Cmd.Env, p.Cmd.Stderr = append(append([]string{}, s.Cmd.Env...), "CATALOG="+poorer), p.Log
	p.Start(t)
	if !strings.Contains(p.Log.String(), loss) {
		t.Errorf("the log does not say what was taken: %s", p.Log)
	}
	p.Stop(t)

	// It was accepted once: the next start is an ordinary one.
	again := startProgram(t, s.Cmd.Path, envOf(s.Cmd.Env, "DATABASE_URL"), "STRIPE_API_BASE="+s.box.URL(), "CATALOG="+poorer)
	again.says(t, "explain ana sso", "sso: no")
}
