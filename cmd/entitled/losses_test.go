package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A slip in the catalog: who has sso would lose it at the next start.
func TestLosses_AStartIsRefusedAndAcceptedByItsOperator(t *testing.T) {
	t.Parallel()
	s := openShop(t, databases["SQLite"](t))
	s.buys(t, "ana", "pro")
	s.idle(t)
	s.stop(t)
	poorer := filepath.Join(t.TempDir(), "poorer.yaml")
	text := strings.Replace(testCatalog, "{sso: true, projects: 100}", "{projects: 100}", 1)
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
	// Who is refused has changed nothing: the catalog in use is the old one.
	s.says(t, "grant bob sso --reason a~favor --by sam", "bob")
	s.says(t, "explain ana sso", "sso: yes")

	p := &program{address: s.address, cmd: exec.Command(s.cmd.Path, "serve", "--accept-losses"), log: &logBuffer{}}
	p.cmd.Env, p.cmd.Stderr = append(append([]string{}, s.cmd.Env...), "CATALOG="+poorer), p.log
	p.start(t)
	if !strings.Contains(p.log.String(), loss) {
		t.Errorf("the log does not say what was taken: %s", p.log)
	}
	p.stop(t)

	// It was accepted once: the next start is an ordinary one.
	again := startProgram(t, s.cmd.Path, envOf(s.cmd.Env, "DATABASE_URL"), "STRIPE_API_BASE="+s.box.URL(), "CATALOG="+poorer)
	again.says(t, "explain ana sso", "sso: no")
}
