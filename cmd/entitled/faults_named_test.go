package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// docs/faults.md says which test or benchmark shows that a fault is survived: there is each of them.
func TestFaults_AreShownByTestsThatThereAre(t *testing.T) {
	t.Parallel()
	const root = "../.."
	there := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := os.ReadFile(path)
		for _, name := range declared.FindAllSubmatch(file, -1) {
			there[string(name[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "docs", "faults.md"))
	if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile("`((?:Test|Fuzz|Benchmark)\\w+)`")
	for line := range strings.Lines(string(text)) {
		names := shown.FindAllStringSubmatch(line, -1)
		if strings.HasPrefix(line, "|") && len(names) == 0 && !strings.HasPrefix(line, "| fault") && !strings.HasPrefix(line, "|---") {
			t.Errorf("nothing shows %s", line)
		}
		for _, name := range names {
			if !there[name[1]] {
				t.Errorf("there is no %s, of which is said: %s", name[1], line)
			}
		}
	}
}
