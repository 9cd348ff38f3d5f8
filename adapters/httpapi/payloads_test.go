package httpapi

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// describedBodies are the schemas of the bodies that the document describes, but for
// Stripe's.
func describedBodies(t testing.TB) map[routeKey]*openapi3.Operation {
	t.Helper()
	found := map[routeKey]*openapi3.Operation{}
	for path, item := range readDocument(t).Paths.Map() {
		for method, operation := range item.Operations() {
			if operation.RequestBody != nil && path != webhookPath {
				found[routeKey{method, echoPath(path)}] = operation
			}
		}
	}
	return found
}

func bodySchema(operation *openapi3.Operation) *openapi3.Schema {
	return operation.RequestBody.Value.Content.Get("application/json").Schema.Value
}

// schema is the payload as the document says it.
func (p payload) schema() map[string]any {
	properties := map[string]any{}
	var required []any
	for _, name := range slices.Sorted(maps.Keys(p.members)) {
		if properties[name] = p.members[name].schema(); p.members[name].required {
			required = append(required, name)
		}
	}
	schema := map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
	if required != nil {
		schema["required"] = required
	}
	return schema
}

func (m member) schema() map[string]any {
	bounds := func(schema map[string]any, least, most string) map[string]any {
		if m.least != 0 {
			schema[least] = float64(m.least)
		}
		if m.most != 0 {
			schema[most] = float64(m.most)
		}
		return schema
	}
	switch m.kind {
	case kindNumber:
		return bounds(map[string]any{"type": "integer", "format": "int64", "minimum": float64(0)}, "minimum", "maximum")
	case kindTime:
		return map[string]any{"type": "string", "format": "date-time"}
	case kindBoolean:
		return map[string]any{"type": "boolean"}
	case kindValue:
		return map[string]any{"oneOf": []any{
			map[string]any{"type": "boolean", "enum": []any{true}},
			map[string]any{"type": "integer", "format": "int64", "minimum": 0.0, "maximum": float64(mostValue)},
			map[string]any{"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,63}$"},
		}}
	case kindIDs:
		items := map[string]any{"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,255}$"}
		return bounds(map[string]any{"type": "array", "items": items}, "minItems", "maxItems")
	default:
		schema := bounds(map[string]any{"type": "string"}, "minLength", "maxLength")
		if m.words != nil {
			schema["enum"] = anyOf(m.words)
		}
		return schema
	}
}

// plainSchema is a schema of the document without what is for readers alone.
func plainSchema(t *testing.T, schema *openapi3.Schema) map[string]any {
	t.Helper()
	text, err := json.Marshal(schema)
	if err != nil {
		t.Fatal(err)
	}
	var plain map[string]any
	if err := json.Unmarshal(text, &plain); err != nil {
		t.Fatal(err)
	}
	delete(plain, "description")
	delete(plain, "example")
	properties, _ := plain["properties"].(map[string]any)
	for name, property := range schema.Properties {
		properties[name] = plainSchema(t, property.Value)
	}
	return plain
}

func TestPayloads_AreThoseOfTheDocument(t *testing.T) {
	t.Parallel()
	described := describedBodies(t)
	for key := range payloads {
		if described[key] == nil {
			t.Errorf("%v has a payload, and in the document no body", key)
		}
	}
	for key, operation := range described {
		p, known := payloads[key]
		if !known {
			t.Errorf("%v has a body in the document, and no payload", key)
			continue
		}
		if diff := cmp.Diff(plainSchema(t, bodySchema(operation)), p.schema()); diff != "" {
			t.Errorf("%v (-document +payload):\n%s", key, diff)
		}
		if p.optional == operation.RequestBody.Value.Required {
			t.Errorf("%v: optional is %t, and the document says otherwise", key, p.optional)
		}
		if example := documentExample(t, operation); p.example != example {
			t.Errorf("%v: the example is %s, in the document %s", key, p.example, example)
		}
	}
}

// documentExample is the first one of a body that the document has.
func documentExample(t *testing.T, operation *openapi3.Operation) string {
	t.Helper()
	example := bodySchema(operation).Example
	examples := operation.RequestBody.Value.Content.Get("application/json").Examples
	if names := slices.Sorted(maps.Keys(examples)); len(names) > 0 {
		example = examples[names[0]].Value.Value
	}
	text, err := json.Marshal(example)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Ensure that a body is taken exactly if the document allows it. (Its validator counts in
// float64, so no number is where that is not exact.)
func TestPayloads_TakeWhatTheDocumentAllows(t *testing.T) {
	t.Parallel()
	described := describedBodies(t)
	values := []string{
		`null`, `true`, `false`, `""`, `"x"`, `"unlimited"`, `"failed"`, `"Failed"`, `[]`, `{}`, `["evt_1"]`, `["evt_1",2]`, `["a b"]`, `[""]`, `["evt-1._Z"]`, `["é"]`, `[` + text(255, "x") + `]`,
		`0`, `1`, `-1`, `1.0`, `1.5`, `2e3`, `9007199254740992`, `9007199254740994`, `9223372036854775807`, `99999999999999999999`, `1e400`,
		`"2027-01-31T12:00:00Z"`, `"2027-01-31T12:00:00.5+02:00"`, `"2027-01-31"`, `"2027-01-31T12:00:00"`, `"2027-13-31T12:00:00Z"`, `" 2027-01-31T12:00:00Z"`,
		text(35, "x"), text(36, "x"), text(255, "é"), text(256, "é"), text(1000, "x"), text(1001, "x"), text(5000, "日"), text(5001, "日"),
		`[` + strings.Repeat(`"evt_1",`, 99) + `"evt_1"]`, `[` + strings.Repeat(`"evt_1",`, 100) + `"evt_1"]`, `[` + text(256, "x") + `]`,
	}
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SampledFrom(slices.SortedFunc(maps.Keys(payloads), func(a, b routeKey) int { return strings.Compare(a.path, b.path) })).Draw(t, "route")
		p := payloads[key]
		names := append(slices.Sorted(maps.Keys(p.members)), "amount", "USER_ID")
		var members []string
		for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 3, rapid.ID).Draw(t, "names") {
			members = append(members, `"`+name+`":`+rapid.SampledFrom(values).Draw(t, name))
		}
		for name, m := range p.members { // or hardly any body would be complete
			if m.required && rapid.Bool().Draw(t, "with "+name) && !strings.Contains(strings.Join(members, ""), `"`+name+`":`) {
				members = append(members, `"`+name+`":"x"`)
			}
		}
		body := plainNumbers([]byte("{" + strings.Join(members, ",") + "}"))
		ours, is := readObject(body)
		if !is {
			t.Fatalf("%s is an object", body)
		}
		err := bodySchema(described[key]).VisitJSON(ours, openapi3.VisitAsRequest(), openapi3.EnableFormatValidation())
		if fault := p.fault(ours); (fault == "") != (err == nil) {
			t.Errorf("%v %.300s: the fault is %q, and the document's %v", key, body, fault, err)
		}
	})
}

// text is a JSON string of so many characters.
func text(length int, of string) string { return `"` + strings.Repeat(of, length) + `"` }
