package stripespec

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// schema is one of Stripe's description, with all the words that Stripe uses there. The
// library would read them too, each part of them again at every level that it lies
// within: that takes longer than all the tests that ask.
type schema struct {
	Ref                  string             `json:"$ref"`
	Type                 string             `json:"type"`
	Format               string             `json:"format"`
	Enum                 []any              `json:"enum"`
	Nullable             bool               `json:"nullable"`
	MaxLength            *uint64            `json:"maxLength"`
	Pattern              string             `json:"pattern"`
	Properties           map[string]*schema `json:"properties"`
	Required             []string           `json:"required"`
	AdditionalProperties json.RawMessage    `json:"additionalProperties"` // true, or a schema
	Items                *schema            `json:"items"`
	AnyOf                []*schema          `json:"anyOf"`

	// What checks nothing.
	Title           passed `json:"title"`
	Description     passed `json:"description"`
	ExpandableField passed `json:"x-expandableFields"`
	Expansion       passed `json:"x-expansionResources"`
	ResourceID      passed `json:"x-resourceId"`
	Bypass          passed `json:"x-stripeBypassValidation"`
}

// passed is passed over.
type passed struct{}

func (*passed) UnmarshalJSON([]byte) error { return nil }

// named is the name of the schema that a reference leads to, if it is one.
func (s *schema) named() (string, bool) { return strings.CutPrefix(s.Ref, "#/components/schemas/") }

// openAPI makes schemas those of the library, which checks by them.
func openAPI(of map[string]*schema) (openapi3.Schemas, error) {
	all := openapi3.Schemas{}
	for name := range of { // first, as they refer to one another
		all[name] = &openapi3.SchemaRef{Value: &openapi3.Schema{}}
	}
	for name, s := range of {
		made, err := s.openAPI(all)
		if err == nil && s.Ref != "" {
			err = fmt.Errorf("it is only another name of %q", s.Ref)
		}
		if err != nil {
			return nil, fmt.Errorf("schema %q of Stripe's description: %w", name, err)
		}
		*all[name].Value = *made.Value
	}
	return all, nil
}

func (s *schema) openAPI(all openapi3.Schemas) (*openapi3.SchemaRef, error) {
	if s.Ref != "" {
		name, _ := s.named()
		if all[name] == nil {
			return nil, fmt.Errorf("nothing is at %q", s.Ref)
		}
		return all[name], nil
	}
	made := &openapi3.Schema{
		Format: s.Format, Enum: s.Enum, Nullable: s.Nullable, MaxLength: s.MaxLength, Pattern: s.Pattern, Required: s.Required,
	}
	if s.Type != "" {
		made.Type = &openapi3.Types{s.Type}
	}
	var err error
	for name, property := range s.Properties {
		if made.Properties == nil {
			made.Properties = openapi3.Schemas{}
		}
		if made.Properties[name], err = property.openAPI(all); err != nil {
			return nil, err
		}
	}
	for _, branch := range s.AnyOf {
		one, err := branch.openAPI(all)
		if err != nil {
			return nil, err
		}
		made.AnyOf = append(made.AnyOf, one)
	}
	if s.Items != nil {
		if made.Items, err = s.Items.openAPI(all); err != nil {
			return nil, err
		}
	}
	made.AdditionalProperties, err = s.others(all)
	return &openapi3.SchemaRef{Value: made}, err
}

// others tells which properties there may be beside those that are named: Stripe leaves
// that open, and a misspelt name would pass. So there are none, if any is named.
func (s *schema) others(all openapi3.Schemas) (openapi3.AdditionalProperties, error) {
	if s.AdditionalProperties == nil {
		if len(s.Properties) == 0 {
			return openapi3.AdditionalProperties{}, nil
		}
		return openapi3.AdditionalProperties{Has: new(bool)}, nil
	}
	var any bool
	if json.Unmarshal(s.AdditionalProperties, &any) == nil {
		return openapi3.AdditionalProperties{Has: &any}, nil
	}
	var like schema
	if err := json.Unmarshal(s.AdditionalProperties, &like); err != nil {
		return openapi3.AdditionalProperties{}, err
	}
	made, err := like.openAPI(all)
	return openapi3.AdditionalProperties{Schema: made}, err
}
