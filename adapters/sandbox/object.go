package sandbox

import "reflect"

// object is one JSON object as Stripe writes it. State is kept in small
// structs; an object is made from them anew for each answer and event, so it
// is a snapshot that later changes do not touch.
type object map[string]any

// listOf is Stripe's list object. url is the path it came from.
func listOf(items []object, hasMore bool, url string) object {
	if items == nil {
		items = []object{}
	}
	return object{"object": "list", "data": items, "has_more": hasMore, "url": url}
}

// orNull is null for the zero value: Stripe writes absent fields as null.
func orNull[T comparable](v T) any {
	var zero T
	if v == zero {
		return nil
	}
	return v
}

func metadataObject(m map[string]string) object {
	o := object{}
	for k, v := range m {
		o[k] = v
	}
	return o
}

// changedAttributes is an event's previous_attributes: the old values of the
// keys that differ, nested objects reduced to their changed keys, arrays whole.
func changedAttributes(before, after object) object {
	changed := object{}
	for k, old := range before {
		now := after[k]
		if reflect.DeepEqual(old, now) {
			continue
		}
		oldObject, ok1 := old.(object)
		nowObject, ok2 := now.(object)
		if ok1 && ok2 {
			changed[k] = changedAttributes(oldObject, nowObject)
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
