package stripe

import "bytes"

// ref is the id of another object, which Stripe writes either as the id alone or
// as the object itself.
type ref string

// UnmarshalJSON implements [json.Unmarshaler]. It never fails.
func (r *ref) UnmarshalJSON(b []byte) error {
	id := b
	if len(b) > 0 && b[0] == '{' {
		id = member(b, "id")
	}
	*r = ref(text(id, maxID))
	return nil
}

// member is the value of one member of a JSON object that encoding/json has
// found to be valid, nil if it has none. It spares the few members that we want
// of a large expanded object a decoder of its own.
func member(object []byte, name string) []byte {
	var found []byte
	for rest := object[1:]; ; {
		rest = rest[skipSpace(rest):]
		if len(rest) == 0 || rest[0] != '"' { // the closing brace
			return found
		}
		end := skipValue(rest)
		key := rest[:end]
		rest = rest[end:]
		rest = rest[skipSpace(rest):]
		rest = bytes.TrimPrefix(rest, []byte(":"))
		rest = rest[skipSpace(rest):]
		end = skipValue(rest)
		if len(key) == len(name)+2 && string(key[1:len(key)-1]) == name {
			found = rest[:end] // as everywhere in Go, the last one of several counts
		}
		rest = rest[end:]
		rest = rest[skipSpace(rest):]
		rest = bytes.TrimPrefix(rest, []byte(","))
	}
}

func skipSpace(b []byte) int {
	i := 0
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// skipValue is the length of the JSON value that b begins with.
func skipValue(b []byte) int {
	depth := 0
	for i := 0; i < len(b); {
		switch b[i] {
		case '"':
			i += skipString(b[i:])
			if depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
			if depth < 0 {
				return i // the end of what holds a number, true, false or null
			}
			if depth == 0 {
				return i + 1
			}
		case ',', ' ', '\n', '\r', '\t':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return len(b)
}

// skipString is the length of the JSON string that b begins with.
func skipString(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}
