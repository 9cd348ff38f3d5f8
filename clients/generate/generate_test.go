package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

func TestGenerate_TypesAreUpToDate(t *testing.T) {
	t.Parallel()
	types, err := readTypes(documentFile)
	if err != nil {
		t.Fatal(err)
	}
	source, err := goSource(types)
	if err != nil {
		t.Fatal(err)
	}
	for file, fresh := range map[string][]byte{goFile: source, tsFile: tsSource(types)} {
		if !bytes.Equal(mustRead(t, file), fresh) {
			t.Errorf("openapi.yaml has changed since %s was made: run go generate ./clients/...", file)
		}
	}
}

// Ensure that no operation is forgotten: both clients have it, or it is said why not.
func TestGenerate_EveryOperationIsCoveredOrLeftOut(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromFile(documentFile)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for _, operation := range item.Operations() {
			id := operation.OperationID
			known[id] = true
			if covered[id] == (leftOut[id] != "") {
				t.Errorf("%s (%s): give both clients a verb for it, or say in leftOut why they have none", id, path)
			}
			if covered[id] {
				for _, client := range []string{"../go/*.go", "../ts/src/*.ts"} {
					if !calls(t, client, path) {
						t.Errorf("%s calls %s nowhere, which is covered", client, path)
					}
				}
			}
		}
	}
	for id := range covered {
		if !known[id] {
			t.Errorf("%s is covered, and not in the document", id)
		}
	}
	for id := range leftOut {
		if !known[id] {
			t.Errorf("%s is left out, and not in the document", id)
		}
	}
}

// Ensure that nothing is said about a schema that is gone.
func TestReadTypes_HasWhateverSomethingIsSaidAbout(t *testing.T) {
	t.Parallel()
	types, err := readTypes(documentFile)
	if err != nil {
		t.Fatal(err)
	}
	for name := range about {
		if !slices.ContainsFunc(types, func(one typ) bool { return one.name == name }) {
			t.Errorf("about says what %s is, which no covered operation takes or answers", name)
		}
	}
}

// calls tells whether sources have the constant parts of a path, one after the other as the
// clients write them: "api", "orders", id, "sync".
func calls(t *testing.T, pattern, path string) bool {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", pattern, len(files), err)
	}
	var written []string
	for part := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if strings.HasPrefix(part, "{") {
			part = strings.Trim(part, "{}")
		} else {
			part = `"` + part + `"`
		}
		written = append(written, part)
	}
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") && strings.Contains(string(mustRead(t, file)), strings.Join(written, ", ")) {
			return true
		}
	}
	return false
}

// A new sort of schema has to be taught, and must not come out as something else.
func TestReadTypes_RefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "openapi.json")
	document := `{"openapi":"3.0.3","info":{"title":"t","version":"1"},"paths":{"/api/plans":{"get":{"operationId":"listPlans","responses":{"200":{
		"description":"","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Plans"}}}}}}}},
		"components":{"schemas":{"Plans":{"type":"object","properties":{"plans":{"type":"number"}}}}}}`
	if err := os.WriteFile(file, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	if types, err := readTypes(file); err == nil || !strings.Contains(err.Error(), "number") {
		t.Errorf("got %v, %v", types, err)
	}
}

func mustRead(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
