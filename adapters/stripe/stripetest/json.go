package stripetest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// object is a JSON object with its keys in order. A value is nil, a text, a truth, a
// whole number, a time (its seconds; null if zero), an object or a list.
type object []member

type member struct {
	name  string
	value any
}

type list []any

// write is the JSON text of an object, with as much noise as there is.
func write(o object, n noise) []byte {
	w := writer{noise: n, gaps: n.gaps(), out: make([]byte, 0, 4096)}
	w.object(o, 1)
	return w.out
}

type writer struct {
	noise
	gaps gaps
	out  []byte
}

func (w *writer) value(v any, depth int) {
	if isNull(v) {
		w.out = append(w.out, "null"...)
		return
	}
	switch v := v.(type) {
	case string:
		w.text(v)
	case bool:
		w.out = strconv.AppendBool(w.out, v)
	case int:
		w.out = strconv.AppendInt(w.out, int64(v), 10)
	case int64:
		w.out = strconv.AppendInt(w.out, v, 10)
	case time.Time:
		w.out = strconv.AppendInt(w.out, v.Unix(), 10)
	case object:
		w.object(v, depth+1)
	case list:
		w.list(v, depth+1)
	default:
		panic(fmt.Sprintf("stripetest: a %T has no JSON here", v))
	}
}

func (w *writer) object(o object, depth int) {
	if w.on() {
		o = w.disturb(o)
	}
	w.out = append(w.out, '{')
	for i, m := range o {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.gap(depth)
		w.text(m.name)
		w.out = append(w.out, ':')
		w.space()
		w.value(m.value, depth)
	}
	w.end(len(o), depth)
	w.out = append(w.out, '}')
}

func (w *writer) list(l list, depth int) {
	w.out = append(w.out, '[')
	for i, v := range l {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.gap(depth)
		w.value(v, depth)
	}
	w.end(len(l), depth)
	w.out = append(w.out, ']')
}

// end is the gap before a closing bracket.
func (w *writer) end(members, depth int) {
	if members > 0 {
		w.gap(depth - 1)
	}
}

func (w *writer) text(s string) {
	if isPlain(s) {
		w.out = append(w.out, '"')
		w.out = append(w.out, s...)
		w.out = append(w.out, '"')
		return
	}
	escaped, err := json.Marshal(s)
	if err != nil {
		panic(err) // there is a JSON text of every text
	}
	w.out = append(w.out, escaped...)
}

// isPlain tells whether a text needs no escaping.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == '"' || s[i] == '\\' {
			return false
		}
	}
	return true
}
