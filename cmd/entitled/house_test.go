package main

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/entitled-dev/entitled"

type goPackage struct {
	ImportPath                string
	Standard                  bool
	GoFiles                   []string
	TestGoFiles, XTestGoFiles []string
	Imports                   []string
	Dir                       string
}

// Ensure the plan of the house holds: dependencies point one way, adapters do not
// know each other, and fx stays at the edge. The linter says the same; this test
// says it to people without the linter, and says why.
func TestHouse_DependenciesPointOneWay(t *testing.T) {
	t.Parallel()
	standard := map[string]bool{}
	for _, p := range list(t, "std") {
		standard[p.ImportPath] = true
	}
	for _, p := range list(t, module+"/...") {
		room := strings.TrimPrefix(p.ImportPath, module+"/")
		for _, imported := range p.Imports {
			if why := forbidden(room, imported, standard[imported]); why != "" {
				t.Errorf("%s imports %s: %s", room, imported, why)
			}
		}
	}
}

// forbidden says why a room may not import a package; empty: it may.
func forbidden(room, imported string, standard bool) string {
	if imported == "go.uber.org/fx" {
		return "" // TestHouse_FxStaysAtTheEdge looks at files
	}
	own, ours := strings.CutPrefix(imported, module+"/")
	switch {
	case room == "domain":
		if io := slices.Contains([]string{"os", "net", "net/http", "database/sql", "context"}, imported); io || !standard {
			return "the domain is pure: the standard library only, no I/O"
		}
	case room == "ports":
		if !standard && own != "domain" {
			return "ports mention no technology: the standard library and the domain only"
		}
	case room == "app":
		if !standard && own != "domain" && own != "ports" {
			return "use cases see the world through ports: the standard library, domain and ports only"
		}
	case room == "cmd/entitled" && strings.HasPrefix(own, "cmd/entitled/"):
		return "what tests share is no part of the program"
	case strings.HasPrefix(room, "adapters/"):
		adapter := strings.Split(room, "/")[1]
		switch {
		case ours && strings.HasPrefix(own, "cmd"):
			return "arrows point inward: cmd composes adapters"
		case ours && strings.HasPrefix(own, "adapters/") && strings.Split(own, "/")[1] != adapter:
			return "adapters do not know each other: they meet in cmd only"
		}
	}
	return ""
}

func TestHouse_FxStaysAtTheEdge(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, module+"/...") {
		room := strings.TrimPrefix(p.ImportPath, module+"/")
		if !slices.Contains(p.Imports, "go.uber.org/fx") || strings.HasPrefix(room, "cmd/") {
			continue
		}
		for _, file := range p.GoFiles {
			if filepath.Base(file) != "module.go" && importsFx(t, filepath.Join(p.Dir, file)) {
				t.Errorf("%s/%s imports fx: only module.go and cmd do, so that every constructor works without it", room, file)
			}
		}
	}
}

// Ensure the top level stays what ARCHITECTURE.md draws.
func TestHouse_TopLevelHasNoOtherRooms(t *testing.T) {
	t.Parallel()
	rooms := []string{"adapters", "app", "clients", "cmd", "domain", "migrations", "ports", "tools"}
	for _, p := range list(t, module+"/...") {
		top, _, _ := strings.Cut(strings.TrimPrefix(p.ImportPath, module+"/"), "/")
		if !slices.Contains(rooms, top) {
			t.Errorf("%s is a new room at the top level: does it not belong into one of %v?", top, rooms)
		}
	}
}

func list(t *testing.T, pattern string) []goPackage {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Standard,GoFiles,TestGoFiles,XTestGoFiles,Imports,Dir", pattern).Output()
	if err != nil {
		t.Fatalf("go list %s: %v", pattern, err)
	}
	var all []goPackage
	for decoder := json.NewDecoder(strings.NewReader(string(out))); decoder.More(); {
		var p goPackage
		if err := decoder.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		t.Fatalf("go list %s found nothing", pattern)
	}
	return all
}

func importsFx(t *testing.T, file string) bool {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(parsed.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"go.uber.org/fx"` })
}

// Which Go builds the program is pinned, and its tools are built by the same.
func TestHouse_TheToolchainIsPinned(t *testing.T) {
	t.Parallel()
	var pinned []string
	for _, file := range []string{"../../go.mod", "../../tools/go.mod"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		pinned = append(pinned, regexp.MustCompile(`(?m)^toolchain go\d+\.\d+\.\d+$`).FindString(string(text)))
	}
	if pinned[0] == "" || pinned[0] != pinned[1] {
		t.Errorf("go.mod and tools/go.mod say %q: one and the same toolchain", pinned)
	}
}
