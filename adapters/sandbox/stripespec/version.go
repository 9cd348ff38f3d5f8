package stripespec

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
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
}

// Describe reads the description in a stripe-mock module of [Versions]. The go
// command checks the module's sum.
func Describe(t testing.TB, module string) *Version {
	t.Helper()
	v, err := describe(module)
	if err != nil {
		t.Fatalf("Stripe's description in stripe-mock %s: %v", module, err)
	}
	return v
}

// described keeps what was read, by module: each has eight megabytes.
var described sync.Map

func describe(module string) (*Version, error) {
	read, _ := described.LoadOrStore(module, sync.OnceValues(func() (*Version, error) { return readVersion(module) }))
	return read.(func() (*Version, error))()
}

func readVersion(module string) (*Version, error) {
	dir, err := moduleDir("github.com/stripe/stripe-mock@" + module)
	if err != nil {
		return nil, err
	}
	var spec struct {
		Info       struct{ Version string }
		Components struct{ Schemas map[string]*schema }
	}
	var fixtures struct{ Resources map[string]json.RawMessage }
	for name, into := range map[string]any{"spec3.json": &spec, "fixtures3.json": &fixtures} {
		raw, err := os.ReadFile(filepath.Join(dir, "embedded", "openapi", name))
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(raw, into); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
	}
	return &Version{spec.Info.Version, spec.Components.Schemas, fixtures.Resources}, nil
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
