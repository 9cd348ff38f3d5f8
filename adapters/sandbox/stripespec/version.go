package stripespec

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// Versions names, of the API versions whose shapes differ, a stripe-mock module
// that embeds Stripe's description of one, the oldest first. Of the versions in
// between, and of endive, there is none.
var Versions = []struct{ API, Module string }{
	{"2023-10-16", "v0.183.0"},
	{"2024-04-10", "v0.185.0"},
	{"2024-09-30.acacia", "v0.190.0"},
	{"2025-05-28.basil", "v0.195.0"},
	{"2025-09-30.clover", "v0.197.0"},
	{"2026-08-26.dahlia", "v0.203.0"},
}

// Version is Stripe's description of one version of its API: the properties of its
// objects, and samples of them.
type Version struct {
	API     string
	schemas map[string]*schema
	samples map[string]json.RawMessage
	openAPI func() (openapi3.Schemas, error) // the schemas, for who checks JSON
}

// Describe reads the description in a stripe-mock module of [Versions]. The go
// command checks the module's sum.
func Describe(t testing.TB, module string) *Version {
	t.Helper()
	v, err := describe("github.com/stripe/stripe-mock@" + module)
	if err != nil {
		t.Fatalf("Stripe's description in stripe-mock %s: %v", module, err)
	}
	return v
}

func describe(module string) (*Version, error) {
	dir, err := moduleDir(module)
	if err != nil {
		return nil, err
	}
	read, _ := described.LoadOrStore(dir, sync.OnceValues(func() (*Version, error) { return readVersion(dir) }))
	return read.(func() (*Version, error))()
}

// described keeps what was read, by folder: each has eight megabytes.
var described sync.Map

func readVersion(dir string) (*Version, error) {
	v := &Version{}
	v.openAPI = sync.OnceValues(func() (openapi3.Schemas, error) { return openAPI(v.schemas) })
	if err := v.readDescription(filepath.Join(dir, "embedded", "openapi", "spec3.json")); err != nil {
		return nil, fmt.Errorf("read Stripe's OpenAPI description: %w", err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "embedded", "openapi", "fixtures3.json"))
	if err != nil {
		return nil, err
	}
	var fixtures struct{ Resources map[string]json.RawMessage }
	if err := json.Unmarshal(raw, &fixtures); err != nil {
		return nil, fmt.Errorf("read Stripe's samples: %w", err)
	}
	v.samples = fixtures.Resources
	return v, nil
}

// readDescription reads no further than it has to: the calls, which come last, are most
// of a description. A word that we do not know could be one that has to be checked: it
// is an error.
func (v *Version) readDescription(name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	d := json.NewDecoder(bufio.NewReaderSize(file, 1<<20))
	d.DisallowUnknownFields()
	if _, err := d.Token(); err != nil { // the opening brace
		return err
	}
	for v.API == "" || v.schemas == nil {
		part, err := d.Token()
		if err != nil {
			return err
		}
		var components struct {
			Schemas         map[string]*schema
			SecuritySchemes json.RawMessage
		}
		var info map[string]any
		var other json.RawMessage
		switch part {
		case "components":
			err = d.Decode(&components)
			v.schemas = components.Schemas
		case "info":
			err = d.Decode(&info)
			v.API, _ = info["version"].(string)
		default:
			err = d.Decode(&other)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Has tells whether the version has a kind of object.
func (v *Version) Has(kind string) bool { return v.schemas[kind] != nil }

// Sample is an object of the version, as Stripe's own sample shows it. Most of a
// sample is null: [Sample.Set] fills in what a test needs. Of a kind without a
// sample it is an object with its name and nothing else.
func (v *Version) Sample(t testing.TB, kind string) *Sample {
	t.Helper()
	s := &Sample{t: t, version: v, schema: v.schemas[kind], object: map[string]any{"object": kind}}
	if s.schema == nil {
		t.Fatalf("%s: no schema %q in Stripe's description", v.API, kind)
	}
	if raw := v.samples[kind]; raw != nil {
		if err := json.Unmarshal(raw, &s.object); err != nil {
			t.Fatalf("%s: sample of %s: %v", v.API, kind, err)
		}
	}
	return s
}
