package catalog

import "github.com/goccy/go-yaml/ast"

// entry is one text of a list.
type entry struct {
	text string
	at   value
}

// list reads a list of texts without spaces, each once.
func (r *reader) list(v value, what string) []entry {
	sequence, is := v.node.(*ast.SequenceNode)
	if !is {
		r.fail(v, "%s must be a list such as [a, b], not %s", what, kindOf(v))
		return nil
	}
	var all []entry
	first := map[string]int{}
	for _, node := range sequence.Values {
		one := at(node, v)
		text, ok := r.id(one, "an entry of "+what)
		if !ok {
			continue
		}
		if before, twice := first[text]; twice {
			r.fail(one, "%q stands in %s a second time, first in line %d: remove one", clip(text), what, before)
			continue
		}
		first[text] = one.line
		all = append(all, entry{text, one})
	}
	return all
}
