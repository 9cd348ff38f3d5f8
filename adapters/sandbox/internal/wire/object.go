package wire

import (
	"bytes"
	"encoding/json"
	"reflect"
)

// Object is one JSON object as Stripe writes it. State is kept in small
// structs; an object is made from them anew for each answer and event, so it
// is a snapshot that later changes do not touch.
type Object map[string]any

// ListOf is Stripe's list object. url is the path it came from.
func ListOf(items []Object, hasMore bool, url string) Object {
	if items == nil {
		items = []Object{}
	}
	return Object{"object": "list", "data": items, "has_more": hasMore, "url": url}
}

// OrNull is null for the zero value: Stripe writes absent fields as null.
func OrNull[T comparable](v T) any {
	var zero T
	if v == zero {
		return nil
	}
	return v
}

// MetadataObject is never null.
func MetadataObject(m map[string]string) Object {
	o := Object{}
	for k, v := range m {
		o[k] = v
	}
	return o
}

// ChangedAttributes is an event's previous_attributes: the old values of the
// keys that differ, nested objects reduced to their changed keys, arrays whole.
func ChangedAttributes(before, after Object) Object {
	changed := Object{}
	for k, old := range before {
		now := after[k]
		if reflect.DeepEqual(old, now) {
			continue
		}
		oldObject, ok1 := old.(Object)
		nowObject, ok2 := now.(Object)
		if ok1 && ok2 {
			changed[k] = ChangedAttributes(oldObject, nowObject)
			continue
		}
		changed[k] = old
	}
	for k := range after {
		if _, ok := before[k]; !ok {
			changed[k] = nil
		}
	}
	return changed
}

// UnmarshalJSON reads an object in the types that objects are made of, numbers as they are
// written.
func (o *Object) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v map[string]any
	if err := d.Decode(&v); err != nil {
		return err
	}
	if *o = nil; v != nil {
		*o, _ = asMade(v).(Object)
	}
	return nil
}
