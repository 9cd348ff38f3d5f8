// Package stripespec checks against Stripe's own description of its API: JSON
// against the OpenAPI schemas, and requests against the stripe-mock program.
// Both come from the stripe-mock module that tools/go.mod pins, which embeds
// API version 2023-10-16; other versions of the module have the shapes of other
// API versions. It is for tests; nothing here is skipped when a module is
// missing, the test fails instead.
//
// Where to look first: Validate and StartMock; Describe for the other versions.
package stripespec

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// Validate fails the test unless data is what Stripe describes as schema, such
// as "checkout.session", "error" or "list of customer". Properties that the
// schema does not know are an error too: they are misspelt or of another
// version.
func Validate(t testing.TB, schema string, data []byte) {
	t.Helper()
	if err := Check(schema, data); err != nil {
		t.Errorf("not a %s of Stripe's API: %v", schema, err)
	}
}

// ValidateIn is Validate against the description of another API version, one of
// [Versions].
func ValidateIn(t testing.TB, api, schema string, data []byte) {
	t.Helper()
	if err := CheckIn(api, schema, data); err != nil {
		t.Errorf("not a %s of Stripe's API %s: %v", schema, api, err)
	}
}

// Check is Validate for callers that handle the error themselves. An element
// of a "list of ..." is checked against that schema.
func Check(schema string, data []byte) error {
	return checkWith("github.com/stripe/stripe-mock", schema, data)
}

// CheckIn is ValidateIn for callers that handle the error themselves.
func CheckIn(api, schema string, data []byte) error {
	for _, v := range Versions {
		if v.API == api {
			return checkWith("github.com/stripe/stripe-mock@"+v.Module, schema, data)
		}
	}
	return fmt.Errorf("no description of API version %s", api)
}

func checkWith(module, schema string, data []byte) error {
	version, err := describe(module)
	if err != nil {
		return err
	}
	schemas, err := version.openAPI()
	if err != nil {
		return err
	}
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		return fmt.Errorf("read JSON: %w", err)
	}
	element, isList := strings.CutPrefix(schema, "list of ")
	if !isList {
		return check(schemas, schema, v)
	}
	list, _ := v.(map[string]any)
	elements, ok := list["data"].([]any)
	_, hasMore := list["has_more"].(bool)
	_, hasURL := list["url"].(string)
	if !ok || !hasMore || !hasURL || list["object"] != "list" || len(list) != 4 {
		return fmt.Errorf("a list has object, data, has_more and url")
	}
	for i, e := range elements {
		if err := check(schemas, element, e); err != nil {
			return fmt.Errorf("data[%d]: %w", i, err)
		}
	}
	return nil
}

func check(schemas openapi3.Schemas, schema string, v any) error {
	ref := schemas[schema]
	if ref == nil {
		return fmt.Errorf("no schema %q in Stripe's description", schema)
	}
	return ref.Value.VisitJSON(v, openapi3.MultiErrors(), openapi3.DisableSchemaErrorDetails())
}

// moduleDirs keeps where modules lie: the go command takes its time to say so.
var moduleDirs sync.Map

// moduleDir is where a module lies, such as the pinned stripe-mock or another
// version of it; it is downloaded if it is not there yet.
func moduleDir(module string) (string, error) {
	find, _ := moduleDirs.LoadOrStore(module, sync.OnceValues(func() (string, error) { return findModule(module) }))
	return find.(func() (string, error))()
}

func findModule(module string) (string, error) {
	out, err := inTools("mod", "download", "-json", module)
	if err != nil {
		return "", err
	}
	var found struct{ Dir, Error string }
	if err := json.Unmarshal(out, &found); err != nil {
		return "", fmt.Errorf("find %s: %w", module, err)
	}
	if found.Error != "" || found.Dir == "" {
		return "", fmt.Errorf("find %s: %s", module, found.Error)
	}
	return found.Dir, nil
}

// inTools runs go in the folder of tools/go.mod.
func inTools(args ...string) ([]byte, error) {
	gomod, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOMOD: %w", err)
	}
	tools := filepath.Join(filepath.Dir(strings.TrimSpace(string(gomod))), "tools")
	if _, err := os.Stat(filepath.Join(tools, "go.mod")); err != nil {
		return nil, fmt.Errorf("stripe-mock is pinned in tools/go.mod: %w", err)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = tools
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s (the first run needs the module proxy): %w\n%s%s", strings.Join(args, " "), err, stderr.String(), out)
	}
	return out, nil
}
