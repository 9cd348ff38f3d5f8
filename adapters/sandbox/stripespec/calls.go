package stripespec

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Params are the parameters that a call or a part of one takes, by their names. Under
// the name "*" is what may have any name, as in metadata.
type Params map[string]*Param

// Param is one parameter.
type Param struct {
	List  bool   // it is given as name[0], name[1] ...
	Under Params // what it is made of: of each element, if it is a list
}

// Calls are the operations of the API version that a module of [Versions] describes,
// with their parameters, by method and path. A part of a path that stands for an id
// is {id}.
func Calls(t testing.TB, module string) map[string]Params {
	t.Helper()
	calls := map[string]Params{}
	for path, operations := range paths(t, module) {
		for method, o := range operations {
			calls[strings.ToUpper(method)+" "+anyID(path)] = o.params()
		}
	}
	return calls
}

// EventTypes are the events that an endpoint can have in the API version that a module of
// [Versions] describes, besides "*" for all.
func EventTypes(t testing.TB, module string) []string {
	t.Helper()
	var types []string
	for _, content := range paths(t, module)["/v1/webhook_endpoints"]["post"].RequestBody.Content {
		for _, kind := range content.Schema.Properties["enabled_events"].Items.Enum {
			if kind != "*" {
				types = append(types, kind)
			}
		}
	}
	return types
}

func paths(t testing.TB, module string) map[string]map[string]operation {
	t.Helper()
	dir, err := moduleDir("github.com/stripe/stripe-mock@" + module)
	if err != nil {
		t.Fatalf("Stripe's description in stripe-mock %s: %v", module, err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "embedded", "openapi", "spec3.json"))
	if err != nil {
		t.Fatal(err)
	}
	var described struct {
		Paths map[string]map[string]operation
	}
	if err := json.Unmarshal(raw, &described); err != nil {
		t.Fatalf("read the calls of stripe-mock %s: %v", module, err)
	}
	return described.Paths
}

// anyID names all ids of a path alike.
func anyID(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, "{") {
			parts[i] = "{id}"
		}
	}
	return strings.Join(parts, "/")
}

type operation struct {
	Parameters []struct {
		In, Name string
		Schema   paramSchema
	}
	RequestBody struct {
		Content map[string]struct{ Schema paramSchema }
	}
}

func (o operation) params() Params {
	all := Params{}
	for _, p := range o.Parameters {
		if p.In == "query" {
			p.Schema.addTo(all, p.Name)
		}
	}
	for _, content := range o.RequestBody.Content {
		content.Schema.addUnder(all)
	}
	return all
}

// paramSchema is as much of a schema as says which parameters there are.
type paramSchema struct {
	Type                 string
	Properties           map[string]paramSchema
	Items                *paramSchema
	AnyOf                []paramSchema
	Enum                 []string
	AdditionalProperties json.RawMessage
}

func (s paramSchema) addTo(all Params, name string) {
	if all[name] == nil {
		all[name] = &Param{}
	}
	s.fill(all[name])
}

func (s paramSchema) fill(p *Param) {
	for _, one := range s.AnyOf {
		one.fill(p)
	}
	under := s
	if s.Type == "array" && s.Items != nil {
		p.List, under = true, *s.Items
		for _, one := range under.AnyOf {
			one.fill(p)
		}
	}
	if p.Under == nil {
		p.Under = Params{}
	}
	under.addUnder(p.Under)
}

func (s paramSchema) addUnder(all Params) {
	for name, property := range s.Properties {
		property.addTo(all, name)
	}
	var none bool
	if len(s.AdditionalProperties) > 0 && (json.Unmarshal(s.AdditionalProperties, &none) != nil || none) {
		all["*"] = &Param{}
	}
}

// Names are all parameters as requests name them, those that others are made of
// included: "items", "items[0]", "items[0][price]".
func (p Params) Names() []string {
	var names []string
	for name, one := range p {
		names = append(names, one.names(name)...)
	}
	return names
}

func (p *Param) names(name string) []string {
	names := []string{name}
	if p.List {
		name += "[0]"
		names = append(names, name)
	}
	for under, one := range p.Under {
		names = append(names, one.names(name+"["+under+"]")...)
	}
	return names
}
