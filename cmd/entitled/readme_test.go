//go:build !nodev

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Ensure that whoever copies the catalog of README.md can run it, in the sandbox too.
func TestReadme_ItsCatalogRunsInDev(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(text), "```yaml\n")
	example, _, closed := strings.Cut(after, "```")
	if !found || !closed {
		t.Fatal("README.md has no catalog")
	}
	file := filepath.Join(t.TempDir(), "catalog.yaml")
	if err := os.WriteFile(file, []byte(example), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := devCommand{Catalog: file}.catalog()
	if err != nil || len(got.Catalog.Plans) != 2 || len(got.Sandbox) != 3 {
		t.Errorf("got %v, and it sells %d plans", err, len(got.Catalog.Plans))
	}
}
