package sandbox_test

import (
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// rooms are the packages in internal/, each with those that it may import.
var rooms = map[string][]string{
	"wire":     nil,
	"state":    {"wire"},
	"clock":    {"state"},
	"chaos":    {"state"},
	"render":   {"wire", "state"},
	"webhooks": {"wire", "state", "clock", "chaos", "render"},
	"life":     {"wire", "state", "clock", "chaos", "render", "webhooks"},
	"api":      {"wire", "state", "clock", "chaos", "render", "life"},
	"pages":    {"wire", "state", "clock", "render", "life", "api"},
}

// Ensure that arrows between the rooms point one way, and that whoever uses the sandbox gets
// no further dependency by it.
func TestRooms_KnowOnlyWhatIsBelowThem(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir("internal")
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(rooms) {
		t.Errorf("there are %d rooms, and this test knows %d: say what a new one may import", len(entries), len(rooms))
	}
	for room, below := range rooms {
		for _, imported := range importsOf(t, filepath.Join("internal", room)) {
			inner, ours := strings.CutPrefix(imported, "github.com/entitled-dev/entitled/adapters/sandbox/internal/")
			switch {
			case ours && !slices.Contains(below, inner):
				t.Errorf("%s imports %s: it may know %v only", room, inner, below)
			case !ours && strings.Contains(imported, "."):
				t.Errorf("%s imports %s: the sandbox needs the standard library only", room, imported)
			}
		}
	}
}

// importsOf is what a package imports, without its tests.
func importsOf(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no Go files in %s: %v", dir, err)
	}
	var all []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range parsed.Imports {
			all = append(all, strings.Trim(i.Path.Value, `"`))
		}
	}
	return all
}

// Ensure that a module which uses the sandbox needs no other for it, and none to be downloaded.
func TestSandbox_BringsItsUsersNoFurtherDependency(t *testing.T) {
	t.Parallel()
	own, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "go.mod")
	const needs = "require github.com/entitled-dev/entitled v0.0.0"
	mod := "module shop\n\ngo 1.26.0\n\n" + needs + "\n\nreplace github.com/entitled-dev/entitled => " + own + "\n"
	if err := os.WriteFile(file, []byte(mod), 0o600); err != nil {
		t.Fatal(err)
	}
	const box = "github.com/entitled-dev/entitled/adapters/sandbox"
	list := exec.CommandContext(t.Context(), "go", "list", "-mod=mod", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", box)
	list.Dir = dir
	list.Env = append(os.Environ(), "GOWORK=off", "GOPROXY=off", "GOFLAGS=")
	out, err := list.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name := range strings.FieldsSeq(string(out)) {
		if name != box && !strings.HasPrefix(name, box+"/internal/") {
			t.Errorf("it needs %s", name)
		}
	}
	after, err := os.ReadFile(file)
	if err != nil || strings.Count(string(after), "require") != 1 || !strings.Contains(string(after), needs) {
		t.Errorf("go.mod is now %s, %v", after, err)
	}
}
