package catalog

import (
	"bytes"
	_ "embed" // for the demo and the schema
	"fmt"
	"io"
	"os"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// maxSize is far above any catalog that a person writes.
const maxSize = 256 << 10

// File is what a catalog file says.
type File struct {
	Catalog domain.Catalog

	// Sandbox are the prices that the sandbox is to have, in the file's order. In
	// production they say nothing: there a price is what Stripe says.
	Sandbox []SandboxPrice
}

// SandboxPrice is a price to seed the sandbox with, found there by its ID or its
// LookupKey like the real one.
type SandboxPrice struct {
	Plan          domain.PlanKey
	Price         domain.PriceKey
	Name          string // the plan's
	LookupKey     string
	ID            domain.PriceID
	Amount        int64  // minor currency units
	Currency      string // ISO 4217, lower case
	Interval      string // day, week, month, year; empty: one-time
	IntervalCount int64  // 0: one-time
	// What a quantity costs in tiers, instead of an amount for each.
	TiersMode string // graduated or volume; empty: there are none
	Tiers     []ports.Tier
	Options   map[string]SandboxOption // by further currencies
}

// SandboxOption is what a price costs in a further currency.
type SandboxOption struct {
	Amount int64
	Tiers  []ports.Tier
}

//go:embed demo.yaml
var demo []byte

//go:embed catalog.schema.json
var schema []byte

// Demo is the catalog of `entitled dev`, as a file. It needs nothing from the
// environment.
func Demo() []byte { return bytes.Clone(demo) }

// Schema is the JSON Schema of the file.
func Schema() []byte { return bytes.Clone(schema) }

// Load reads the catalog file at path. See [Parse].
func Load(path string, getenv func(string) string) (File, error) {
	f, err := os.Open(path)
	if err != nil {
		return File{}, fmt.Errorf("open the catalog: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return File{}, fmt.Errorf("read the catalog: %w", err)
	}
	return Parse(path, data, getenv)
}

// Parse reads a catalog; name is what its problems call the file. A price that is
// given by the name of an environment variable is looked up with getenv.
//
// An error of a file that could be read is [Problems].
func Parse(name string, data []byte, getenv func(string) string) (File, error) {
	r := &reader{
		file: name, getenv: getenv, prices: map[string]string{}, former: map[domain.PlanKey]formerKey{},
		includes: map[domain.PlanKey]inclusion{}, bases: map[domain.PlanKey][]entry{},
	}
	var got File
	if len(data) > maxSize {
		r.failAt(1, 1, "the file is larger than %d bytes, which no catalog needs", maxSize)
	} else if root, ok := r.document(data); ok {
		got = r.catalog(root)
	}
	if len(r.problems) > 0 {
		return File{}, r.sorted()
	}
	return got, nil
}

// catalogDraft is the file while it is read.
type catalogDraft struct {
	features map[domain.FeatureKey]domain.Feature
	file     File
}

// rootFields are the fields of the file itself. Features come before plans here,
// wherever they stand in the file: grants are checked against them. What is ignored
// comes after: it is checked against the prices of plans.
var rootFields = fields[catalogDraft]{
	{"features", readFeatures},
	{"plans", readPlans},
	{"ignored", readIgnored},
	{"announce_ends", readAnnounceEnds},
}

func (r *reader) catalog(root value) File {
	draft := catalogDraft{features: map[domain.FeatureKey]domain.Feature{}}
	draft.file.Catalog.Plans = map[domain.PlanKey]domain.Plan{}
	seen := readFields(r, root, "the catalog", "features: {...} and plans: {...}", rootFields, &draft)
	if seen != nil && !seen.has("plans") {
		r.fail(root, "the catalog has no plans: add plans: with at least one")
	}
	draft.file.Catalog.Features = draft.features
	return draft.file
}
