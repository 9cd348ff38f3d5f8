package state

import (
	"encoding/json"
	"reflect"
	"slices"
)

// Table keeps the objects of one kind in the order of their making.
type Table[T any] struct {
	ByID  map[string]*T
	Order []*T
}

// Add keeps a new object.
func (t *Table[T]) Add(id string, v *T) {
	if t.ByID == nil {
		t.ByID = map[string]*T{}
	}
	t.ByID[id] = v
	t.Order = append(t.Order, v)
}

// Remove takes out what is there.
func (t *Table[T]) Remove(id string) {
	gone := t.ByID[id]
	delete(t.ByID, id)
	t.Order = slices.DeleteFunc(t.Order, func(v *T) bool { return v == gone })
}

// Get returns nil if there is none.
func (t *Table[T]) Get(id string) *T { return t.ByID[id] }

// NewestFirst is the order of Stripe's lists.
func (t *Table[T]) NewestFirst() []*T {
	out := make([]*T, len(t.Order))
	for i, v := range t.Order {
		out[len(out)-1-i] = v
	}
	return out
}

// MarshalJSON writes the objects alone: each has its id.
func (t Table[T]) MarshalJSON() ([]byte, error) { return json.Marshal(t.Order) }

// UnmarshalJSON reads what MarshalJSON has written.
func (t *Table[T]) UnmarshalJSON(text []byte) error {
	var all []*T
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	*t = Table[T]{}
	for _, v := range all {
		t.Add(reflect.ValueOf(v).Elem().FieldByName("ID").String(), v)
	}
	return nil
}
