package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Ensure that what make test skips under the race detector, by its name, is run without
// it: in another room a test of such a name would be run by nobody. And that where only a
// few are run with it, those are that start something beside themselves.
func TestMakefile_WhatIsNotRacedIsRunUnraced(t *testing.T) {
	t.Parallel()
	rooms := testedRooms(t)
	skipped, raced := 0, 0
	for _, p := range list(t, module+"/...") {
		room := strings.TrimPrefix(p.ImportPath, module+"/")
		if within(room, []string{"cmd/..."}) {
			continue
		}
		for _, file := range slices.Concat(p.TestGoFiles, p.XTestGoFiles) {
			for name, starts := range tests(t, filepath.Join(p.Dir, file)) {
				switch calm := within(room, rooms.calm); {
				case calm && !starts, !calm && !rooms.unraced.MatchString(name):
				case calm && rooms.raced.MatchString(name) && within(room, rooms.racedIn):
					raced++
				case calm:
					t.Errorf("%s of %s starts something beside itself, and make test runs with the race detector those of %v only that are named as %v", name, room, rooms.racedIn, rooms.raced)
				case within(room, rooms.unracedIn):
					skipped++
				default:
					t.Errorf("%s of %s has a name that make test skips under the race detector, and is run without it in %v only", name, room, rooms.unracedIn)
				}
			}
		}
	}
	if skipped == 0 || raced == 0 {
		t.Errorf("%d tests are named as %v, which make test skips, and %d as %v, which it runs with the race detector", skipped, rooms.unraced, raced, rooms.raced)
	}
}

// tests are those of a file, and whether they start something beside themselves.
func tests(t *testing.T, file string) map[string]bool {
	t.Helper()
	source, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, d := range source.Decls {
		f, is := d.(*ast.FuncDecl)
		if !is || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Test") {
			continue
		}
		starts := false
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				starts = true
			case *ast.SelectorExpr:
				starts = starts || n.Sel.Name == "Go"
			}
			return true
		})
		found[f.Name.Name] = starts
	}
	return found
}

// within tells whether a room is one of those that are named, or below one that ends in /... .
func within(room string, named []string) bool {
	return slices.ContainsFunc(named, func(name string) bool {
		top, deep := strings.CutSuffix(strings.TrimPrefix(name, "./"), "/...")
		return room == top || deep && strings.HasPrefix(room, top+"/")
	})
}

// rooms are those of which make test runs not all with the race detector.
type rooms struct {
	calm      []string       // what is in them is run without it,
	raced     *regexp.Regexp // and what is named so in some of them with it too
	racedIn   []string
	unraced   *regexp.Regexp // what is named so in the others is run without it, where it is a whole test,
	unracedIn []string       // here
}

// testedRooms asks make.
func testedRooms(t *testing.T) rooms {
	t.Helper()
	asked := exec.CommandContext(t.Context(), "make", "-n", "test-rooms")
	asked.Dir = "../.."
	out, err := asked.Output()
	if err != nil {
		t.Fatal(err)
	}
	line := func(pattern string) []string {
		found := regexp.MustCompile(`(?m)^go test -ldflags=-w ` + pattern + `$`).FindStringSubmatch(string(out))
		if found == nil {
			t.Fatalf("make test runs nothing as %s:\n%s", pattern, out)
		}
		return found[1:]
	}
	whole := func(names string) *regexp.Regexp {
		return regexp.MustCompile(strings.Join(slices.DeleteFunc(strings.Split(names, "|"), func(name string) bool { return strings.Contains(name, "/") }), "|"))
	}
	calm := line(`-timeout \w+ (\./[^']+)`)
	raced := line(`-race .*-run '(.+)' (.+)`)
	unraced := line(`-timeout .*-run '(.+)' (.+)`)
	return rooms{
		calm:      strings.Fields(calm[0]),
		raced:     whole(raced[0]),
		racedIn:   strings.Fields(raced[1]),
		unraced:   whole(unraced[0]),
		unracedIn: strings.Fields(unraced[1]),
	}
}
