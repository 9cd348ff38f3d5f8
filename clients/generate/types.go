package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// typ is a named type of the clients: an object with fields, or a string with values.
type typ struct {
	name    string
	doc     string // a sentence that goes on after the name
	request bool   // clients write it, and do not read it
	fields  []field
	values  []string
}

// field is one of an object's.
type field struct {
	name     string // in JSON
	doc      string
	kind     kind
	optional bool
	nullable bool
}

// kind is what a field holds.
type kind struct {
	basic   string   // string, int64, bool, time, value, or empty
	named   string   // the name of a type
	enum    bool     // which is a string
	values  []string // of a string that is not named
	list    *kind
	mapping *kind
}

// readTypes reads what the covered operations take and answer, sorted by name.
func readTypes(file string) ([]typ, error) {
	doc, err := openapi3.NewLoader().LoadFromFile(file)
	if err != nil {
		return nil, err
	}
	r := &reader{schemas: doc.Components.Schemas, types: map[string]typ{}}
	for _, item := range doc.Paths.Map() {
		for _, operation := range item.Operations() {
			if covered[operation.OperationID] {
				r.operation(operation)
			}
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	return slices.SortedFunc(maps.Values(r.types), func(a, b typ) int { return strings.Compare(a.name, b.name) }), nil
}

// reader follows schemas from the operations on.
type reader struct {
	schemas openapi3.Schemas
	types   map[string]typ
	err     error
}

func (r *reader) operation(operation *openapi3.Operation) {
	if body := operation.RequestBody; body != nil {
		r.named(body.Value.Content.Get("application/json").Schema, true)
	}
	for _, status := range []int{http.StatusOK, http.StatusCreated} {
		if response := operation.Responses.Status(status); response != nil {
			r.named(response.Value.Content.Get("application/json").Schema, false)
		}
	}
}

// named reads the schema that a reference names, and says what the type is called.
func (r *reader) named(ref *openapi3.SchemaRef, request bool) string {
	name := strings.TrimPrefix(ref.Ref, "#/components/schemas/")
	if plain := strings.TrimPrefix(name, "Nullable"); plain != name { // which the field says
		if of := r.schemas[plain]; of != nil {
			return r.named(openapi3.NewSchemaRef("#/components/schemas/"+plain, of.Value), request)
		}
		name = plain
	}
	if _, known := r.types[name]; known || name == "" {
		return name
	}
	schema := ref.Value
	t := typ{name: name, request: request, doc: schema.Description}
	if says := about[name]; says != "" {
		t.doc = says
	}
	if t.doc == "" {
		r.fail("schema %s has no description: write one into openapi.yaml, or into about", name)
	}
	r.types[name] = t // before its fields, which may lead back to it
	if schema.Type.Is("string") {
		t.values = texts(schema.Enum)
	}
	for _, property := range inOrder(schema) {
		if f := r.field(schema, property, request); !request || f.name != "user_id" { // which clients fill in
			t.fields = append(t.fields, f)
		}
	}
	r.types[name] = t
	return name
}

// inOrder are the properties as the document requires them, and then the others by name.
func inOrder(schema *openapi3.Schema) []string {
	var others []string
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		if !slices.Contains(schema.Required, name) {
			others = append(others, name)
		}
	}
	return append(slices.Clone(schema.Required), others...)
}

func (r *reader) field(of *openapi3.Schema, name string, request bool) field {
	property := of.Properties[name]
	return field{
		name: name, doc: property.Value.Description, kind: r.kind(property, request),
		optional: !slices.Contains(of.Required, name), nullable: property.Value.Nullable,
	}
}

func (r *reader) kind(ref *openapi3.SchemaRef, request bool) kind {
	schema := ref.Value
	if isValue(schema) {
		return kind{basic: "value"}
	}
	if ref.Ref != "" && (schema.Type.Is("object") || len(schema.Enum) > 0 || len(schema.AllOf) > 0) {
		return kind{named: r.named(ref, request), enum: len(schema.Enum) > 0}
	}
	if len(schema.AllOf) == 1 {
		return r.kind(schema.AllOf[0], request)
	}
	switch {
	case schema.Type.Is("array"):
		items := r.kind(schema.Items, request)
		return kind{list: &items}
	case schema.Type.Is("object") && schema.AdditionalProperties.Schema != nil:
		values := r.kind(schema.AdditionalProperties.Schema, request)
		return kind{mapping: &values}
	case schema.Type.Is("string") && schema.Format == "date-time":
		return kind{basic: "time"}
	case schema.Type.Is("string"):
		return r.text(schema)
	case schema.Type.Is("integer"):
		return kind{basic: "int64"}
	case schema.Type.Is("boolean"):
		return kind{basic: "bool"}
	}
	r.fail("a schema of type %v is not known here: teach clients/generate about it", schema.Type)
	return kind{}
}

// text is a string. If a named type has the very values of it, it is of that.
func (r *reader) text(schema *openapi3.Schema) kind {
	values := texts(schema.Enum)
	for _, name := range slices.Sorted(maps.Keys(r.schemas)) {
		other := r.schemas[name].Value
		if len(values) > 0 && slices.Equal(values, texts(other.Enum)) && !strings.HasPrefix(name, "Nullable") {
			return kind{named: r.named(openapi3.NewSchemaRef("#/components/schemas/"+name, other), false), enum: true}
		}
	}
	return kind{basic: "string", values: values}
}

// isValue tells how much of a feature somebody has: something else for each of its types.
func isValue(schema *openapi3.Schema) bool { return len(schema.OneOf) > 0 }

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

// texts are the values of an enum, but for null.
func texts(enum []any) []string {
	var all []string
	for _, value := range enum {
		if text, is := value.(string); is {
			all = append(all, text)
		}
	}
	return all
}
