package api

import (
	"cmp"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// page is what one kind of object needs to be listed.
type page[T any] struct {
	noun   string // as in "No such customer"
	items  []T    // in the order of the list
	id     func(T) string
	keep   func(T) bool
	object func(T) wire.Object
}

// serve picks the page that the cursors ask for.
func (pg page[T]) serve(c *Call) (wire.Object, *wire.Error) {
	limit := c.limit()
	after, before := c.Text("starting_after"), c.Text("ending_before")
	if after != "" && before != "" {
		c.Fail(wire.Invalid("ending_before", "parameters_exclusive", "You may only specify one of these parameters: starting_after, ending_before."))
	}
	start, step := 0, 1
	find := func(id, param string) int {
		for i, it := range pg.items {
			if pg.id(it) == id {
				return i
			}
		}
		c.Fail(wire.MissingReference(pg.noun, id, param))
		return 0
	}
	switch {
	case after != "":
		start = find(after, "starting_after") + 1
	case before != "":
		start, step = find(before, "ending_before")-1, -1
	}
	if c.Err != nil {
		return nil, c.Err
	}
	var out []wire.Object
	hasMore := false
	for i := start; i >= 0 && i < len(pg.items); i += step {
		if !pg.keep(pg.items[i]) {
			continue
		}
		if len(out) == limit {
			hasMore = true
			break
		}
		out = append(out, pg.object(pg.items[i]))
	}
	if step < 0 {
		for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
			out[i], out[j] = out[j], out[i]
		}
	}
	return wire.ListOf(out, hasMore, c.path), nil
}

// limit is how many objects the page is to have.
func (c *Call) limit() int {
	limit := cmp.Or(int(c.Integer("limit", 1, 100)), wire.DefaultPage)
	if c.pageOf != nil {
		return c.pageOf(limit)
	}
	return limit
}

// createdFilter reads created and created[gt|gte|lt|lte], in Unix seconds.
func (c *Call) createdFilter() func(created int64) bool {
	const never = int64(1) << 60
	low, high := int64(0), never
	bound := func(name string, set func(int64)) {
		if c.Has(name) {
			set(c.Integer(name, 0, never))
		}
	}
	bound("created", func(n int64) { low, high = n, n })
	bound("created[gte]", func(n int64) { low = max(low, n) })
	bound("created[gt]", func(n int64) { low = max(low, n+1) })
	bound("created[lte]", func(n int64) { high = min(high, n) })
	bound("created[lt]", func(n int64) { high = min(high, n-1) })
	return func(t int64) bool { return low <= t && t <= high }
}

// equals filters by a parameter: everything passes while it is absent.
func (c *Call) equals(name string) func(string) bool {
	want := c.Text(name)
	return func(got string) bool { return want == "" || got == want }
}
