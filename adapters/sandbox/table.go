package sandbox

import "slices"

// table keeps the objects of one kind in the order of their making.
type table[T any] struct {
	byID  map[string]*T
	order []*T
}

func (t *table[T]) add(id string, v *T) {
	if t.byID == nil {
		t.byID = map[string]*T{}
	}
	t.byID[id] = v
	t.order = append(t.order, v)
}

// remove takes out what is there.
func (t *table[T]) remove(id string) {
	gone := t.byID[id]
	delete(t.byID, id)
	t.order = slices.DeleteFunc(t.order, func(v *T) bool { return v == gone })
}

// get returns nil if there is none.
func (t *table[T]) get(id string) *T { return t.byID[id] }

// newestFirst is the order of Stripe's lists.
func (t *table[T]) newestFirst() []*T {
	out := make([]*T, len(t.order))
	for i, v := range t.order {
		out[len(out)-1-i] = v
	}
	return out
}
