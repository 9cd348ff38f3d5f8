package stripespec

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Enum is the closed set of words that the newest of [Versions] allows at a place, such
// as "subscription status" of an object, or "POST /v1/subscriptions/{id} params
// payment_behavior" of a call; sorted.
func Enum(t testing.TB, place string) []string {
	t.Helper()
	spec, err := newest()
	if err != nil {
		t.Fatal(err)
	}
	var at any
	var steps []string
	if call, parameter, is := strings.Cut(place, " params "); is {
		method, path, _ := strings.Cut(call, " ")
		at = member(spec, "paths", path, strings.ToLower(method), "requestBody", "content", "application/x-www-form-urlencoded", "schema")
		steps = strings.Split(parameter, ".")
	} else {
		schema, property, _ := strings.Cut(place, " ")
		at = member(spec, "components", "schemas", schema)
		steps = strings.Split(property, ".")
	}
	for _, step := range steps {
		at = member(resolve(spec, at), "properties", step)
	}
	var words []string
	list, _ := member(resolve(spec, at), "enum").([]any)
	for _, word := range list {
		if text, is := word.(string); is && text != "" {
			words = append(words, text)
		}
	}
	if len(words) == 0 {
		t.Fatalf("Stripe's description has no closed set at %q", place)
	}
	slices.Sort(words)
	return words
}

// newest is all of the newest description, calls too.
var newest = sync.OnceValues(func() (spec any, err error) {
	dir, err := moduleDir("github.com/stripe/stripe-mock@" + Versions[len(Versions)-1].Module)
	if err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(filepath.Join(dir, "embedded", "openapi", "spec3.json"))
	if err != nil {
		return nil, err
	}
	return spec, json.Unmarshal(raw, &spec)
})

func member(at any, keys ...string) any {
	for _, key := range keys {
		object, _ := at.(map[string]any)
		at = object[key]
	}
	return at
}

// resolve follows references, and takes the first of several shapes.
func resolve(spec, at any) any {
	for {
		if ref, is := member(at, "$ref").(string); is {
			at = member(spec, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
		} else if any, is := member(at, "anyOf").([]any); is && member(at, "enum") == nil {
			at = any[0]
		} else {
			return at
		}
	}
}
