package catalog

import (
	"errors"
	"fmt"
	"strings"

	"github.com/entitled-dev/entitled/domain"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// reader collects the problems of a file while it is read.
type reader struct {
	file     string
	getenv   func(string) string
	problems Problems
	prices   map[string]string // where each Stripe price is used, to tell two uses
	former   map[domain.PlanKey]formerKey
	includes map[domain.PlanKey]inclusion // of plans whose grants are not whole yet
	bases    map[domain.PlanKey][]entry   // of add-ons: the plans that they name
}

// value is a node of the file and where it stands.
type value struct {
	node         ast.Node // nil: an empty value, as in "name:"
	line, column int
}

// pair is one line of a mapping.
type pair struct {
	key  string
	at   value // of the key
	says value
}

// document parses the one document that a file holds.
func (r *reader) document(data []byte) (value, bool) {
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey()) // duplicates: see pairs
	var syntax yaml.Error
	switch {
	case errors.As(err, &syntax) && syntax.GetToken() != nil:
		at := syntax.GetToken().Position
		r.failAt(at.Line, at.Column, "this is not YAML: %s", syntax.GetMessage())
		return value{}, false
	case err != nil:
		r.failAt(1, 1, "this is not YAML: %s", strings.SplitN(err.Error(), "\n", 2)[0])
		return value{}, false
	}
	var root value
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil:
		case root.node != nil:
			r.fail(at(doc.Body, root), "the file holds a second document: put everything into one")
			return value{}, false
		default:
			root = at(doc.Body, value{line: 1, column: 1})
		}
	}
	if root.node == nil {
		r.failAt(1, 1, "the catalog is empty: it needs features: and plans:")
		return value{}, false
	}
	return root, true
}

// at says where a node stands; a node that does not know stands where fallback
// does.
func at(n ast.Node, fallback value) value {
	v := value{node: n, line: fallback.line, column: fallback.column}
	if n == nil {
		return v
	}
	if n.Type() == ast.NullType {
		v.node = nil
	}
	if token := n.GetToken(); token != nil && token.Position != nil {
		v.line, v.column = token.Position.Line, token.Position.Column
	}
	// A mapping's own token is the colon of its first line.
	if m, is := n.(*ast.MappingNode); is && !m.IsFlowStyle && len(m.Values) > 0 {
		return value{n, m.Values[0].Key.GetToken().Position.Line, m.Values[0].Key.GetToken().Position.Column}
	}
	return v
}

// pairs lists the lines of a mapping in the file's order; each key once. The form is an
// example of one, for whoever wrote something else.
func (r *reader) pairs(v value, what, form string) ([]pair, bool) {
	var lines []*ast.MappingValueNode
	switch n := v.node.(type) {
	case *ast.MappingNode:
		lines = n.Values
	case *ast.MappingValueNode:
		lines = []*ast.MappingValueNode{n}
	default:
		r.fail(v, "%s must be a mapping of names to values such as %s, not %s", what, form, kindOf(v))
		return nil, false
	}
	var all []pair
	first := map[string]int{}
	for _, line := range lines {
		at1 := at(line.Key, v)
		key, ok := r.key(line.Key, at1)
		if !ok {
			continue
		}
		if before, twice := first[key]; twice {
			r.fail(at1, "%q stands here a second time, first in line %d: remove one", key, before)
			continue
		}
		first[key] = at1.line
		all = append(all, pair{key, at1, at(line.Value, at1)})
	}
	return all, true
}

// key reads the name before a colon.
func (r *reader) key(n ast.MapKeyNode, at value) (string, bool) {
	switch k := n.(type) {
	case *ast.StringNode:
		return k.Value, true
	case *ast.IntegerNode, *ast.BoolNode:
		return k.GetToken().Value, true
	case *ast.MergeKeyNode:
		r.fail(at, "merge keys are not supported: write the fields out")
	default:
		r.fail(at, "a name must be plain text, not %s", kindOf(value{node: n}))
	}
	return "", false
}

// fields are the fields that a mapping of the file may have, each with how it is
// read, in the order in which they are read.
type fields[T any] []field[T]

type field[T any] struct {
	name string
	read func(r *reader, into *T, v value)
}

func (f fields[T]) names() []string {
	all := make([]string, len(f))
	for n, one := range f {
		all[n] = one.name
	}
	return all
}

// seen are the fields that a mapping has.
type seen map[string]pair

func (s seen) has(name string) bool { _, has := s[name]; return has }

// readFields reads a mapping whose fields are known; nil if it is no mapping.
func readFields[T any](r *reader, v value, what, form string, known fields[T], into *T) seen {
	all, ok := r.pairs(v, what, form)
	if !ok {
		return nil
	}
	got := seen{}
	for _, p := range all {
		got[p.key] = p
	}
	names := known.names()
	for _, p := range all {
		if !contains(names, p.key) {
			r.fail(p.at, "%s", unknownField(p.key, what, names))
		}
	}
	for _, f := range known {
		if p, has := got[f.name]; has {
			f.read(r, into, p.says)
		}
	}
	return got
}

func contains(all []string, one string) bool {
	for _, a := range all {
		if a == one {
			return true
		}
	}
	return false
}

// unknownField says that a field is not known and, where it can, what to do.
func unknownField(name, what string, known []string) string {
	return fmt.Sprintf("unknown field %q of %s%s: it may have %s", name, what, suggest(name, known), strings.Join(known, ", "))
}

// noWholeNumber names what a value is that should be one: a fraction as it is written.
func noWholeNumber(v value) string {
	if fraction, is := v.node.(*ast.FloatNode); is {
		return clip(fraction.GetToken().Value)
	}
	return kindOf(v)
}

// kindOf names what a value is, for a reader who expected something else.
func kindOf(v value) string {
	switch v.node.(type) {
	case nil:
		return "nothing"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.BoolNode:
		return "true or false"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	case *ast.StringNode, *ast.LiteralNode:
		return "text"
	case *ast.AnchorNode, *ast.AliasNode:
		return "an anchor or alias (they are not supported: write the value out)"
	case *ast.TagNode:
		return "a tagged value (tags are not supported)"
	default:
		return "something else"
	}
}
