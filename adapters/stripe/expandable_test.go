package stripe

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestMember(t *testing.T) {
	t.Parallel()
	for object, want := range map[string]string{
		`{}`:                                "",
		` {}`[1:]:                           "",
		`{"id":"a"}`:                        `"a"`,
		"{ \"x\" : 1 ,\n\t\"id\" : \"a\" }": `"a"`,
		`{"id":null}`:                       "null",
		`{"id":17}`:                         "17",
		`{"id":17,"x":1}`:                   "17",
		`{"id":{"id":"b"}}`:                 `{"id":"b"}`,
		`{"x":{"id":"b"},"id":"a"}`:         `"a"`,
		`{"x":[{"id":"b"},"]}"],"id":[]}`:   "[]",
		`{"x":"\"id\":\"b\"","id":"a\\"}`:   `"a\\"`,
		`{"x":"id","y":"\\"}`:               "",
		`{"id":"a","id":"b"}`:               `"b"`,
		`{"idx":1,"i":2}`:                   "",
	} {
		if got := member([]byte(object), "id"); string(got) != want {
			t.Errorf("%s: got %q, want %q", object, got, want)
		}
	}
}

// Of any object, member finds what encoding/json finds.
func FuzzMember(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"id":"a"}`, `{"id":{"id":["}"]},"x":"\\\""}`, "{ \"id\" : -1.5e3 }", `{"x":[[],{}],"id":false}`, `{"":0,"id":"\ud800"}`,
		`{"id":1,"id":2}`, `{`, `{"id"`, `{"id":`, `{"id":"`, `{"id":"\`, `{,}`, `{]`, `{"a":}`, "{\"\x00\"",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, object []byte) {
		if len(object) == 0 || object[0] != '{' {
			return
		}
		got := member(object, "id") // of invalid JSON anything, without a panic
		if !json.Valid(object) || bytes.ContainsRune(object, '\\') {
			return // an escaped name is another name to member
		}
		var all map[string]json.RawMessage
		if err := json.Unmarshal(object, &all); err != nil {
			return
		}
		if want := all["id"]; !bytes.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", object, got, want)
		}
	})
}
