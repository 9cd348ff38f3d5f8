package stripespec

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Sample is an object in the shape of one API version.
type Sample struct {
	t       testing.TB
	version *Version
	schema  *schema
	object  map[string]any
}

// Set puts a value at a place such as "items.data.0.price.id", and fails the test
// if the version has no such place or does not allow the value there: a test can
// only make what Stripe could send.
func (s *Sample) Set(place string, value any) {
	s.t.Helper()
	if err := s.set(place, value); err != nil {
		s.t.Fatalf("%s: %s of %v: %v", s.version.API, place, s.object["object"], err)
	}
}

// Lacks fails the test if the version has the property, at the top of the object.
func (s *Sample) Lacks(property string) {
	s.t.Helper()
	if s.version.step([]*schema{s.schema}, property) != nil {
		s.t.Fatalf("%s: %v has %s", s.version.API, s.object["object"], property)
	}
}

// JSON is the object as Stripe would write it.
func (s *Sample) JSON() []byte {
	s.t.Helper()
	raw, err := json.Marshal(s.object)
	if err != nil {
		s.t.Fatal(err)
	}
	return raw
}

// Allows tells whether the version has a place and takes the value there.
func (s *Sample) Allows(place string, value any) bool { return s.check(place, value) == nil }

func (s *Sample) set(place string, value any) error {
	if err := s.check(place, value); err != nil {
		return err
	}
	_, err := put(s.object, strings.Split(place, "."), value)
	return err
}

func (s *Sample) check(place string, value any) error {
	steps := strings.Split(place, ".")
	schemas := []*schema{s.schema}
	for i, step := range steps {
		if schemas = s.version.step(schemas, step); schemas == nil {
			return fmt.Errorf("there is no %s", strings.Join(steps[:i+1], "."))
		}
	}
	if !slices.ContainsFunc(s.version.branches(schemas), func(b *schema) bool { return b.allows(value) }) {
		return fmt.Errorf("it cannot be %v", value)
	}
	return nil
}

// put returns what is at hand with the value put where the steps lead, and makes
// what is missing on the way.
func put(at any, steps []string, value any) (any, error) {
	if len(steps) == 0 {
		return value, nil
	}
	if n, err := strconv.Atoi(steps[0]); err == nil {
		list, _ := at.([]any)
		if n > len(list) {
			return nil, fmt.Errorf("there is no element before %d", n)
		}
		if n == len(list) {
			list = append(list, nil)
		}
		list[n], err = put(list[n], steps[1:], value)
		return list, err
	}
	object, is := at.(map[string]any)
	if !is {
		object = map[string]any{}
	}
	var err error
	object[steps[0]], err = put(object[steps[0]], steps[1:], value)
	return object, err
}

// branches are the schemas that a value may follow, references resolved.
func (v *Version) branches(of []*schema) []*schema {
	var all []*schema
	for _, s := range of {
		if name, isRef := s.named(); isRef {
			s = v.schemas[name]
		}
		all = append(all, s)
		all = append(all, v.branches(s.AnyOf)...)
	}
	return all
}

// step is what schemas have under a property, or under the number of an element.
func (v *Version) step(from []*schema, name string) []*schema {
	var found []*schema
	_, notNumber := strconv.Atoi(name)
	for _, s := range v.branches(from) {
		switch {
		case notNumber == nil && s.Items != nil:
			found = append(found, s.Items)
		case notNumber != nil && s.Properties[name] != nil:
			found = append(found, s.Properties[name])
		}
	}
	return found
}

func (s *schema) allows(value any) bool {
	if len(s.Enum) > 0 && value != nil {
		return slices.Contains(s.Enum, value)
	}
	switch value.(type) {
	case nil:
		return s.Nullable
	case string:
		return s.Type == "string"
	case bool:
		return s.Type == "boolean"
	case int, int64:
		return s.Type == "integer"
	case map[string]any:
		return s.Type == "object"
	case []any:
		return s.Type == "array"
	default:
		return false
	}
}
