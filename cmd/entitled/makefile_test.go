package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var testName = regexp.MustCompile(`(?m)^func (Test\w+)\(`)

// Ensure that what make test skips under the race detector, by its name, is run without
// it: in another room a test of such a name would be run by nobody.
func TestMakefile_WhatIsNotRacedIsRunUnraced(t *testing.T) {
	t.Parallel()
	unraced, rooms := unracedTests(t)
	notRaced := []string{"domain/...", "cmd/entitled/...", "adapters/sandbox/stripespec"}
	found := 0
	for _, p := range list(t, module+"/...") {
		room := strings.TrimPrefix(p.ImportPath, module+"/")
		if within(room, notRaced) {
			continue
		}
		for _, file := range slices.Concat(p.TestGoFiles, p.XTestGoFiles) {
			source, err := os.ReadFile(filepath.Join(p.Dir, file))
			if err != nil {
				t.Fatal(err)
			}
			for _, test := range testName.FindAllSubmatch(source, -1) {
				switch name := string(test[1]); {
				case !unraced.MatchString(name):
				case within(room, rooms):
					found++
				default:
					t.Errorf("%s of %s has a name that make test skips under the race detector, and is run without it in %v only", name, room, rooms)
				}
			}
		}
	}
	if found == 0 {
		t.Errorf("no test is named as %v, which make test skips", unraced)
	}
}

// within tells whether a room is one of those that are named, or below one that ends in /... .
func within(room string, named []string) bool {
	return slices.ContainsFunc(named, func(name string) bool {
		top, deep := strings.CutSuffix(name, "/...")
		return room == top || deep && strings.HasPrefix(room, top+"/")
	})
}

// unracedTests asks make which whole tests it runs without the race detector, by their
// names, and in which rooms.
func unracedTests(t *testing.T) (names *regexp.Regexp, rooms []string) {
	t.Helper()
	asked := exec.CommandContext(t.Context(), "make", "-n", "test")
	asked.Dir = "../.."
	out, err := asked.Output()
	if err != nil {
		t.Fatal(err)
	}
	run := regexp.MustCompile(`(?m)^go test .*-run '(.+)' (.+)$`).FindSubmatch(out)
	if run == nil {
		t.Fatalf("make test runs nothing without the race detector:\n%s", out)
	}
	whole := slices.DeleteFunc(strings.Split(string(run[1]), "|"), func(name string) bool { return strings.Contains(name, "/") })
	for room := range strings.FieldsSeq(string(run[2])) {
		rooms = append(rooms, strings.TrimPrefix(room, "./"))
	}
	return regexp.MustCompile(strings.Join(whole, "|")), rooms
}
