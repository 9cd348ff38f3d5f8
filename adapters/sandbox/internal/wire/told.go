package wire

import (
	"bytes"
	"encoding/json"
)

// Told is what an event tells, with everything that it has in any version.
type Told struct {
	Object, Before Object // before is nil unless the event tells a change
}

// Text is what is kept of an event. Its two objects have most of their words in common.
func (t Told) Text() []byte { return compact([]Object{t.Object, t.Before}) }

// ReadTold reads what Told.Text has written.
func ReadTold(text []byte) Told {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber() // as it was written
	var both []any
	if err := d.Decode(&both); err != nil {
		panic("sandbox: an event cannot be read: " + err.Error()) // it was written here
	}
	var t Told
	t.Object, _ = asMade(both[0]).(Object)
	t.Before, _ = asMade(both[1]).(Object)
	return t
}

// asMade is what was read of JSON in the types that objects are made of.
func asMade(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, each := range v {
			v[name] = asMade(each)
		}
		return Object(v)
	case []any:
		objects := make([]Object, 0, len(v))
		for _, each := range v {
			if o, ok := asMade(each).(Object); ok {
				objects = append(objects, o)
			}
		}
		if len(objects) == len(v) {
			return objects
		}
	}
	return v
}
